"""A stand-in for Kill Bill's subscriptions.

Sources: https://apidocs.killbill.io/subscription, and of https://github.com/killbill/killbill
`SubscriptionResource`, `DefaultEntitlement`, `EntitlementApiExceptionMapper`, `TenantFilter` and
`ErrorCode`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar
from uuid import UUID

from aiohttp import web

from tests.presets.stand_in import TERM, Held, NotTaken, StandIn, Trouble

ENTITLEMENT_ERROR = "org.killbill.billing.entitlement.api.EntitlementApiException"
POLICIES = ("IMMEDIATE", "END_OF_TERM")
OF_CANCEL = {"entitlementPolicy", "billingPolicy", "requestedDate", "callCompletion"}


class KillBill(StandIn):
    """Subscriptions of one tenant; `days` shows dates like the versions before 0.24.

    With `at_the_hour`, a cancellation takes effect at the hour when the subscription began, so an
    immediate one ends later the same day.
    """

    vendor: ClassVar[str] = "kill-bill"
    refusal: ClassVar[str] = "Entitlement plugin aborted call: the contract forbids it"
    user: ClassVar[str] = "connect:kI11-b1ll-pa55word"
    api_key: ClassVar[str] = "acme-tenant"
    api_secret: ClassVar[str] = "s3cret-of-acme-tenant"

    def __init__(self, *, days: bool = False, at_the_hour: bool = False) -> None:
        super().__init__()
        self.days, self.at_the_hour = days, at_the_hour

    def new_id(self, number: int) -> str:
        return str(UUID(int=0x77E238788B9D403BBF31 << 48 | number))

    def variables(self) -> dict[str, str]:
        tenant = {"X-Killbill-ApiKey": self.api_key, "X-Killbill-ApiSecret": self.api_secret}
        return {
            "VENDOR": "kill-bill",
            "REST_API_URL": self.url,
            "REST_API_KEY": self.user,
            "REST_SECRET_HEADERS": json.dumps(tenant),
        }

    def wrong_credentials(self) -> dict[str, str]:
        return {**self.variables(), "REST_API_KEY": "connect:of-another"}

    def routes(self) -> list[web.RouteDef]:
        one = r"/1.0/kb/subscriptions/{id:\w+-\w+-\w+-\w+-\w+}"
        return [
            web.get(one, self._get),
            web.delete(one, self._cancel),
            web.put(f"{one}/uncancel", self._uncancel),
        ]

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self.shown(self._found(request)))

    async def _cancel(self, request: web.Request) -> web.Response:
        held = self._found(request)
        _check_author(request.headers)
        at_end = _at_end(request.query)
        if held.cancelled or held.word == "EXPIRED":
            message = f"Subscription {held.id} is in state CANCELLED: Failed to cancel"
            raise _error(500, 1031, message)
        if held.trouble is Trouble.REFUSES:
            raise _error(400, 8003, self.refusal)
        if self.is_busy(held):
            # Kill Bill has no such answer; it comes from a proxy in front of it.
            raise web.HTTPTooManyRequests(text="<html>429 Too Many Requests</html>")
        self.cancel(held, at_end=at_end)
        if self.at_the_hour and not at_end:
            held.cancelled, held.ends_at = False, datetime.now(timezone.utc) + timedelta(hours=5)
        if held.word == "PENDING":
            held.cancelled, held.ends_at = False, datetime.now(timezone.utc) + TERM
        return web.Response(status=204, content_type="application/json")

    async def _uncancel(self, request: web.Request) -> web.Response:
        held = self._found(request)
        _check_author(request.headers)
        if held.cancelled:
            message = f"Subscription (billing) {held.id} is not in pending cancelled state"
            raise _error(400, 1070, f"{message}: Failed to uncancel plan")
        if not held.ends_later:
            message = f"Subscription (entitlement) {held.id} was not previously cancelled or is not"
            raise _error(400, 8004, f"{message} in a pending cancelled state: Failed to uncancel")
        self.undo(held)
        return web.Response(status=204, content_type="application/json")

    def _found(self, request: web.Request) -> Held:
        pair = base64.b64encode(self.user.encode()).decode()
        tenant = [request.headers.get(f"X-Killbill-Api{name}") for name in ("Key", "Secret")]
        if request.headers.get("Authorization") != f"Basic {pair}":
            raise web.HTTPUnauthorized(text="")
        if tenant != [self.api_key, self.api_secret]:
            raise web.HTTPUnauthorized(text="<html>HTTP Status 401</html>")
        subscription_id = request.match_info["id"]
        if subscription_id not in self.subscriptions:
            raise _error(404, 1082, f"Unknown subscription {subscription_id}")
        return self.subscriptions[subscription_id]

    def shown(self, held: Held) -> dict[str, Any]:
        """The subscription without null members."""
        now = datetime.now(timezone.utc)
        state = "CANCELLED" if held.cancelled else held.word or "ACTIVE"
        ended = now - TERM / 2 if state == "EXPIRED" else held.ends_at
        shown: dict[str, Any] = {
            "accountId": "581d86fc-7cfc-46f2-b6d4-4dbc1d98beb3",
            "bundleId": "cb1f4bb3-9a2e-4ffa-93d5-0e7cf6d1f4d5",
            "bundleExternalKey": "customer-7",
            "subscriptionId": held.id,
            "externalKey": "customer-7-main",
            "startDate": self._date(now - TERM),
            "productName": "Standard",
            "productCategory": "BASE",
            "billingPeriod": "MONTHLY",
            "phaseType": "EVERGREEN",
            "priceList": "DEFAULT",
            "planName": "standard-monthly",
            "state": state,
            "sourceType": "NATIVE",
            "chargedThroughDate": (now + TERM).date().isoformat(),
            "billingStartDate": self._date(now - TERM),
            "billCycleDayLocal": 1,
            "quantity": 1,
            "events": [],
            "priceOverrides": [],
            "prices": [],
            "auditLogs": [],
        }
        if ended:
            shown["billingEndDate"] = self._date(ended)
        if held.ends_at:
            shown["cancelledDate"] = self._date(held.ends_at)
        return shown

    def _date(self, moment: datetime) -> str:
        if self.days:
            return moment.date().isoformat()
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _at_end(query: Mapping[str, str]) -> bool:
    """The date by both policies; without any, the day of the request."""
    if unknown := query.keys() - OF_CANCEL:
        raise _error(400, None, f"Unknown parameter {min(unknown)}")
    entitlement = query.get("entitlementPolicy", "IMMEDIATE")
    billing = query.get("billingPolicy", entitlement)
    if entitlement not in POLICIES or billing not in POLICIES:
        # A value outside the enumeration gives an unknown address.
        raise web.HTTPNotFound(text="")
    return entitlement == "END_OF_TERM"


def _check_author(headers: Mapping[str, str]) -> None:
    if not headers.get("X-Killbill-CreatedBy"):
        raise _error(
            400,
            None,
            "Header X-Killbill-CreatedBy needs to be set",
            name="java.lang.IllegalArgumentException",
        )


def _error(
    status: int, code: int | None, message: str, *, name: str = ENTITLEMENT_ERROR
) -> NotTaken:
    return NotTaken(
        status,
        {
            "className": name,
            "code": code,
            "message": message,
            "causeClassName": None,
            "causeMessage": None,
            "stackTrace": [],
        },
    )
