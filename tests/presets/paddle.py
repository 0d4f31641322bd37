"""A stand-in for Paddle Billing's subscriptions, API version 1.

Sources: the API reference (https://developer.paddle.com/api-reference/subscriptions), the pages of
its errors (https://developer.paddle.com/errors), and
https://developer.paddle.com/build/subscriptions/cancel-subscriptions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, ClassVar

from aiohttp import web

from tests.presets.stand_in import TERM, Held, NotTaken, StandIn, Trouble

META = {"request_id": "b15ec92e-8688-40d4-a04d-f44cbec93355"}

# The endpoints' fields that concern a cancellation.
OF_CANCEL = {"effective_from": ("next_billing_period", "immediately", None)}
OF_UPDATE = {"scheduled_change": (None,)}


class Paddle(StandIn):
    """Subscriptions billed every month."""

    vendor: ClassVar[str] = "paddle"
    refusal: ClassVar[str] = "while there is a pending refund request"
    key: ClassVar[str] = "pdl_live_apikey_01gtgztp8f4kek3yd4g1wrksa3"

    def __init__(self) -> None:
        super().__init__()
        self.to_be_paused: set[str] = set()
        """The ids of subscriptions that a scheduled change will pause."""

    def new_id(self, number: int) -> str:
        return f"sub_01hv8y5ehs{number:016d}"

    def variables(self) -> dict[str, str]:
        return {"VENDOR": "paddle", "REST_API_URL": self.url, "REST_API_KEY": self.key}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/subscriptions/{id}", self._get),
            web.patch("/subscriptions/{id}", self._update),
            web.post("/subscriptions/{id}/cancel", self._cancel),
            web.route("*", "/{any:.*}", self._nowhere),
        ]

    async def _get(self, request: web.Request) -> web.Response:
        return self._entity(self._found(request))

    async def _cancel(self, request: web.Request) -> web.Response:
        held, fields = self._found(request), await _fields(request, OF_CANCEL)
        if held.cancelled:
            name = "subscription_is_canceled_action_invalid"
            raise _error(400, name, "action can't be performed on canceled subscription")
        if held.ends_later or held.id in self.to_be_paused:
            name = "subscription_locked_pending_changes"
            raise _error(400, name, "cannot update subscription, pending scheduled changes")
        if held.trouble is Trouble.REFUSES:
            detail = f"You are unable to make further changes to this subscription {self.refusal}"
            raise _error(400, "subscription_outstanding_pending_refund", detail)
        if self.is_busy(held):
            detail = "unable to update subscription 30m0s before renewal"
            raise _error(409, "subscription_locked_renewal", detail)
        # A paused subscription has no billing period that could end.
        at_end = fields.get("effective_from") != "immediately" and held.word != "paused"
        self.cancel(held, at_end=at_end)
        return self._entity(held)

    async def _update(self, request: web.Request) -> web.Response:
        held, fields = self._found(request), await _fields(request, OF_UPDATE)
        if held.cancelled:
            detail = "cannot update subscription, as subscription is canceled"
            raise _error(400, "subscription_update_when_canceled", detail)
        if "scheduled_change" in fields and held.ends_later:
            self.undo(held)
        return self._entity(held)

    async def _nowhere(self, request: web.Request) -> web.Response:
        raise _error(404, "invalid_url", "URL called is invalid.", shared=True)

    def _found(self, request: web.Request) -> Held:
        self._check(request.headers)
        subscription_id = request.match_info["id"]
        if subscription_id not in self.subscriptions:
            raise _error(404, "not_found", f"Entity {subscription_id} not found", shared=True)
        return self.subscriptions[subscription_id]

    def _check(self, headers: Mapping[str, str]) -> None:
        # Paddle answers wrong credentials with HTTP 403.
        if "Authorization" not in headers:
            detail = "Authentication header missing."
            raise _error(403, "authentication_missing", detail, shared=True)
        if headers["Authorization"] != f"Bearer {self.key}":
            raise _error(403, "invalid_token", "Invalid or revoked API key.", shared=True)
        if headers.get("Paddle-Version", "1") != "1":
            raise _error(400, "bad_request", "Invalid request.", shared=True)

    def _entity(self, held: Held) -> web.Response:
        return web.json_response({"data": self.shown(held), "meta": META})

    def shown(self, held: Held) -> dict[str, Any]:
        """The subscription entity."""
        now = datetime.now(timezone.utc)
        status = "canceled" if held.cancelled else held.word or "active"
        period = {"starts_at": _text(now - TERM / 2), "ends_at": _text(now + TERM)}
        goes_on = status not in ("canceled", "paused")
        return {
            "id": held.id,
            "status": status,
            "customer_id": "ctm_01hv8wt8nffez4p2t6typn4a5j",
            "address_id": "add_01hv8y4jk511j9g2n9a2mexjbx",
            "business_id": None,
            "currency_code": "USD",
            "created_at": "2024-04-12T10:38:00.761Z",
            "updated_at": _text(now),
            "started_at": "2024-04-12T10:37:59.556997Z",
            "first_billed_at": "2024-04-12T10:37:59.556997Z",
            "next_billed_at": _text(now + TERM) if goes_on and not held.ends_later else None,
            "paused_at": _text(now - TERM) if status == "paused" else None,
            "canceled_at": _text(held.ends_at) if held.cancelled and held.ends_at else None,
            "discount": None,
            "collection_mode": "automatic",
            "billing_details": None,
            "current_billing_period": period if goes_on else None,
            "billing_cycle": {"frequency": 1, "interval": "month"},
            "scheduled_change": self._scheduled_change(held),
            "items": [{"status": "active", "quantity": 10, "recurring": True}],
            "custom_data": None,
            "import_meta": None,
        }

    def _scheduled_change(self, held: Held) -> dict[str, str | None] | None:
        if held.cancelled or not (held.ends_at or held.id in self.to_be_paused):
            return None
        at = held.ends_at or datetime.now(timezone.utc) + TERM
        action = "cancel" if held.ends_at else "pause"
        return {"action": action, "effective_at": _text(at), "resume_at": None}


async def _fields(request: web.Request, known: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """The fields of a body, each with one of its allowed values."""
    body = await request.read()
    if body and request.content_type != "application/json":
        raise _error(400, "bad_request", "Invalid request.", shared=True)
    fields: dict[str, Any] = json.loads(body or b"{}")
    if wrong := [name for name, value in fields.items() if value not in known.get(name, ())]:
        told = [{"field": name, "message": "is not valid"} for name in wrong]
        raise _error(400, "bad_request", "Invalid request.", shared=True, errors=told)
    return fields


def _error(
    status: int, code: str, detail: str, *, shared: bool = False, **more: object
) -> NotTaken:
    page = f"{'shared' if shared else 'subscriptions'}/{code}"
    error = {
        "type": "request_error",
        "code": code,
        "detail": detail,
        "documentation_url": f"https://developer.paddle.com/errors/{page}",
        **more,
    }
    return NotTaken(status, {"error": error, "meta": META})


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
