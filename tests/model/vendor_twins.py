"""Vendors in memory, below the real REST vendor and the real Zuora vendor."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from connect_ext.errors import NotDone, OutcomeUnknown
from connect_ext.http.budget import current_budget
from connect_ext.http.client import Answer, Call
from tests.model.history import WITH_KEY, Fate
from tests.model.process import (
    STATUS_OF,
    TIMEOUT_SECONDS,
    WITH_RETRY_AFTER,
    FailedCallError,
    Process,
    now,
)
from tests.model.subscription import IN_PROGRESS, RefusalError, Subscription
from tests.model.virtual_time import seconds

BODY, MISSPELT_BODY = '{"cancel_at": "now"}', '{"cancel_att": "now"}'

_STATUS_OF = {**STATUS_OF, Fate.REDIRECT_AFTER: 303, Fate.GARBAGE: 200, Fate.FORGOTTEN: 202}
_RETRY_AFTER = httpx.Headers({"Retry-After": "90"})


class HttpTwin:
    """What ``HttpClient`` is to a vendor: a call goes in, an answer or a declared error comes out.

    ``handle`` carries a call out and answers it.
    """

    is_rest = True

    def __init__(self, subscription: Subscription, process: Process) -> None:
        self.subscription, self.process = subscription, process

    async def send(self, call: Call) -> Answer:
        """Send one call, once."""
        budget = current_budget()
        if budget and seconds() + TIMEOUT_SECONDS > budget.ends_at:
            raise NotDone("Too little time is left.")
        work = self.prepared(call)
        try:
            answer = await self.process.calls(work, self.process.next_fate())
        except FailedCallError as failed:
            answer = self._failed(call, failed.fate)
        self._heard(call, answer)
        return answer

    def prepared(self, call: Call) -> Callable[[], Answer]:
        """Check a call as it leaves; the result carries it out."""
        raise NotImplementedError

    def check_sending(self) -> None:
        """Nothing is sent to a vendor that can be asked and was not, since the last time."""
        if self.process.can_ask and not self.process.has_looked:
            self.subscription.broken("a cancellation is sent without a look before it")
        if self.process.is_dry:
            self.subscription.broken("a cancellation is sent in a dry run")
        self.process.has_looked = False

    def _failed(self, call: Call, fate: Fate) -> Answer:
        status = _STATUS_OF.get(fate)
        if status is None:
            sent = fate is not Fate.NOT_SENT
            raise (OutcomeUnknown if sent and call.changes else NotDone)(f"It was {fate.value}.")
        if self.is_rest and call.changes:
            if fate in (Fate.BAD, Fate.CONFLICT):
                # The vendor's word, although it is not true.
                self.subscription.no(self.process.request_id, status, "who knows")
            elif fate is Fate.FORGOTTEN:
                self.subscription.of(self.process.request_id).accepted = True
        headers = _RETRY_AFTER if fate in WITH_RETRY_AFTER else httpx.Headers()
        body = b"" if fate is Fate.FORGOTTEN else b"<html>Oh no.</html>"
        return Answer(status, headers, body)

    def _heard(self, call: Call, answer: Answer) -> None:
        """Note what the vendor has told the extension."""
        if not self.is_rest:
            return
        request_id = self.process.request_id
        if answer.status == 404:
            self.process.not_found.setdefault(request_id, []).append(seconds())
        elif answer.status == 200 and call.method == "GET":
            self.process.not_found.pop(request_id, None)
        if call.changes and b'"cancelled"' in answer.body and answer.status == 200:
            self.subscription.of(request_id).said_cancelled = True


class RestTwin(HttpTwin):
    """A REST vendor."""

    def prepared(self, call: Call) -> Callable[[], Answer]:
        request_id = self.process.request_id
        if call.method == "GET":
            self.process.has_looked = True
            return lambda: self._status(request_id)
        self.check_sending()
        key = dict(call.headers)["Idempotency-Key"]
        return lambda: _json(*self._answer(key, request_id, call.content))

    def _status(self, request_id: str) -> Answer:
        twin, document = self.subscription, {}
        status = twin.shown(request_id)
        if status in ("unknown", "removed"):
            return _json(404, {"message": "There is no such subscription."})
        if status == "cancelled" and twin.setting.ends_after:
            ends_at = now() + timedelta(seconds=twin.setting.ends_after)
            document = {"ends_at": ends_at.isoformat()}
        return _json(200, {"status": status, **document})

    def _answer(
        self, key: str, request_id: str, content: bytes | None
    ) -> tuple[int, dict[str, str]]:
        """The answer to a cancellation; the one that is stored for its key, if the vendor does."""
        twin = self.subscription
        if twin.setting.asking not in WITH_KEY:
            return self._cancelled(request_id, content)
        if key in twin.answers:
            return self._repeated(twin.answers[key], request_id)
        answer = self._cancelled(request_id, content)
        if answer[0] != 409 or twin.setting.stores_locks:
            twin.answers[key] = answer
        return answer

    def _repeated(
        self, answer: tuple[int, dict[str, str]], request_id: str
    ) -> tuple[int, dict[str, str]]:
        twin = self.subscription
        if answer[0] == 200 and twin.is_under_way and twin.setting.key_conflict:
            return _said(twin.no(request_id, 409, IN_PROGRESS))
        if answer[0] in (400, 422):
            twin.no(request_id, answer[0], answer[1]["error"])
        return answer

    def _cancelled(self, request_id: str, content: bytes | None) -> tuple[int, dict[str, str]]:
        twin = self.subscription
        if content != BODY.encode():
            return _said(twin.no(request_id, 400, "cancel_at is missing"))
        try:
            twin.cancel(request_id)
        except RefusalError as refusal:
            return _said(refusal)
        says = twin.setting.shows_status
        return 200, {"status": twin.shown(request_id)} if says else {"ok": "true"}


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
            text = f"<Errors><Code>INVALID_VALUE</Code><Message>{refusal.word}</Message></Errors>"
            return _soap(name, f"{text}<Success>false</Success>")

    def _found(self, question: str, request_id: str) -> Answer:
        match = re.search(r"from (\w+) where \w+ = '(.*)'$", question)
        assert match
        if match[1] == "Subscription":
            status = self.STATUSES.get(self.subscription.shown(request_id), "")
            self._heard_of(request_id, found=bool(status))
            one = {"Id": self.ID, "Name": match[2], "Status": status, "Version": "1"}
            return _records([one] if status else [])
        return _records([d for d in self.subscription.drafts if d["Name"] == match[2]])

    def _heard_of(self, request_id: str, *, found: bool) -> None:
        if found:
            self.process.not_found.pop(request_id, None)
        else:
            self.process.not_found.setdefault(request_id, []).append(seconds())

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
            if draft["Id"] == fields["Id"] and draft["Status"] == "Draft":
                self.subscription.cancel(request_id)
                draft["Status"] = "Completed"
                return _saved("update", draft["Id"])
        raise self.subscription.no(request_id, 422, "It is completed already, or not there.")

    def _amend(self, request_id: str, *, is_preview: bool) -> Answer:
        if is_preview:
            self.subscription.check(request_id)
            return _soap("amend", "<Success>true</Success>")
        self.subscription.cancel(request_id)
        return _soap("amend", f"<AmendmentIds>{'a' * 32}</AmendmentIds><Success>true</Success>")


def _said(refusal: RefusalError) -> tuple[int, dict[str, str]]:
    return refusal.status, {"error": refusal.word}


def _json(status: int, document: dict[str, str]) -> Answer:
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
