"""Marked secrets and marked personal data go in everywhere, and nothing that leaves shows one."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest_asyncio

from sandbox import LocalVendor
from sandbox.connect.objects import Parameter
from sandbox.faults import DropAfter, Fault, Respond
from sandbox.zuora.trouble import RowErrors, SoapFault
from tests.faults.world import OAUTH, REST, ZUORA, Case, World, open_world
from tests.leaks import leaks

# Those that an administrator may put a secret into, and then marks as secure in the portal: the
# runner prints what is not secure.
SECURE_BY_HAND = ("REST_HEADERS", "PRODUCT_OVERRIDES")

# An answer that counts only twice is asked for again after four seconds, twice the time-out.
SOON = {"timeout_seconds": 2, "SETTLE_MINUTES": "0.05"}
ASKED_TWICE = (400, 404)
# The calls to Connect, and the vendor's status that leads to each.
CONNECT_CALLS = {
    **dict.fromkeys(("templates", "approve", "note"), "cancelled"),
    **dict.fromkeys(("sending", "notes"), "active"),
    "precedent": "draft",
}


def _in_base64(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


class Words:
    """Words that are nowhere else: a text that shows one gives something away."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._places: dict[str, str] = {}

    def new(self, place: str) -> str:
        """A word for this place, of letters alone, so that it cannot be masked by its looks."""
        letters = "".join(chr(ord("a") + int(digit)) for digit in f"{next(self._numbers):05d}")
        word = f"mrk{letters}xqj"
        self._places[word] = place
        return word

    def shown_in(self, text: str) -> list[str]:
        """The places whose words the text shows."""
        return [self._places[w] for w in dict.fromkeys(re.findall(r"mrk[a-j]{5}xqj", text.lower()))]


class Marked:
    """A world in which everything confidential is marked."""

    def __init__(self, world: World, words: Words, secrets: dict[str, str]) -> None:
        self.world, self.words, self.secrets = world, words, secrets
        self.cases: list[Case] = []
        self._old: list[Case] = []

    def cancel(
        self, kind: str, call: str = "", fault: Fault | None = None, old: bool = False, **more: Any
    ) -> None:
        """One more customer cancels, and one call goes wrong for as long as it is made."""
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
        """What a vendor may say: the customer's data, secrets, and what looks like either."""
        customer = self.world.connect.asset(case.asset_id)["tiers"]["customer"]
        key = self.secrets["ZUORA_PASSWORD" if case.kind == ZUORA else "REST_API_KEY"]
        return (
            f"It is leased until May to {customer['name']}"
            f" of {customer['contact_info']['address_line1']}, key {key},"
            f" or {_in_base64(key)} or {key.encode().hex(':')},"
            f" see https://{self.words.new('a URL')}.example/a?b={self.words.new('its query')},"
            f" ask {self.words.new('another address')}@elsewhere.example."
        )

    def refuse(self, kind: str, **more: str) -> None:
        """One more customer cancels, and the vendor refuses in its own words."""
        self.cancel(kind, **more)
        case = self.cases[-1]
        if kind == ZUORA:
            self.world.zuora.subscription(case.subscription_id).refusal = self._reason(case)
        else:
            self.world.subscription(case).refusal = self._reason(case)

    def betray(self, call: str, status: int, body: str) -> None:
        """One more customer cancels, and the vendor's answer holds the customer's name."""
        self.cancel(REST)
        case = self.cases[-1]
        name = self.world.connect.asset(case.asset_id)["tiers"]["customer"]["name"]
        switch, call = self.world.place(case, call)
        switch.faults[call] = Respond(status, body.replace("NAME", name).encode())

    async def play(self) -> None:
        """Let all of them cancel, and wait until the extension has answered each."""
        self.world.push()
        connect = self.world.connect
        for case in self.cases:
            # An old request gets a note that says what it waits for.
            created = datetime.now(timezone.utc) - timedelta(hours=48)
            case.request_id = connect.create_cancel_request(
                case.asset_id, created if case in self._old else None
            )
        for case in self.cases:
            await connect.answered(case.request_id, timeout=90)

    def leaves(self) -> Iterator[tuple[str, str]]:
        """Every text that leaves the extension, and what it is."""
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


def _answers(words: Words, place: str) -> Iterator[Fault]:
    """Answers with words in them: any status, headers, fields, pages.

    A status and a field's name would be shown if they were plain words, so they have a digit.
    """
    for status in (200, 400, 401, 404, 418, 429, 500):
        what = f"{place}, HTTP {status}"
        body = {
            "status": f"{words.new(f'{what}, status')} 7",
            "error_code": words.new(f"{what}, code"),
            "errors": [words.new(f"{what}, error")],
            f"{words.new(f'{what}, name of a field')} 7": 1,
        }
        headers = {
            "WWW-Authenticate": words.new(f"{what}, header"),
            "Set-Cookie": f"a={words.new(f'{what}, cookie')}",
        }
        yield Respond(status, json.dumps(body).encode(), headers=headers)
    location = f"https://{words.new(f'{place}, Location')}.example/"
    yield Respond(307, headers={"Location": location})
    page = f"<!doctype html><html><body>{words.new(f'{place}, page')}</body></html>"
    yield Respond(200, page.encode(), "text/html")
    yield Respond(502, page.encode(), "text/html")


def _soap(words: Words, place: str) -> Iterator[Fault]:
    for code in ("UNKNOWN_ERROR", "INVALID_VALUE", "NO_PERMISSION", "REQUEST_EXCEEDED_LIMIT"):
        yield SoapFault(code, words.new(f"{place}, fault {code}"))
        if place.rpartition(" ")[2] not in ("create", "update", "amend"):
            yield RowErrors(code, words.new(f"{place}, row {code}"))
    for error in (SoapFault, RowErrors):
        code = words.new(f"{place}, code")
        yield error(code, words.new(f"{place}, message"), literal=True)


def _everything(marked: Marked) -> None:
    for kind in (REST, OAUTH, ZUORA):
        for status in ("active", "cancelled", "draft"):
            marked.cancel(kind, status=status)
        marked.refuse(kind)
        marked.refuse(kind, ON_REFUSAL="hold")
        marked.cancel(kind, DRY_RUN="true")
    _faults_of_rest(marked)
    _faults_of_zuora(marked)
    for call, status in CONNECT_CALLS.items():
        for fault in _answers(marked.words, f"Connect {call}"):
            marked.cancel(REST, call, fault, status=status)


def _faults_of_rest(marked: Marked) -> None:
    for kind, call in ((REST, "GET"), (REST, "POST"), (OAUTH, "token")):
        for fault in _answers(marked.words, f"{kind} {call}"):
            marked.cancel(kind, call, fault, old=call == "GET")
    marked.cancel(REST, "POST", DropAfter())
    marked.betray("GET", 200, '{"status": "NAME"}')
    marked.betray("GET", 400, '{"error": {"message": "NAME is not among the tenants."}}')
    marked.betray("POST", 422, '{"NAME": "unreadable"}')


def _faults_of_zuora(marked: Marked) -> None:
    for version, call in (("19.0", "create"), ("19.0", "update"), ("27.0", "create")):
        for fault in _soap(marked.words, f"Zuora {version} {call}"):
            marked.cancel(ZUORA, call, fault, version=version)
    for call in ("login", "query", "preview", "amend"):
        place = f"Zuora {call}"
        for fault in (*_soap(marked.words, place), *_answers(marked.words, place)):
            marked.cancel(ZUORA, call, fault, old=call == "query")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def marked() -> AsyncIterator[Marked]:
    """Everything confidential is marked, everything is tried, and the runner tells all it can."""
    words = Words()
    secrets = {name: words.new(name) for name in ("REST_API_KEY", "ZUORA_PASSWORD")}
    oauth = LocalVendor(auth="oauth2")
    oauth.client_secret = words.new("REST_OAUTH_CLIENT_SECRET")
    oauth.credentials.client_secret = oauth.client_secret
    headers = {"X-Tenant": words.new("REST_HEADERS")}
    async with open_world(
        {"REST_HEADERS": json.dumps(headers)},
        oauth,
        secrets["ZUORA_PASSWORD"],
        vendor=LocalVendor(api_key=secrets["REST_API_KEY"]),
        countdown_scale=1.0,
        log_level="DEBUG",
    ) as world:
        marked = Marked(world, words, secrets)
        _everything(marked)
        # A secret may stand in the overrides as well: the same, so that the calls work.
        for case in marked.cases[:3]:
            world.overrides[case.product_id]["REST_API_KEY"] = secrets["REST_API_KEY"]
        world.push()
        for name in SECURE_BY_HAND:
            world.connect.environment.variables[name].secure = True
        world.runner = await world.sandbox.start_runner(debug=True)
        await marked.play()
        await world.runner.stop()
        yield marked


async def test_nothing_that_leaves_shows_a_secret_or_anything_personal(marked):
    shown = {what: marked.words.shown_in(text) for what, text in marked.leaves()}
    assert {what: places for what, places in shown.items() if places} == {}


async def test_nor_does_it_show_one_or_a_token_handed_out_on_the_way_in_any_encoding(marked):
    world = marked.world
    headers = [call.headers.get("Authorization", "") for call in world.oauth.calls]
    handed_out = {header.rpartition(" ")[2] for header in headers if header}
    handed_out |= {*world.zuora.sessions.tokens, world.connect.api_key.partition(":")[2]}
    assert len(handed_out) > 10
    for what, text in marked.leaves():
        assert leaks(text, {*handed_out, *marked.secrets.values()}) == [], what


async def test_the_log_did_tell_what_happened_and_the_vendors_reasons_reached_connect(marked):
    reasons = [marked.world.connect.request(case.request_id)["reason"] for case in marked.cases]
    assert sum("It is leased until May" in reason for reason in reasons) == 3
    assert "Received message" in marked.world.runner.log
    assert "a bug in the extension" not in marked.world.runner.log
    notes = [
        note["text"] for c in marked.cases for note in marked.world.connect.notes(c.request_id)
    ]
    assert sum("has been waiting since" in note for note in notes) > 10
    assert sum("[…] is not among the tenants." in note for note in notes) == 1
    tags = Counter(re.findall(r"\[connect-ext (?:cancel \w+ )?([a-z-]+)", "\n".join(notes)))
    assert {"sending", "not-sent", "waiting", "held", "dry-run"} <= tags.keys()
