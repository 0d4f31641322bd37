"""A stand-in for the SaaS fulfillment APIs v2 of Microsoft's commercial marketplace.

Sources: learn.microsoft.com/partner-center/marketplace-offers, pc-saas-fulfillment-subscription-api
and pc-saas-fulfillment-life-cycle; github.com/microsoft/commercial-marketplace-openapi; for the
bodies of errors, which neither describes, Microsoft's own emulator
(github.com/microsoft/Commercial-Marketplace-SaaS-API-Emulator); for the token,
learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from aiohttp import web

from tests.presets.oauth import OAuthStandIn
from tests.presets.stand_in import TERM, Held, NotTaken, Trouble

VERSION = "2018-08-31"
MARKETPLACE = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"


class MicrosoftSaas(OAuthStandIn):
    """One publisher's subscriptions, and the token endpoint of its Entra tenant."""

    vendor: ClassVar[str] = "microsoft-saas"
    refusal: ClassVar[str] = (
        "Delete is not in allowedCustomerOperations list for this SaaS subscription."
    )
    later_dates: ClassVar[tuple[str, ...]] = ()
    takes_back: ClassVar[bool] = False
    client: ClassVar[tuple[str, str]] = (
        "84aca9ea-b3f4-4a49-9a9e-1d4b5f5e6a01",
        "StandIn~Of.Entra0secret",
    )

    def __init__(self) -> None:
        super().__init__()
        self.of_others: set[str] = set()
        """The ids of another publisher's subscriptions."""
        self.operation_fails: set[str] = set()
        """The ids of subscriptions whose next operation is accepted, then fails."""
        self.operation_seconds = 0.3
        """Until an operation ends; at Microsoft it may take minutes."""
        self._under_way: set[str] = set()

    def new_id(self, number: int) -> str:
        return f"37f9dea2-4345-438f-b0bd-{number:012x}"

    def variables(self) -> dict[str, str]:
        return {
            "VENDOR": "microsoft-saas",
            "REST_API_URL": f"{self.url}/api",
            **self.variables_of_client(f"/{TENANT}/oauth2/v2.0/token"),
        }

    def routes(self) -> list[web.RouteDef]:
        path = "/api/saas/subscriptions/{id}"
        return [
            web.post(f"/{TENANT}/oauth2/v2.0/token", self._token),
            web.get(path, self._get),
            web.delete(path, self._delete),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        if "client_id" not in form:
            what = "AADSTS900144: The request body must contain the parameter 'client_id'."
            raise _of_entra(400, "invalid_request", what)
        if (form.pop("client_id"), form.pop("client_secret", "")) != self.client:
            raise _of_entra(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        if form != {"grant_type": "client_credentials", "scope": f"{MARKETPLACE}/.default"}:
            raise _of_entra(400, "invalid_scope", "AADSTS70011: The provided scope is not valid.")
        token = self.new_token("eyJ0eXAiOiJKV1QiStandIn")
        more = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599}
        return web.json_response({"access_token": token, **more})

    async def _get(self, request: web.Request) -> web.Response:
        held = self._held(request)
        return web.json_response(self.shown(held), headers=_traced(request))

    async def _delete(self, request: web.Request) -> web.Response:
        held = self._held(request)
        if held.trouble is Trouble.REFUSES:
            raise _error(400, "BadRequest", self.refusal, "delete")
        if self.is_busy(held) or held.id in self._under_way:
            raise _locked(409 if held.busy_answers else 400)
        if not held.cancelled:
            # After the end, another cancellation is accepted and changes nothing (the emulator).
            self._begin(held)
        location = f"{self.url}{request.path}/operations/{uuid4()}?api-version={VERSION}"
        return web.Response(
            status=202, headers={**_traced(request), "Operation-Location": location}
        )

    def _begin(self, held: Held) -> None:
        """An operation that ends by itself; if it fails, nothing has changed."""
        fails = held.id in self.operation_fails
        self.operation_fails.discard(held.id)
        self._under_way.add(held.id)
        held.cancellations += not fails

        def end() -> None:
            self._under_way.discard(held.id)
            held.cancelled = not fails
            held.ends_at = None if fails else datetime.now(timezone.utc)

        asyncio.get_running_loop().call_later(self.operation_seconds, end)

    def _held(self, request: web.Request) -> Held:
        if not self.has_good_token(request):
            raise web.HTTPForbidden(text="Forbidden")
        _check_call(request)
        subscription_id = request.match_info["id"]
        if subscription_id in self.of_others:
            raise web.HTTPForbidden(text="Forbidden")
        if subscription_id not in self.subscriptions:
            what = f"Subscription {subscription_id} not found"
            raise _error(404, "EntityNotFound", what, "subscriptionId")
        return self.subscriptions[subscription_id]

    def shown(self, held: Held) -> dict[str, Any]:
        """The subscription object."""
        now = datetime.now(timezone.utc)
        somebody = {
            "emailId": "someone@customer.example",
            "objectId": "cbb6d5aa-4887-444f-ac9e-b56f8f6e66c2",
            "tenantId": "2694e9dc-29a5-4017-958d-68314a91f2d2",
            "puid": "10032000A1B2C3D4",
        }
        return {
            "id": held.id,
            "publisherId": "standin",
            "offerId": "offer1",
            "name": "Stand-in Cloud Solution",
            # By this field it keeps renewing, whatever the status (azure-docs issue 74984).
            "autoRenew": True,
            "saasSubscriptionStatus": _status(held),
            "beneficiary": somebody,
            "purchaser": somebody,
            "planId": "silver",
            "term": {
                "startDate": _written(now - TERM),
                "endDate": _written(now + TERM),
                "termUnit": "P1M",
            },
            "isTest": False,
            "isFreeTrial": False,
            "allowedCustomerOperations": ["Read", "Update", "Delete"],
            "sandboxType": "None",
            "created": _written(now - TERM),
            "sessionMode": "None",
        }


def _status(held: Held) -> str:
    return "Unsubscribed" if held.cancelled else held.word or "Subscribed"


def _check_call(request: web.Request) -> None:
    """Every call names the version; tracing headers, if present, are GUIDs."""
    query = dict(request.query)
    if query.pop("api-version", "") != VERSION or query:
        what = "An API version is required, but was not specified."
        raise NotTaken(400, {"Error": {"Code": "ApiVersionUnspecified", "Message": what}})
    for name in ("x-ms-requestid", "x-ms-correlationid"):
        if name in request.headers and not _is_guid(request.headers[name]):
            raise _error(400, "BadArgument", "The value is not a GUID.", name)
    if request.can_read_body:
        raise _error(400, "BadArgument", "The request has no content.", "body")


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _traced(request: web.Request) -> dict[str, str]:
    names = ("x-ms-requestid", "x-ms-correlationid")
    return {name: request.headers.get(name, str(uuid4())) for name in names}


def _locked(status: int) -> NotTaken:
    if status == 409:
        # As in the API's first documents (cpp-saas-fulfillment-api-v2).
        return _error(409, "Conflict", "Another operation is in progress on the resource.")
    what = "Delete cannot be completed because the subscription is locked due to pending operations"
    return _error(400, "Failed", what, "delete")


def _error(status: int, code: str, message: str, target: str = "") -> NotTaken:
    body = {"code": code, "message": message}
    return NotTaken(status, {**body, "target": target} if target else body)


def _of_entra(status: int, code: str, description: str) -> NotTaken:
    return NotTaken(status, {"error": code, "error_description": description})


def _written(moment: datetime) -> str:
    """With .NET's seven decimals."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"
