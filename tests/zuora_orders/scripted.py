"""A server that gives a test's answers to Zuora's operations and records the calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from connect_ext.vendors.base import Cancellation, SubscriptionId

NUMBER, ID, OLD_ID = "A-S00000001", "8a12838d8ea33f0f018ea6864aa85328", "f" * 32
REQUEST = "PR-1000-2000-3000-001"
ORDER = f"CONNECT-{REQUEST}"
MARKER = f"CloudBlue Connect {REQUEST}"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
"""The fourth of March in UTC, and still the third in California."""

SUBSCRIPTION = {
    "success": True,
    "id": ID,
    "subscriptionNumber": NUMBER,
    "status": "Active",
    "isLatestVersion": True,
    "accountNumber": "A0001",
    "invoiceOwnerAccountNumber": "A0002",
    "termType": "TERMED",
    "contractEffectiveDate": "2026-01-01",
    "termEndDate": "2027-01-01",
    "subscriptionEndDate": "2027-01-01",
    "currency": "USD",
    "cancelReason": None,
    "scheduledCancelDate": None,
}
CANCELLED = {
    **SUBSCRIPTION,
    "status": "Cancelled",
    "subscriptionEndDate": "2026-03-03",
    "termEndDate": "2026-03-03",
}
COMPLETED = {
    "success": True,
    "orderNumber": ORDER,
    "accountNumber": "A0002",
    "status": "Completed",
    "subscriptions": [{"subscriptionNumber": NUMBER, "status": "Cancelled"}],
}
TAKEN_BACK = {"success": True}
PREVIEW = {"success": True, "previewResult": {"invoices": [], "creditMemos": [{"amount": 42.5}]}}
TOKEN = {"access_token": "6447d349d8854f0d8d5535484b0b811b", "token_type": "bearer"}


def reasons(*codes: object, message: str = "sandbox") -> dict[str, Any]:
    """The body of an error."""
    listed = [{"code": code, "message": message} for code in codes]
    return {"success": False, "processId": "E3B4E8FFA54FDE25", "reasons": listed}


def order(status: str, number: str = ORDER, **more: Any) -> dict[str, Any]:
    """An order as the call by its number shows it."""
    return {"success": True, "order": {"orderNumber": number, "status": status, **more}}


@dataclass(frozen=True)
class Answer:
    """An answer; a body of bytes is sent unchanged."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """A call that the server received."""

    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


class ScriptedZuora:
    """Answers by operation, repeating the last one; other operations succeed."""

    def __init__(self) -> None:
        self.url, self.echoes = "", True
        self.seen: list[Seen] = []
        self.answers: dict[str, list[Answer]] = {
            "token": [Answer({**TOKEN, "expires_in": 3598})],
            "subscription": [Answer(SUBSCRIPTION)],
            "preview": [Answer(PREVIEW)],
            "order": [Answer(COMPLETED)],
            "order by number": [Answer(reasons(50000040), 404)],
            "orders": [Answer({"success": True, "orders": []})],
            "deletion": [Answer(TAKEN_BACK)],
        }

    def say(self, operation: str, *answers: Answer) -> None:
        """Answer an operation like this, in turn."""
        self.answers[operation] = list(answers)

    def bodies(self, operation: str) -> list[Any]:
        """The bodies of an operation's calls."""
        return [seen.body for seen in self.seen if seen.operation == operation]

    def operations(self) -> list[str]:
        """All operations in order."""
        return [seen.operation for seen in self.seen]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one call."""
        raw, name = await request.read(), _operation(request)
        body = dict(parse_qsl(raw.decode())) if name == "token" else raw and json.loads(raw)
        query = dict(request.query)
        self.seen.append(
            Seen(name, request.method, request.raw_path, query, request.headers.copy(), body)
        )
        answers = self.answers[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        content = (
            answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        )
        echo = {"Zuora-Track-Id": request.headers.get("Zuora-Track-Id", "")} if self.echoes else {}
        headers = {"Content-Type": "application/json", **echo, **answer.headers}
        return web.Response(status=answer.status, body=content, headers=headers)


def _operation(request: web.BaseRequest) -> str:
    path = request.path
    if path == "/oauth/token":
        return "token"
    if path.startswith("/v1/subscriptions/"):
        return "subscription"
    if request.method == "DELETE":
        return "deletion"
    if request.method == "POST":
        return "preview" if path.endswith("/preview") else "order"
    return "orders" if path.startswith("/v1/orders/subscription/") else "order by number"


def asking(key: str = NUMBER, asked_at: datetime = NOW, **more: Any) -> Cancellation:
    """An order to cancel."""
    request_id = more.pop("request_id", REQUEST)
    return Cancellation(SubscriptionId(key), request_id, "AS-3000", asked_at, **more)
