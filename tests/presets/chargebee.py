"""A stand-in for Chargebee's subscriptions, API v2 with Product Catalog 2.0.

Sources: https://apidocs.chargebee.com/docs/api/subscriptions (Cancel subscription for items, Remove
scheduled cancellation), /docs/api/error-handling, /docs/api/v1/idempotency, and the enumerations of
github.com/chargebee/chargebee-python.
"""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from aiohttp import web

from tests.presets.stand_in import TERM, Held, NotTaken, StandIn, Trouble
from tests.presets.stored import FirstAnswers

FORM = "application/x-www-form-urlencoded"
WHEN = ("immediately", "end_of_term", "specific_date", "end_of_billing_term")


class Chargebee(StandIn):
    """A site; the one key has full access."""

    vendor: ClassVar[str] = "chargebee"
    # Chargebee's wording is not documented.
    refusal: ClassVar[str] = (
        "The subscription has a contract term. Use contract_term_cancel_option."
    )
    key: ClassVar[str] = "live_StandInOfChargebee000000000"

    def __init__(self) -> None:
        super().__init__()
        self._answers = FirstAnswers("chargebee-idempotency-replayed", _other_parameters)

    def new_id(self, number: int) -> str:
        return f"AzStandIn{number:07d}"

    def variables(self) -> dict[str, str]:
        return {"VENDOR": "chargebee", "REST_API_URL": self.url, "REST_API_KEY": self.key}

    def routes(self) -> list[web.RouteDef]:
        path = "/api/v2/subscriptions/{id}"
        return [
            web.get(path, self._retrieve),
            web.post(f"{path}/cancel_for_items", self._cancel),
            web.post(f"{path}/remove_scheduled_cancellation", self._remove),
        ]

    async def _retrieve(self, request: web.Request) -> web.Response:
        return self._shown(self._held(request))

    async def _cancel(self, request: web.Request) -> web.Response:
        held, form = self._held(request), await _form(request, "cancel_option")
        when = form.get("cancel_option", "immediately")
        if when not in WHEN:
            raise _error(400, "param_wrong_value", f"cancel_option : invalid value {when}")
        if self.is_busy(held):
            raise _error(429, "lock_timeout", "The subscription is locked.", "operation_failed")

        async def cancelled() -> web.Response:
            if held.cancelled or held.word == "transferred":
                raise _error(409, "invalid_state_for_request", "The subscription is cancelled.")
            if held.trouble is Trouble.REFUSES:
                raise _error(409, "invalid_state_for_request", self.refusal)
            self.cancel(held, at_end=when != "immediately")
            return self._shown(held)

        return await self._answers.answer(_key(request), request, cancelled)

    async def _remove(self, request: web.Request) -> web.Response:
        held = self._held(request)
        await _form(request, "billing_cycles")

        async def removed() -> web.Response:
            if not held.ends_later:
                message = "The subscription is not scheduled for cancellation."
                raise _error(409, "invalid_state_for_request", message)
            self.undo(held)
            return self._shown(held)

        return await self._answers.answer(_key(request), request, removed)

    def _held(self, request: web.Request) -> Held:
        # The key is the user, and there is no password.
        wanted = base64.b64encode(f"{self.key}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            raise _error(401, "api_authentication_failed", "Sorry, your key is invalid.", "untyped")
        subscription_id = request.match_info["id"]
        if subscription_id not in self.subscriptions:
            raise _error(404, "resource_not_found", f"{subscription_id} not found")
        return self.subscriptions[subscription_id]

    def _shown(self, held: Held) -> web.Response:
        return web.json_response({"subscription": self.subscription(held), "customer": CUSTOMER})

    def subscription(self, held: Held) -> dict[str, Any]:
        """The subscription, without members that have no value."""
        now = datetime.now(timezone.utc)
        ends = {"cancelled_at": _seconds(held.ends_at)} if held.ends_at else {}
        in_trial = held.word == "in_trial"
        return {
            "id": held.id,
            "customer_id": CUSTOMER["id"],
            "status": _status(held),
            "has_scheduled_changes": False,
            "created_at": _seconds(now - TERM),
            "started_at": _seconds(now - TERM),
            **({"trial_end": _seconds(now + TERM)} if in_trial else {}),
            **({} if in_trial else {"current_term_end": _seconds(now + TERM)}),
            **ends,
            "subscription_items": [{"item_price_id": "plan-EUR-monthly", "item_type": "plan"}],
        }


CUSTOMER = {
    "id": "AzCustomer",
    "auto_collection": "on",
    "allow_direct_debit": False,
    "created_at": 1700000000,
    "excess_payments": 0,
    "refundable_credits": 0,
    "promotional_credits": 0,
}


def _status(held: Held) -> str:
    if held.cancelled:
        return "cancelled"
    # A subscription in trial stays in trial until the trial ends.
    is_to_end = held.ends_later and held.word != "in_trial"
    return "non_renewing" if is_to_end else held.word or "active"


def _key(request: web.Request) -> str:
    return request.headers.get("chargebee-idempotency-key", "")


async def _form(request: web.Request, *known: str) -> dict[str, str]:
    body = await request.read()
    if body and request.headers.get("Content-Type") != FORM:
        raise _error(400, "invalid_request", "The content type is not supported.")
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    for name in form.keys() - set(known):
        raise _error(400, "invalid_request", f"{name} : unknown parameter")
    return form


def _other_parameters(_key: str) -> NotTaken:
    message = "The idempotency key was used with other parameters."
    return _error(422, "unable_to_process_request", message)


def _error(status: int, code: str, message: str, kind: str = "invalid_request") -> NotTaken:
    return NotTaken(status, {"message": message, "type": kind, "api_error_code": code})


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
