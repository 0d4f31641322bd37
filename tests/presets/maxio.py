"""A stand-in for Maxio Advanced Billing's subscriptions.

Sources: `doc/controllers/subscription-status.md`, `doc/models/subscription.md` and the README of
https://github.com/maxio-com/ab-python-sdk, and https://docs.maxio.com/hc/en-us/articles/24252119027853
for the states. They give neither the refusals' sentences nor the content of a 401 or a 404.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from aiohttp import web

from tests.presets.stand_in import TERM, Held, NotTaken, StandIn, Trouble

# The time zone of the site and of all its answers.
ZONE = timezone(timedelta(hours=-4))

OF_CANCELLATION = {
    "cancellation_message",
    "reason_code",
    "cancel_at_end_of_period",
    "scheduled_cancellation_at",
    "refund_prepayment_account_balance",
}
ENDED = ("canceled", "expired", "trial_ended", "failed_to_create")


class Maxio(StandIn):
    """Subscriptions of one site; `second` is the answer to a cancellation after the first."""

    vendor: ClassVar[str] = "maxio"
    refusal: ClassVar[str] = "is billed with its subscription group"
    key: ClassVar[str] = "8Kyj3CVhnIq4mFvGQKbYkzqQ0aZCsXd5nGQ6pFqvI0"

    def __init__(self, *, second: int = 422) -> None:
        super().__init__()
        self.second = second

    def new_id(self, number: int) -> str:
        return str(15254809 + number)

    def variables(self) -> dict[str, str]:
        return {"VENDOR": "maxio", "REST_API_URL": self.url, "REST_API_KEY": self.key}

    def routes(self) -> list[web.RouteDef]:
        one = r"/subscriptions/{id:\d+}"
        return [
            web.get(f"{one}.json", self._read),
            web.delete(f"{one}.json", self._cancel),
            web.post(f"{one}/delayed_cancel.json", self._cancel_later),
            web.delete(f"{one}/delayed_cancel.json", self._undo),
        ]

    async def _read(self, request: web.Request) -> web.Response:
        return web.json_response({"subscription": self.shown(self._found(request))})

    async def _cancel(self, request: web.Request) -> web.Response:
        held = self._found(request)
        options = await _options(request)
        if held.cancelled or held.word in ENDED:
            raise _errors(self.second, "The subscription is already canceled")
        self._raise_if_in_trouble(held)
        self.cancel(held, at_end=bool(options.get("cancel_at_end_of_period")))
        return web.json_response({"subscription": self.shown(held)})

    async def _cancel_later(self, request: web.Request) -> web.Response:
        held = self._found(request)
        if request.content_type != "application/json":
            # The protection of Maxio's own pages from forged forms (see the README of its SDK).
            raise _errors(422, "Invalid authenticity token")
        await _options(request)
        if held.cancelled or held.word in ENDED:
            raise _errors(self.second, "The subscription is already canceled")
        if held.word == "past_due":
            raise _errors(422, "A past due subscription cannot be canceled at the end of a period")
        self._raise_if_in_trouble(held)
        if not held.ends_later:
            self.cancel(held, at_end=True)
        message = "This subscription will be canceled at the end of the current period"
        return web.json_response({"message": message})

    async def _undo(self, request: web.Request) -> web.Response:
        held = self._found(request)
        if held.ends_later:
            self.undo(held)
        message = "This subscription will no longer be canceled"
        return web.json_response({"message": message})

    def _raise_if_in_trouble(self, held: Held) -> None:
        if held.trouble is Trouble.REFUSES:
            raise _errors(422, f"The subscription {self.refusal}", "Cancel the group instead")
        if self.is_busy(held):
            raise _errors(429, "Too many requests")

    def _found(self, request: web.Request) -> Held:
        pair = base64.b64encode(f"{self.key}:x".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {pair}":
            raise web.HTTPUnauthorized(text="HTTP Basic: Access denied.\n")
        subscription_id = request.match_info["id"]
        if subscription_id not in self.subscriptions:
            raise web.HTTPNotFound(text="")
        return self.subscriptions[subscription_id]

    def shown(self, held: Held) -> dict[str, Any]:
        """A subscription's fields about its life cycle, and some others."""
        now = datetime.now(timezone.utc)
        state = "canceled" if held.cancelled else held.word or "active"
        return {
            "id": int(held.id),
            "state": state,
            "trial_started_at": None,
            "trial_ended_at": _text(now - TERM) if state == "trial_ended" else None,
            "activated_at": _text(now - 2 * TERM),
            "created_at": _text(now - 2 * TERM),
            "updated_at": _text(now),
            "expires_at": _text(now - TERM / 2) if state == "expired" else None,
            "balance_in_cents": 0,
            "current_period_ends_at": _text(now + TERM),
            "next_assessment_at": _text(now + TERM),
            "canceled_at": _text(held.ends_at) if held.cancelled and held.ends_at else None,
            "cancellation_message": None,
            "cancel_at_end_of_period": held.ends_later,
            "cancellation_method": "merchant_api" if held.cancelled else None,
            "current_period_started_at": _text(now - TERM),
            "previous_state": state,
            "delayed_cancel_at": _text(held.ends_at) if held.ends_later and held.ends_at else None,
            "scheduled_cancellation_at": None,
            "on_hold_at": _text(now - TERM) if state == "on_hold" else None,
            "currency": "USD",
            "customer": {"id": 14731081, "organization": "Acme Widgets", "state": None},
            "product": {"id": 3792003, "name": "$10 Basic Plan", "interval": 1},
        }


async def _options(request: web.Request) -> dict[str, Any]:
    """A cancellation's options, in an optional body."""
    body = await request.read()
    if not body:
        return {}
    document = json.loads(body)
    options: dict[str, Any] = document.get("subscription", {})
    if document.keys() != {"subscription"} or options.keys() - OF_CANCELLATION:
        raise _errors(422, "The request has unknown fields")
    return options


def _errors(status: int, *sentences: str) -> NotTaken:
    return NotTaken(status, {"errors": list(sentences)})


def _text(moment: datetime) -> str:
    return moment.astimezone(ZONE).isoformat(timespec="seconds")
