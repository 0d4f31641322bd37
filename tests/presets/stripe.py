"""A stand-in for Stripe Billing's subscriptions.

Sources: the API reference (https://docs.stripe.com/api/subscriptions, /api/errors,
/api/idempotent_requests), the error codes (https://docs.stripe.com/error-codes), and for the words
of refusals https://github.com/stripe/stripe-go/issues/1887 and other public threads.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from aiohttp import web

from tests.presets.stand_in import TERM, Held, NotTaken, StandIn, Trouble
from tests.presets.stored import FirstAnswers

FORM = "application/x-www-form-urlencoded"

# The endpoints' fields that concern a cancellation.
OF_CANCEL = {"invoice_now", "prorate", "cancellation_details[comment]"}
OF_UPDATE = {"cancel_at_period_end", "cancel_at", "cancellation_details[comment]"}

MANAGED = (
    "The subscription is managed by the subscription schedule `sub_sched_1Mr3owLkdIwHu7ix38CXMudt`,"
    " and updating any cancelation behavior directly is not allowed. Please update the schedule"
    " instead."
)


class Stripe(StandIn):
    """Subscriptions in the shape of API version 2023-08-16, or in that of flexible billing mode.

    In the latter, a set end shows as a flag or as a date, and the periods are in the items.
    Sources: https://docs.stripe.com/billing/subscriptions/billing-mode/compare and
    https://docs.stripe.com/changelog/basil/2025-07-30/cancel-at-enums.
    """

    vendor: ClassVar[str] = "stripe"
    # Stripe's wording for a refused DELETE is not documented.
    refusal: ClassVar[str] = "This subscription cannot be canceled by this account."
    key: ClassVar[str] = "rk_test_51StandInOfStripe0000000000"

    def __init__(self, *, flag: bool = True, date: bool = True) -> None:
        super().__init__()
        self.flag, self.date = flag, date
        self._answers = FirstAnswers("Idempotent-Replayed", _other_parameters)

    def new_id(self, number: int) -> str:
        return f"sub_1StandIn{number:014d}"

    def variables(self) -> dict[str, str]:
        return {"VENDOR": "stripe", "REST_API_URL": self.url, "REST_API_KEY": self.key}

    def routes(self) -> list[web.RouteDef]:
        path = "/v1/subscriptions/{id}"
        return [
            web.get(path, self._retrieve),
            web.delete(path, self._cancel),
            web.post(path, self._update),
        ]

    async def _retrieve(self, request: web.Request) -> web.Response:
        held = self._held(request)
        _only_known(dict(request.query), set())
        return web.json_response(self.shown(held))

    async def _cancel(self, request: web.Request) -> web.Response:
        held = self._held(request)
        _only_known(await _form(request), OF_CANCEL)
        if held.cancelled:
            raise _no_such(held.id)
        if held.trouble is Trouble.REFUSES:
            raise _error(400, self.refusal)
        if self.is_busy(held):
            raise _error(429, "This object cannot be accessed right now.", code="lock_timeout")
        self.cancel(held, at_end=False)
        return web.json_response(self.shown(held))

    async def _update(self, request: web.Request) -> web.Response:
        # Stripe stores answers to a POST, but not to calls that fail before the endpoint begins.
        held, form = self._held(request), await _form(request)
        _only_known(form, OF_UPDATE)
        at_end = _flag(form, "cancel_at_period_end")
        if self.is_busy(held):
            message = "There is currently another in-progress request using this Idempotent Key."
            raise _error(409, message, code="idempotency_key_in_use")

        async def changed() -> web.Response:
            try:
                self._change(held, at_end)
            except NotTaken as refused:
                return refused.response
            return web.json_response(self.shown(held))

        key = request.headers.get("Idempotency-Key", "")
        return await self._answers.answer(key, request, changed)

    def _change(self, held: Held, at_end: bool | None) -> None:
        if held.cancelled:
            message = "A canceled subscription can only update its cancellation_details and"
            raise _error(400, f"{message} metadata.")
        if held.trouble is Trouble.REFUSES:
            raise _error(400, MANAGED)
        if at_end:
            self.cancel(held, at_end=True)
        elif at_end is False and held.ends_later:
            self.undo(held)

    def _held(self, request: web.Request) -> Held:
        authorization = request.headers.get("Authorization", "")
        if authorization != f"Bearer {self.key}":
            shown = authorization.removeprefix("Bearer ")[:8]
            raise _error(401, f"Invalid API Key provided: {shown}***")
        subscription_id = request.match_info["id"]
        if subscription_id not in self.subscriptions:
            raise _no_such(subscription_id)
        return self.subscriptions[subscription_id]

    def shown(self, held: Held) -> dict[str, Any]:
        """The subscription object."""
        now = datetime.now(timezone.utc)
        ends, period = _seconds(held.ends_at), _period(now)
        item = {"id": "si_1", "object": "subscription_item", "quantity": 1}
        items = {"object": "list", "data": [item], "has_more": False}
        shown: dict[str, Any] = {
            "id": held.id,
            "object": "subscription",
            "automatic_tax": {"enabled": False},
            "billing_cycle_anchor": _seconds(now - TERM),
            "cancel_at": ends if held.ends_later and self.date else None,
            "cancel_at_period_end": held.ends_later and self.flag,
            "canceled_at": _seconds(now) if ends else None,
            "collection_method": "charge_automatically",
            "created": _seconds(now - TERM),
            "currency": "eur",
            "customer": "cus_1StandIn",
            "ended_at": ends if held.cancelled else None,
            "items": {**items, "url": f"/v1/subscription_items?subscription={held.id}"},
            "livemode": False,
            "metadata": {},
            "pause_collection": None,
            "start_date": _seconds(now - TERM),
            "status": "canceled" if held.cancelled else held.word or "active",
        }
        is_flexible = not (self.flag and self.date)
        (item if is_flexible else shown).update(period)
        return shown


async def _form(request: web.Request) -> dict[str, str]:
    body = await request.read()
    if body and request.headers.get("Content-Type") != FORM:
        raise _error(400, f"Invalid request (check that your POST content type is {FORM}).")
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _only_known(sent: dict[str, str], known: set[str]) -> None:
    for name in sent.keys() - known:
        message = f"Received unknown parameter: {name}"
        raise _error(400, message, code="parameter_unknown", param=name)


def _flag(form: dict[str, str], name: str) -> bool | None:
    value = form.get(name)
    if value not in (None, "true", "false"):
        raise _error(400, f"Invalid boolean: {value}", param=name)
    return None if value is None else value == "true"


def _other_parameters(key: str) -> NotTaken:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first"
        f" used with. Try using a key other than '{key}' if you meant to execute a different"
        " request."
    )
    return _error(400, message, kind="idempotency_error")


def _no_such(subscription_id: str) -> NotTaken:
    message = f"No such subscription: '{subscription_id}'"
    return _error(404, message, code="resource_missing", param="id")


def _error(
    status: int, message: str, *, kind: str = "invalid_request_error", **more: str
) -> NotTaken:
    return NotTaken(status, {"error": {"message": message, "type": kind, **more}})


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _period(now: datetime) -> dict[str, int | None]:
    ends = now + TERM
    return {
        "current_period_start": _seconds(ends - timedelta(days=30)),
        "current_period_end": _seconds(ends),
    }
