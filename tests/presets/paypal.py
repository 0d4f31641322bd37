"""A stand-in for PayPal's Subscriptions, API v1.

Sources: the description in github.com/paypal/paypal-rest-api-specifications
(`openapi/billing_subscriptions_v1.json`), developer.paypal.com/api/rest/authentication for the
token, and developer.paypal.com/api/rest/responses for the codes of a rejected body.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from aiohttp import web

from tests.presets.oauth import OAuthStandIn
from tests.presets.stand_in import TERM, Held, NotTaken, Trouble

FORM = "application/x-www-form-urlencoded"
LONGEST_REASON = 128

_MESSAGES = {
    "INVALID_REQUEST": "Request is not well-formed, syntactically incorrect, or violates schema.",
    "AUTHENTICATION_FAILURE": (
        "Authentication failed due to missing authorization header, or invalid authentication"
        " credentials."
    ),
    "RESOURCE_NOT_FOUND": "The specified resource does not exist.",
    "RESOURCE_CONFLICT": "The server has detected a conflict while processing this request.",
    "UNSUPPORTED_MEDIA_TYPE": "The server does not support the request payload's media type.",
    "UNPROCESSABLE_ENTITY": (
        "The requested action could not be performed, semantically incorrect, or failed business"
        " validation."
    ),
}


class PayPal(OAuthStandIn):
    """One merchant's subscriptions, and the token endpoint of its REST app."""

    vendor: ClassVar[str] = "paypal"
    refusal: ClassVar[str] = "User account locked or closed."
    later_dates: ClassVar[tuple[str, ...]] = ()
    takes_back: ClassVar[bool] = False
    client: ClassVar[tuple[str, str]] = ("AStandInOfPayPal0client", "EStandInOfPayPal0secret")

    def __init__(self) -> None:
        super().__init__()
        self._reasons: dict[str, str] = {}

    def new_id(self, number: int) -> str:
        return f"I-STANDIN{number:05d}"[-14:]

    def variables(self) -> dict[str, str]:
        return {
            "VENDOR": "paypal",
            "REST_API_URL": self.url,
            **self.variables_of_client("/v1/oauth2/token"),
        }

    def routes(self) -> list[web.RouteDef]:
        path = "/v1/billing/subscriptions/{id}"
        return [
            web.post("/v1/oauth2/token", self._token),
            web.get(path, self._show),
            web.post(f"{path}/cancel", self._cancel),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        # The credentials are only accepted in the header.
        pair = base64.b64encode(":".join(self.client).encode()).decode()
        if request.headers.get("Authorization") != f"Basic {pair}":
            said = {"error": "invalid_client", "error_description": "Client Authentication failed"}
            return web.json_response(said, status=401)
        form = dict(parse_qsl(await request.text()))
        if request.content_type != FORM or form != {"grant_type": "client_credentials"}:
            said = {"error": "unsupported_grant_type", "error_description": "Grant Type is NULL"}
            return web.json_response(said, status=400)
        return web.json_response(
            {
                "scope": "https://uri.paypal.com/services/subscriptions openid",
                "access_token": self.new_token("A21AAStandIn"),
                "token_type": "Bearer",
                "app_id": "APP-80W284485P519543T",
                "expires_in": 32400,
                "nonce": "2026-01-01T00:00:00Zstandin",
            }
        )

    async def _show(self, request: web.Request) -> web.Response:
        held = self._held(request)
        if request.query.keys() - {"fields"}:
            raise _invalid("INVALID_PARAMETER_SYNTAX", "A parameter is not known.")
        return web.json_response(self.shown(held))

    async def _cancel(self, request: web.Request) -> web.Response:
        held = self._held(request)
        reason = await _reason(request)
        if self.is_busy(held):
            raise _error(409, "RESOURCE_CONFLICT")
        if held.trouble is Trouble.REFUSES:
            raise _error(422, "UNPROCESSABLE_ENTITY", "USER_ACCOUNT_CLOSED", self.refusal)
        if held.cancelled or held.word not in ("", "ACTIVE", "SUSPENDED"):
            what = "Invalid subscription status for cancel action; subscription status should be"
            what = f"{what} active or suspended."
            raise _error(422, "UNPROCESSABLE_ENTITY", "SUBSCRIPTION_STATUS_INVALID", what)
        self.cancel(held, at_end=False)
        self._reasons[held.id] = reason
        return web.Response(status=204)

    def _held(self, request: web.Request) -> Held:
        if not self.has_good_token(request):
            raise _error(401, "AUTHENTICATION_FAILURE")
        if request.match_info["id"] not in self.subscriptions:
            what = "Specified resource ID does not exist. Please check the resource ID and try"
            raise _error(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", f"{what} again.")
        return self.subscriptions[request.match_info["id"]]

    def shown(self, held: Held) -> dict[str, Any]:
        """The subscription object."""
        now = datetime.now(timezone.utc)
        changed, note = held.ends_at or now - TERM, self._reasons.get(held.id)
        shown = {
            "id": held.id,
            "plan_id": "P-5ML4271244454362WXNWU5NQ",
            "start_time": _written(now - TERM),
            "quantity": "20",
            "subscriber": {"payer_id": "2J6QB8YJQSJRJ"},
            "billing_info": {
                "outstanding_balance": {"currency_code": "EUR", "value": "10.0"},
                "failed_payments_count": 0,
            },
            "create_time": _written(now - TERM),
            "update_time": _written(changed),
            "plan_overridden": False,
            "status": "CANCELLED" if held.cancelled else held.word or "ACTIVE",
            "status_update_time": _written(changed),
            "links": [{"href": f"{self.url}/v1/billing/subscriptions/{held.id}", "rel": "self"}],
        }
        return {**shown, "status_change_note": note} if note else shown


async def _reason(request: web.Request) -> str:
    """The body's only field, which is required."""
    if request.content_type != "application/json":
        raise _error(415, "UNSUPPORTED_MEDIA_TYPE")
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise _invalid("MALFORMED_REQUEST_JSON", "The request JSON is not well formed.") from None
    if not isinstance(body, dict) or body.keys() - {"reason"}:
        raise _invalid("INVALID_PARAMETER_SYNTAX", "The body has a field that is not known.")
    reason = body.get("reason", "")
    if not isinstance(reason, str) or not reason:
        raise _invalid("MISSING_REQUIRED_PARAMETER", "A required field / parameter is missing.")
    if len(reason) > LONGEST_REASON:
        raise _invalid("INVALID_STRING_MAX_LENGTH", "The value of a field is too long.")
    return reason


def _invalid(issue: str, description: str) -> NotTaken:
    return _error(400, "INVALID_REQUEST", issue, description)


def _error(status: int, name: str, issue: str = "", description: str = "") -> NotTaken:
    """An error as PayPal writes it; most have details, some do not."""
    details = [{"issue": issue, "description": description}] if issue else []
    link = {"href": "https://developer.paypal.com/docs/api/errors", "rel": "information_link"}
    more = {"debug_id": "b1d1f06c7246c", "links": [link]}
    return NotTaken(status, {"name": name, "message": _MESSAGES[name], "details": details, **more})


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
