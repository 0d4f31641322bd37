"""Vendors in memory, below the real REST vendor and the real Zuora vendor."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import ClassVar, NoReturn
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from connect_ext.errors import NotDone, OutcomeUnknown
from connect_ext.http.budget import current_budget
from connect_ext.http.client import Answer, Call
from tests.model.history import TIMEOUT_SECONDS, WITH_KEY, Fate
from tests.model.process import (
    STATUS_OF,
    WITH_RETRY_AFTER,
    FailedCallError,
    Process,
    now,
)
from tests.model.subscription import IN_PROGRESS, LOCKED, RefusalError, Said, Stored, Subscription
from tests.model.virtual_time import seconds

BODY, MISSPELT_BODY = '{"cancel_at": "now"}', '{"cancel_att": "now"}'

_STATUS_OF = {**STATUS_OF, Fate.REDIRECT_AFTER: 303, Fate.FORGOTTEN: 202}
_REFUSALS = (Fate.BAD, Fate.CONFLICT)
STORED_SECONDS = 86400.0
"""How long a refusal is repeated; what was done is known for ever."""

_SUCCESS = b"<Success>true</Success>"
_RETRY_AFTER = httpx.Headers({"Retry-After": "90"})


class HttpTwin:
    """What ``HttpClient`` is to a vendor: a call goes in, an answer or an error comes out."""

    is_rest = True

    def __init__(
        self, subscription: Subscription, process: Process, on_sending: Callable[[Process], None]
    ) -> None:
        """``on_sending`` is called before anything leaves that may have an effect."""
        self.subscription, self.process, self.on_sending = subscription, process, on_sending

    async def send(self, call: Call) -> Answer:
        """Send one call, once."""
        budget, timeout = current_budget(), call.timeout_seconds or TIMEOUT_SECONDS
        if budget and seconds() + timeout > budget.ends_at:
            raise NotDone("Too little time is left.")
        work, fate = self.prepared(call), self.process.next_fate()
        if fate in _REFUSALS and self.is_rest and call.changes:
            # The vendor's own word, although for no good reason.
            work = partial(self.refused, call, _STATUS_OF[fate])
            fate = Fate.FINE
        try:
            answer = await self.process.calls(work, fate, timeout)
        except FailedCallError as failed:
            answer = self._failed(call, failed)
        self._heard(call, answer)
        return answer

    def prepared(self, call: Call) -> Callable[[], Answer]:
        """Check a call as it leaves; the result carries it out."""
        raise NotImplementedError

    def refused(self, call: Call, status: int) -> Answer:
        """Refuse a cancellation, as only a REST vendor does for no reason of its own."""
        raise NotImplementedError

    def _heard(self, call: Call, answer: Answer) -> None:
        """Note what the vendor has told the extension."""
        raise NotImplementedError

    def _failed(self, call: Call, failed: FailedCallError) -> Answer:
        fate = failed.fate
        status = failed.answer.status if failed.answer else _STATUS_OF.get(fate)
        if status is None:
            sent = fate is not Fate.NOT_SENT
            raise (OutcomeUnknown if sent and call.changes else NotDone)(f"It was {fate.value}.")
        if fate is Fate.FORGOTTEN and self.is_rest and call.changes:
            facts = self.subscription.of(self.process.request_id)
            facts.accepted = facts.was_accepted = True
        headers = _RETRY_AFTER if fate in WITH_RETRY_AFTER else httpx.Headers()
        body = b"" if fate is Fate.FORGOTTEN else b"<html>Oh no.</html>"
        return Answer(status, headers, body)


class RestTwin(HttpTwin):
    """A REST vendor."""

    def prepared(self, call: Call) -> Callable[[], Answer]:
        request_id = self.process.request_id
        if call.method == "GET":
            self.process.has_looked = True
            return lambda: self._status(request_id)
        self.on_sending(self.process)
        twin = self.subscription
        if call.content != BODY.encode():
            return partial(self.refused, call, 400)
        return lambda: self._answer(_key(call), request_id, lambda: twin.cancel(request_id))

    def refused(self, call: Call, status: int) -> Answer:
        request_id = self.process.request_id

        def refuse() -> NoReturn:
            raise self.subscription.no(request_id, status, "who knows")

        return self._answer(_key(call), request_id, refuse)

    def _status(self, request_id: str) -> Answer:
        twin, document = self.subscription, {}
        status = twin.shown(request_id)
        if status in ("unknown", "removed"):
            return _json(404, {"message": "There is no such subscription."})
        if status == "cancelled" and twin.setting.ends_after:
            ends_at = now() + timedelta(seconds=twin.setting.ends_after)
            document = {"ends_at": ends_at.isoformat()}
        return _json(200, {"status": status, **document})

    def _answer(self, key: str, request_id: str, cancel: Callable[[], None]) -> Answer:
        """Cancel and answer; a vendor with keys repeats the answer that is stored for the key."""
        twin = self.subscription
        if twin.setting.asking not in WITH_KEY:
            return _json(*self._cancelled(request_id, cancel))
        stored = twin.answers.get(key)
        if stored and (stored.said[0] == 200 or seconds() - stored.at < STORED_SECONDS):
            return _json(*self._repeated(stored.said, request_id))
        answer = self._cancelled(request_id, cancel)
        if twin.setting.stores_locks or not twin.means_not_now(
            answer[0], answer[1].get("error", "")
        ):
            twin.answers[key] = Stored(answer, seconds())
        return _json(*answer)

    def _heard(self, call: Call, answer: Answer) -> None:
        request_id = self.process.request_id
        if answer.status == 404:
            self.process.not_found.setdefault(request_id, []).append(seconds())
        elif answer.status == 200 and call.method == "GET":
            self.process.not_found.pop(request_id, None)
        if answer.status == 200:
            self.process.saw_cancelled = says = b'"cancelled"' in answer.body
            self.subscription.of(request_id).said_cancelled |= says and call.changes

    def _cancelled(self, request_id: str, cancel: Callable[[], None]) -> Said:
        try:
            cancel()
        except RefusalError as refusal:
            return _said(refusal)
        says = self.subscription.setting.shows_status
        return 200, {"status": self.subscription.shown(request_id)} if says else {"ok": "true"}

    def _repeated(self, answer: Said, request_id: str) -> Said:
        twin = self.subscription
        if answer[0] == 200 and twin.is_under_way and twin.setting.key_conflict:
            return _said(twin.no(request_id, 409, IN_PROGRESS))
        word = answer[1].get("error", "")
        if twin.means_not_now(answer[0], word):
            twin.of(request_id).repeated_conflicts += 1
        elif answer[0] != 200:
            twin.of(request_id).repeated_at = seconds()
        return answer


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
            self.on_sending(self.process)
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
            code = "LOCK_COMPETITION" if refusal.word == LOCKED else "INVALID_VALUE"
            text = f"<Errors><Code>{code}</Code><Message>{refusal.word}</Message></Errors>"
            return _soap(name, f"{text}<Success>false</Success>")

    def _heard(self, call: Call, answer: Answer) -> None:
        """The last look counts, and so does the word that an amendment is completed.

        A ``create`` says only that one exists.
        """
        body = answer.body
        if b"<AmendmentIds>" in body or (b"updateResponse" in body and _SUCCESS in body):
            self.process.saw_cancelled = True
        elif b"queryResponse" in body and b"from Subscription" in (call.content or b""):
            self.process.saw_cancelled = b"<Status>Cancelled</Status>" in body

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


def _key(call: Call) -> str:
    return dict(call.headers)["Idempotency-Key"]


def _said(refusal: RefusalError) -> Said:
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
