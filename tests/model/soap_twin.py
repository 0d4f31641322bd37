"""Zuora's SOAP API in memory, behind the real vendor ``zuora-soap``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from connect_ext.http.client import Answer, Call
from connect_ext.vendors.base import Act
from tests.model.subscription import LOCKED, RefusalError
from tests.model.vendor_twins import HttpTwin
from tests.model.virtual_time import seconds

_SUCCESS = b"<Success>true</Success>"


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
            self.sends(Act.CANCEL)
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
        """The last look counts, and so does an answer that an amendment is completed.

        A ``create`` only says that one exists.
        """
        body = answer.body
        if b"<AmendmentIds>" in body or (b"updateResponse" in body and _SUCCESS in body):
            self.process.saw("cancelled")
        elif b"queryResponse" in body and b"from Subscription" in (call.content or b""):
            self.process.saw("cancelled" if b"<Status>Cancelled</Status>" in body else "")

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
