"""Answers from Zuora's orders: real ones, changed ones, and anything with their names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import httpx
from hypothesis import strategies as st

from connect_ext.http.client import Answer, Call
from connect_ext.vendors.base import Vendor
from tests.fuzz.hostile import bodies, statuses, texts
from tests.hostile.sides import orders_operation, orders_vendor
from tests.zuora_orders.scripted import (
    CANCELLED,
    COMPLETED,
    ID,
    MARKER,
    NUMBER,
    OLD_ID,
    ORDER,
    PREVIEW,
    REQUEST,
    SUBSCRIPTION,
    TAKEN_BACK,
    TOKEN,
    order,
    reasons,
)

_NAMES = """success Success id status subscriptionNumber subscriptionNumbers isLatestVersion
    accountNumber invoiceOwnerAccountNumber currency contractEffectiveDate termEndDate
    subscriptionEndDate scheduledCancelDate reasons code message order orders orderNumber
    description subscriptions orderActions changeReason nextPage previewResult invoices creditMemos
    amount taxAmount invoiceItems serviceStartDate serviceEndDate termType cancelReason access_token
    expires_in"""
_WORDS = """Active Cancelled CANCELED cancelled Suspended Draft Expired PendingActivation
    Completed Pending Executing Failed Reverted Scheduled 58730020 58730030 50000040 90000011
    58730010 58730050 58730070 58730099 5873002 EVERGREEN TERMED USD usd true
    2026-03-03 2026-02-30 0001-01-01 9999-12-31 9998-12-31 1900-01-01 2026-03-03T00:00:00Z ..
    %2e%2e"""
_KEYS = [NUMBER, NUMBER.lower(), "A-S00000002", ID, OLD_ID, ORDER, f"{ORDER}-2", MARKER]
words = st.sampled_from([*_KEYS, "", "C a n c e l l e d", *_WORDS.split()])
names = st.sampled_from(_NAMES.split())
scalars = (
    st.none()
    | st.booleans()
    | words
    | texts
    | st.sampled_from([58730020, 50000040, 90000011, 0, -1, 1e15, 1e-300, float("nan"), 10**299])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=10,
)
OLD = {**SUBSCRIPTION, "id": OLD_ID, "isLatestVersion": False}
OTHER = {"subscriptionNumber": "A-S00000002", "status": "Cancelled"}
GOOD = {
    "token": TOKEN,
    "subscription": SUBSCRIPTION,
    "preview": PREVIEW,
    "order": COMPLETED,
    "order by number": reasons(50000040),
    "orders": {"success": True, "orders": []},
    "deletion": TAKEN_BACK,
}
_ERRORS = [reasons(58730000 + each) for each in (10, 11, 20, 30, 40, 50, 70, 99)]
_LISTED = [
    {"orderNumber": number, "status": status, "description": MARKER}
    for number, status in (("O-1", "x"), ("O-1", "Completed"), ("../O-1", "Completed"))
]
TEMPLATES = {
    "token": [{**TOKEN, "expires_in": 3598}],
    "subscription": [CANCELLED, CANCELLED, SUBSCRIPTION, OLD, reasons(50000040)],
    "preview": [PREVIEW],
    "order": [COMPLETED, COMPLETED, {**COMPLETED, "status": "Pending"}, reasons(58730020)],
    "order by number": [order(word) for word in ("Completed", "Pending", "Failed", "Executing")],
    "orders": [{"success": True, "orders": [each]} for each in _LISTED],
    "deletion": [TAKEN_BACK, reasons(50000020)],
}
_TRICKS = [
    *({"success": each} for each in (False, "true", None, 1)),
    *({name: False} for name in ("Success", "SUCCESS")),
    *({"reasons": [{"code": 58730000 + each}]} for each in (11, 20, 40)),
    *({"reasons": each} for each in ("no", {"code": 58730020})),
    {},
]
TRICKS = {
    "subscription": [
        *({"isLatestVersion": each} for each in (False, False, "false", 0, None)),
        *({"subscriptionNumber": each} for each in (OLD_ID, "A-S00000002", "\ud800", "..")),
        {**OTHER, "id": NUMBER},
        *({"subscriptionEndDate": each} for each in ("0001-01-01", "9999-12-31", "20260303")),
        *({"termEndDate": each} for each in ("0001-01-01", "9999-12-31", "2026-01-01")),
        *({"contractEffectiveDate": each} for each in ("9999-12-31", "2030-01-01")),
        *({"accountNumber": each, "invoiceOwnerAccountNumber": each} for each in ("", "A" * 71)),
        *({"status": each} for each in ("Pending", "C a n c e l l e d", "Expired")),
    ],
    "order": [
        {"orderNumber": f"{ORDER}-2"},
        *({"status": each} for each in ("Failed", "Executing", "odd")),
        {"subscriptions": [OTHER]},
        {"subscriptions": [OTHER, *COMPLETED["subscriptions"]]},
        {"subscriptionNumbers": [NUMBER, "A-S00000002"]},
    ],
}


def bodies_of(name: str) -> st.SearchStrategy[bytes]:
    """Possible answers to an operation: real, changed on purpose or at random, or odd."""
    own = st.sampled_from([*TEMPLATES[name], *TEMPLATES[name], *_ERRORS])
    tricks = st.sampled_from([*TRICKS.get(name, []), *_TRICKS])
    changed = st.builds(lambda base, one: {**base, **one}, own, tricks)
    more = st.dictionaries(names, values, max_size=2)
    mixed = st.builds(lambda base, one: {**base, **one}, changed, more)
    documents = own | changed | changed | mixed | values
    return documents.map(lambda value: json.dumps(value).encode()) | bodies


headers = st.fixed_dictionaries(
    {},
    optional={
        "zuora-track-id": st.sampled_from([REQUEST, REQUEST, "PR-9", "", "x" * 99]),
        "retry-after": st.sampled_from(["5", "-1", "soon", "9" * 99]),
        "ratelimit-reset": st.sampled_from(["600", "soon", "9" * 99]),
    },
)
codes = st.just(200) | st.just(200) | st.sampled_from([400, 404, 409]) | statuses


def answers_of(name: str) -> st.SearchStrategy[Answer]:
    """Answers to an operation."""
    return st.builds(
        lambda status, head, body: Answer(status, httpx.Headers(head), body),
        codes,
        headers,
        bodies_of(name),
    )


@dataclass
class Http:
    """Answers by operation, repeating the last one; unscripted operations succeed."""

    script: dict[str, list[Answer]]
    said: list[tuple[str, Call, Answer]] = field(default_factory=list)

    async def send(self, call: Call) -> Answer:
        name = "deletion" if call.method == "DELETE" else orders_operation(call)
        listed = self.script.get(name, [said(GOOD[name])])
        answer = listed[min(len(self.of(name)), len(listed) - 1)]
        self.said.append((name, call, answer))
        return answer

    def of(self, name: str) -> list[tuple[Call, Answer]]:
        """The exchanges of one operation."""
        return [(call, answer) for said, call, answer in self.said if said == name]


def vendor(http: Http, **variables: str) -> Vendor:
    """The vendor adapter that uses this client."""
    return orders_vendor(http, "https://rest.zuora.example", has_token=False, **variables)


def said(body: object, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; ``_`` stands for ``-`` in header names."""
    head = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(head), json.dumps(body).encode())
