"""Vendors in memory, below the real ``RestVendor`` and the real ``ZuoraSoapVendor``."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import ClassVar
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from connect_ext.errors import NotDone, OutcomeUnknown
from connect_ext.vendors.http_client import Answer, Call
from tests.model.history import ASKABLE, Asking, Fate, Setting
from tests.model.process import STATUS_OF, FailedCallError, Process, now

RETRY_AFTER = {"Retry-After": "90"}

_STATUS_OF = {
    **STATUS_OF,
    Fate.REDIRECT_AFTER: 303,
    Fate.GARBAGE: 200,
    Fate.FORGOTTEN: 202,
}


class RefusalError(FailedCallError):
    """The vendor's own answer that it does not cancel."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(Fate.FINE)
        self.status, self.message = status, message


@dataclass
class Facts:
    """What the vendor has said and done about one request, whether or not anybody heard it."""

    effects: int = 0
    """Cancellations for the request that took effect, since the subscription was last active."""
    accepted: bool = False
    """Whether a cancellation for the request was ever accepted."""
    refused: bool = False
    refused_at_work: bool = False
    """Whether one was refused because the vendor was at work on the one before."""
    unknown: bool = False
    draft: bool = False
    lied: bool = False
    """Whether an answer was not true: a 404 for what is there, a 400 for no reason."""


@dataclass
class Subscription:
    """The one subscription at the vendor, with the vendor's rules about it."""

    setting: Setting
    broken: Callable[[str], None]
    """Called with what must never happen."""
    facts: dict[str, Facts] = field(default_factory=dict)
    refuses: bool = False

    def __post_init__(self) -> None:
        self.status = self.setting.status
        self.works_until: float | None = None
        self.keys: set[str] = set()
        self.drafts: list[dict[str, str]] = []
        """The amendments of a Zuora that have no effect yet."""

    def of(self, request_id: str) -> Facts:
        """The facts about a request."""
        return self.facts.setdefault(request_id, Facts())

    def settle(self) -> None:
        """Finish the work that is due."""
        if self.works_until is not None and seconds() >= self.works_until:
            self._end()

    @property
    def is_cancelled(self) -> bool:
        """Whether it is cancelled now, or removed after that."""
        self.settle()
        return self.status in ("cancelled", "removed")

    def shown(self, request_id: str) -> str:
        """The status that a look finds."""
        self.settle()
        facts = self.of(request_id)
        facts.unknown |= self.status in ("unknown", "removed")
        facts.draft |= self.status == "draft"
        return self.status

    def cancel(self, request_id: str) -> None:
        """Cancel it for a request; raises ``RefusalError``."""
        facts = self.of(request_id)
        self.check(request_id)
        facts.accepted = True
        facts.effects += 1
        if facts.effects > 1:
            self.broken(f"{request_id} has cancelled the subscription {facts.effects} times")
        self.works_until = seconds() + self.setting.works_for
        self.settle()

    def check(self, request_id: str) -> None:
        """Refuse what cannot be cancelled."""
        status, facts = self.shown(request_id), self.of(request_id)
        if status in ("unknown", "removed"):
            raise RefusalError(404, "There is no such subscription.")
        if status == "cancelled" or self.works_until is not None:
            facts.refused = True
            facts.refused_at_work |= self.works_until is not None
            raise RefusalError(409, "It is cancelled already.")
        if self.refuses or status == "draft":
            facts.refused = True
            raise RefusalError(422, "An invoice is open.")

    def by_hand(self, what: str) -> None:
        """Somebody at the vendor does something to it."""
        self.settle()
        if what == "cancel" and self.status == "active":
            self._end()
        elif what == "reactivate" and self.is_cancelled:
            self.status = "active"
            self.keys.clear()
            self.drafts.clear()
            for facts in self.facts.values():
                facts.effects = 0
        elif what in ("refuse", "accept"):
            self.refuses = what == "refuse"

    def _end(self) -> None:
        self.works_until = None
        self.status = "removed" if self.setting.removes else "cancelled"


class HttpTwin:
    """What ``HttpClient`` is to a vendor: a call goes in, an answer or a declared error comes out.

    ``handle`` carries a call out and answers it.
    """

    is_rest = True

    def __init__(self, subscription: Subscription, process: Process) -> None:
        self.subscription, self.process = subscription, process

    async def send(self, call: Call) -> Answer:
        """Send one call, once."""
        work = self.prepared(call)
        try:
            answer = await self.process.calls(work)
        except FailedCallError as failed:
            return self._failed(call, failed.fate)
        if call.changes and self.is_rest and answer.status == 200:
            self.process.accepted_at[self.process.request_id] = seconds()
        return answer

    def prepared(self, call: Call) -> Callable[[], Answer]:
        """Check a call as it leaves; what comes back carries it out."""
        raise NotImplementedError

    def check_sending(self) -> None:
        """Nothing is sent to a vendor that can be asked and was not, since the last time."""
        if self.subscription.setting.asking in ASKABLE and not self.process.has_looked:
            self.subscription.broken("a cancellation is sent without a look before it")
        self.process.has_looked = False

    def _failed(self, call: Call, fate: Fate) -> Answer:
        status = _STATUS_OF.get(fate)
        if status is None:
            sent = fate is not Fate.NOT_SENT
            raise (OutcomeUnknown if sent and call.changes else NotDone)(f"It was {fate.value}.")
        facts = self.subscription.of(self.process.request_id)
        # The vendor's word, although it is not true.
        facts.unknown |= self.is_rest and status == 404
        facts.refused |= self.is_rest and status == 400 and call.changes
        facts.lied |= self.is_rest and status in (400, 404)
        facts.accepted |= self.is_rest and fate is Fate.FORGOTTEN and call.changes
        wait = RETRY_AFTER if fate in (Fate.BUSY, Fate.ERROR_AND_WAIT) else {}
        body = b"" if fate is Fate.FORGOTTEN else b"<html>Oh no.</html>"
        return Answer(status, httpx.Headers(wait), body)


class RestTwin(HttpTwin):
    """A REST vendor."""

    def prepared(self, call: Call) -> Callable[[], Answer]:
        request_id = self.process.request_id
        if call.method == "GET":
            self.process.has_looked = True
            return lambda: self._status(request_id)
        self.check_sending()
        key = dict(call.headers)["Idempotency-Key"]
        return lambda: self._cancelled(key)

    def _status(self, request_id: str) -> Answer:
        twin, document = self.subscription, {}
        status = twin.shown(request_id)
        if status in ("unknown", "removed"):
            return _json(404, {"message": "There is no such subscription."})
        if status == "cancelled" and twin.setting.ends_after:
            ends_at = now() + timedelta(seconds=twin.setting.ends_after)
            document = {"ends_at": ends_at.isoformat()}
        return _json(200, {"status": status, **document})

    def _cancelled(self, key: str) -> Answer:
        twin = self.subscription
        keeps = twin.setting.asking in (Asking.ASKABLE_WITH_KEY, Asking.KEY_ONLY)
        try:
            if not keeps or key not in twin.keys:
                twin.cancel(key)
                twin.keys.add(key)
        except RefusalError as refusal:
            return _json(refusal.status, {"message": refusal.message})
        says = twin.setting.shows_status and twin.is_cancelled
        return _json(200, {"status": "cancelled"} if says else {"ok": True})


class ZuoraTwin(HttpTwin):
    """Zuora's SOAP API."""

    is_rest = False
    ID: ClassVar = "0123456789abcdef0123456789abcdef"
    STATUSES: ClassVar = {"active": "Active", "cancelled": "Cancelled", "draft": "Draft"}

    def prepared(self, call: Call) -> Callable[[], Answer]:
        assert call.content is not None
        envelope = etree.fromstring(call.content)
        fields = {etree.QName(node).localname: node.text or "" for node in envelope.iter()}
        names = [name for name in ("login", "query", "create", "update", "amend") if name in fields]
        [name] = names
        if name == "query" and "from Subscription" in fields["queryString"]:
            self.process.has_looked = True
        is_preview = "EnablePreviewMode" in fields
        if name == "create" or (name == "amend" and not is_preview):
            self.check_sending()
        request_id = self.process.request_id
        work = {
            "login": lambda: _soap("login", "<Session>s</Session><ServerUrl/>"),
            "query": lambda: self._found(fields["queryString"], request_id),
            "create": lambda: self._create(fields, request_id),
            "update": lambda: self._complete(fields, request_id),
            "amend": lambda: self._amend(request_id, is_preview=is_preview),
        }[name]
        return lambda: self._answer(name, work)

    def _answer(self, name: str, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except RefusalError as refusal:
            text = (
                f"<Errors><Code>INVALID_VALUE</Code><Message>{refusal.message}</Message></Errors>"
            )
            return _soap(name, f"{text}<Success>false</Success>")

    def _found(self, question: str, request_id: str) -> Answer:
        match = re.search(r"from (\w+) where \w+ = '(.*)'$", question)
        assert match
        if match[1] == "Subscription":
            status = self.STATUSES.get(self.subscription.shown(request_id), "")
            one = {"Id": self.ID, "Name": match[2], "Status": status, "Version": "1"}
            return _records([one] if status else [])
        return _records([d for d in self.subscription.drafts if d["Name"] == match[2]])

    def _create(self, fields: dict[str, str], request_id: str) -> Answer:
        if fields["Status"] == "Completed":
            assert fields["useSingleTransaction"] == "true"
            self.subscription.cancel(request_id)
            return _saved("create", "a" * 32)
        self.subscription.check(request_id)
        identity = f"{len(self.subscription.drafts):032x}"
        draft = {"Id": identity, "Name": fields["Name"], "Status": "Draft"}
        self.subscription.drafts.append(
            {**draft, "SubscriptionId": fields["SubscriptionId"], "Type": fields["Type"]}
        )
        return _saved("create", identity)

    def _complete(self, fields: dict[str, str], request_id: str) -> Answer:
        for draft in self.subscription.drafts:
            if draft["Id"] == fields["Id"]:
                if draft["Status"] != "Draft":
                    self.subscription.of(request_id).refused = True
                    raise RefusalError(409, "It is completed already.")
                self.subscription.cancel(request_id)
                draft["Status"] = "Completed"
                return _saved("update", draft["Id"])
        self.subscription.of(request_id).refused = True
        raise RefusalError(404, "There is no such amendment.")

    def _amend(self, request_id: str, *, is_preview: bool) -> Answer:
        if is_preview:
            self.subscription.check(request_id)
            return _soap("amend", "<Success>true</Success>")
        self.subscription.cancel(request_id)
        return _soap("amend", f"<AmendmentIds>{'a' * 32}</AmendmentIds><Success>true</Success>")


def _json(status: int, document: object) -> Answer:
    return Answer(status, httpx.Headers(), json.dumps(document).encode())


def _saved(name: str, identity: str) -> Answer:
    return _soap(name, f"<Id>{identity}</Id><Success>true</Success>")


def _records(found: list[dict[str, str]]) -> Answer:
    rows = [
        "".join(f"<{name}>{escape(text)}</{name}>" for name, text in record.items())
        for record in found
    ]
    records = "".join(f"<records>{row}</records>" for row in rows)
    return _soap("query", f"<done>true</done>{records}<size>{len(rows)}</size>")


def _soap(name: str, inner: str) -> Answer:
    result = "results" if name == "amend" else "result"
    text = (
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
        f"<{name}Response><{result}>{inner}</{result}></{name}Response></e:Body></e:Envelope>"
    )
    return Answer(200, httpx.Headers(), text.encode())


def seconds() -> float:
    """The time on the clock of the loop."""
    return asyncio.get_running_loop().time()


def plain(setting: Setting) -> Setting:
    """The setting as a Zuora can have it: it works at once and removes nothing."""
    return replace(setting, works_for=0.0, removes=False, ends_after=0.0)
