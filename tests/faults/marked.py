"""Words that mark confidential data, and a world in which everything is marked."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from sandbox.connect.objects import Parameter
from sandbox.faults import Fault, Respond
from tests.faults.world import ORDERS, REST, ZUORA, Case, World

# An answer that counts only if repeated is asked for again after four seconds: two time-outs.
SOON = {"timeout_seconds": 2, "SETTLE_MINUTES": "0.05"}
ASKED_TWICE = (400, 404)
# This many cases together fit into the portal's 21,960 characters of PRODUCT_OVERRIDES.
AT_ONCE = 120


KEYS = {ZUORA: "ZUORA_PASSWORD", ORDERS: "ZUORA_CLIENT_SECRET"}


@dataclass(frozen=True)
class Told:
    """The words of a case that an answer may contain."""

    reason: str
    """The customer's data, secrets, and lookalikes of both."""
    name: str
    """The customer's data."""
    request_id: str


@dataclass(frozen=True)
class Revocation:
    """A scheduled request's fate: it is revoked, and a call goes wrong."""

    call: str = ""
    fault: Fault | None = None
    is_dry: bool = False


Make = Callable[[Told], Fault]
"""Makes an answer about a case."""


def _in_base64(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


class Words:
    """Unique words: a text that shows one leaks something."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._places: dict[str, str] = {}

    def new(self, place: str) -> str:
        """A word for this place, of letters only, so its form cannot get it masked."""
        letters = "".join(chr(ord("a") + int(digit)) for digit in f"{next(self._numbers):05d}")
        word = f"mrk{letters}xqj"
        self._places[word] = place
        return word

    @property
    def all(self) -> list[str]:
        """All words so far."""
        return [*self._places]

    def shown_in(self, text: str) -> list[str]:
        """The places whose words the text shows."""
        return [self._places[w] for w in dict.fromkeys(re.findall(r"mrk[a-j]{5}xqj", text.lower()))]


class Marked:
    """A world in which everything confidential is marked."""

    def __init__(self, world: World, words: Words, secrets: dict[str, str]) -> None:
        self.world, self.words, self.secrets = world, words, secrets
        self.cases: list[Case] = []
        self._own: dict[str, dict[str, str]] = {}
        self._revoked: dict[str, Revocation] = {}
        self._old: list[Case] = []

    def cancel(
        self, kind: str, call: str = "", fault: Fault | None = None, old: bool = False, **more: Any
    ) -> None:
        """A customer cancels, and one call goes wrong every time it is made."""
        soon = SOON if getattr(fault, "status", 200) in ASKED_TWICE else {}
        case = self.world.case(kind, **soon, **more)
        asset = self.world.connect.asset(case.asset_id)
        asset["params"] = [each.json() for each in self._parameters(case.subscription_id)]
        for tier in asset["tiers"].values():
            self._mark_tier(tier)
        if fault is not None:
            switch, name = self.world.place(case, call)
            switch.faults[name] = fault
        self.cases.append(case)
        if old:
            self._old.append(case)

    def _reason(self, case: Case) -> str:
        """A vendor's words: the customer's data, secrets, and lookalikes of both."""
        customer = self.world.connect.asset(case.asset_id)["tiers"]["customer"]
        key = self.secrets[KEYS.get(case.kind, "REST_API_KEY")]
        return (
            f"It is leased until May to {customer['name']}"
            f" of {customer['contact_info']['address_line1']}, key {key},"
            f" or {_in_base64(key)} or {key.encode().hex(':')},"
            f" see https://{self.words.new('a URL')}.example/a?b={self.words.new('its query')},"
            f" ask {self.words.new('another address')}@elsewhere.example."
        )

    def refuse(self, kind: str, **more: str) -> None:
        """A customer cancels, and the vendor refuses in its own words."""
        self.cancel(kind, **more)
        case = self.cases[-1]
        if kind == ORDERS:
            self.world.orders.subscription(case.subscription_id).refusal = self._reason(case)
        elif kind == ZUORA:
            self.world.zuora.subscription(case.subscription_id).refusal = self._reason(case)
        else:
            self.world.subscription(case).refusal = self._reason(case)

    def betray(self, call: str, status: int, body: str) -> None:
        """A customer cancels, and the vendor's answer holds the customer's name."""
        self.cancel(REST)
        case = self.cases[-1]
        name = self.world.connect.asset(case.asset_id)["tiers"]["customer"]["name"]
        switch, call = self.world.place(case, call)
        switch.faults[call] = Respond(status, body.replace("NAME", name).encode())

    def tell(self, kind: str, call: str, make: Make, *, refused: bool = False, **more: Any) -> None:
        """A customer cancels, and an answer contains the customer's data.

        ``refused``: the cancellation is refused as well, so Zuora's orders are searched.
        """
        if refused:
            self.refuse(kind, **more)
        else:
            self.cancel(kind, **more)
        case = self.cases[-1]
        switch, call = self.world.place(case, call)
        switch.faults[call] = make(self._told(case))

    def revoke(
        self, kind: str, call: str = "", make: Make | None = None, *, is_dry: bool = False
    ) -> None:
        """A customer cancels at the end of the term and takes that back.

        Then a call goes wrong, or it is a dry run.
        """
        self.cancel(kind, ends_later=True)
        case = self.cases[-1]
        fault = make(self._told(case)) if make else None
        self._revoked[case.product_id] = Revocation(call, fault, is_dry)

    def _told(self, case: Case) -> Told:
        name = self.world.connect.asset(case.asset_id)["tiers"]["customer"]["name"]
        return Told(self._reason(case), name, self.world.next_request_id(case))

    def batches(self) -> list[list[Case]]:
        """The cases in groups."""
        return [self.cases[first : first + AT_ONCE] for first in range(0, len(self.cases), AT_ONCE)]

    def push(self, cases: list[Case]) -> None:
        """Give the running extension the variables of these cases only."""
        self._own |= self.world.overrides
        ids = [case.product_id for case in cases]
        self.world.overrides = {each: self._own[each] for each in ids if each in self._own}
        self.world.push()

    async def play(self) -> None:
        """Let all of them cancel, and wait until the extension has answered each one."""
        for cases in self.batches():
            self.push(cases)
            for case in cases:
                self._begin(case)
            for case in cases:
                await self.world.connect.answered(case.request_id, timeout=90)
            await self._take_back([case for case in cases if case.product_id in self._revoked])

    async def _take_back(self, cases: list[Case]) -> None:
        for case in cases:
            await self.world.connect.reaches(case.request_id, "scheduled")
            revoked = self._revoked[case.product_id]
            if revoked.is_dry:
                self.world.overrides[case.product_id]["DRY_RUN"] = "true"
            if revoked.fault is not None:
                switch, name = self.world.place(case, revoked.call)
                switch.faults[name] = revoked.fault
        self.world.push()
        for case in cases:
            self.world.connect.revoke(case.request_id)
        for case in cases:
            await self.world.connect.answered(case.request_id, times=2, timeout=90)

    def _begin(self, case: Case) -> None:
        # An old request gets a note saying what it waits for.
        created = datetime.now(timezone.utc) - timedelta(hours=48)
        case.request_id = self.world.connect.create_cancel_request(
            case.asset_id, created if case in self._old else None
        )

    def leaves(self) -> Iterator[tuple[str, str]]:
        """Every text that leaves the extension, with its kind."""
        connect = self.world.connect
        yield "log", self.world.runner.log
        for task in connect.tasks.by_id.values():
            for result in task.results:
                yield "task output", result.message or ""
        for case in self.cases:
            yield "reason", connect.request(case.request_id)["reason"]
            yield "note on the request", connect.request(case.request_id)["note"]
            for note in connect.notes(case.request_id):
                yield "conversation", note["text"]

    def _parameters(self, subscription_id: str) -> list[Parameter]:
        new = self.words.new
        address = {"address_line1": new("street"), "contact": {"phone": new("telephone")}}
        return [
            Parameter("subscription_id", subscription_id),
            Parameter("email", f"{new('e-mail parameter')}@blauwal.example", phase="ordering"),
            Parameter("password", new("password parameter"), type="password"),
            Parameter("address", new("address parameter"), structured_value=address),
        ]

    def _mark_tier(self, tier: dict) -> None:
        for key in ("name", "external_id", "tax_id"):
            tier[key] = self.words.new(f"tier's {key}")
        info = json.loads(json.dumps(tier["contact_info"]))
        for key in ("address_line1", "address_line2", "city", "state", "postal_code"):
            info[key] = self.words.new(f"contact's {key}")
        for key in ("first_name", "last_name", "email"):
            info["contact"][key] = self.words.new(f"contact's {key}")
        info["contact"]["phone_number"]["phone_number"] = self.words.new("contact's telephone")
        tier["contact_info"] = info
