"""The vendor: its API, its subscriptions, and the log of its calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import count
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.faults import FaultPlan
from sandbox.http_server import HttpServer
from sandbox.vendor.access import Credentials, Tokens
from sandbox.vendor.answers import Answer, Json, VendorError, answer_errors, fields_of
from sandbox.vendor.subscription import REMOVED, VendorSubscription

BODY_FIELDS = frozenset(("reason", "effective_date", "request_id", "asset_id", "at_period_end"))


@dataclass(frozen=True)
class VendorCall:
    """One call to the vendor, and the status of its answer."""

    at: datetime
    method: str
    path: str
    headers: Mapping[str, str]
    body: str
    status: int


class LocalVendor:
    """A vendor on the loopback interface.

    `auth` is bearer, oauth2, basic, none or `header:NAME`. `statuses` renames the statuses that
    the API shows, for example {"cancelled": "terminated"}. `defaults` are fields of every
    subscription that is added from now on.
    """

    def __init__(
        self,
        *,
        auth: str = "bearer",
        api_key: str | None = None,
        expires_in: int = 3600,
        body_fields: frozenset[str] = BODY_FIELDS,
        statuses: Mapping[str, str] | None = None,
        fault_seed: int = 0,
        port: int = 0,
    ) -> None:
        self.credentials = Credentials(auth, api_key, expires_in)
        self.auth, self.client_id = auth, self.credentials.client_id
        self.client_secret = self.credentials.client_secret
        self.faults = FaultPlan(seed=fault_seed)
        self.defaults: dict[str, Any] = {}
        self.subscriptions: dict[str, VendorSubscription] = {}
        self.calls: list[VendorCall] = []
        self._body_fields = body_fields
        self._statuses = statuses or {}
        self._first_answers: dict[str, tuple[str, Answer]] = {}
        self._numbers = count(1)
        self._server = HttpServer(self._application, port=port)

    @property
    def api_key(self) -> str:
        """The key that the API wants."""
        return self.credentials.api_key

    @property
    def tokens(self) -> Tokens:
        """The OAuth2 access tokens that were issued."""
        return self.credentials.tokens

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return self._server.url

    @property
    def token_url(self) -> str:
        """The OAuth2 token end point."""
        return f"{self.url}/oauth/token"

    async def start(self) -> None:
        """Serve; a vendor that was stopped comes back at the same address."""
        await self._server.start()

    async def stop(self) -> None:
        """Close everything; connections are refused from now on."""
        await self._server.stop()

    def variables(self) -> dict[str, str]:
        """The extension's variables for this vendor, as an administrator would set them."""
        found = {"VENDOR": "rest", "REST_API_URL": self.url, "REST_AUTH": self.auth}
        if self.auth == "oauth2":
            return {
                **found,
                "REST_OAUTH_TOKEN_URL": self.token_url,
                "REST_OAUTH_CLIENT_ID": self.client_id,
                "REST_OAUTH_CLIENT_SECRET": self.client_secret,
            }
        return found if self.auth == "none" else {**found, "REST_API_KEY": self.api_key}

    def add(self, subscription_id: str | None = None, **fields: Any) -> VendorSubscription:
        """One more subscription; `fields` are those of `VendorSubscription`."""
        subscription_id = subscription_id or f"SUB-{next(self._numbers):04d}"
        subscription = VendorSubscription(subscription_id, **{**self.defaults, **fields})
        self.subscriptions[subscription_id] = subscription
        return subscription

    def calls_to(self, method: str = "*", path: str = "") -> list[VendorCall]:
        """The calls of a method (`*`: any) whose path contains the text."""
        return [c for c in self.calls if method in ("*", c.method) and path in c.path]

    def cancel_calls(self, subscription_id: str) -> list[VendorCall]:
        """Every attempt to cancel a subscription, successful or not."""
        return self.calls_to("POST", f"/subscriptions/{subscription_id}/cancel")

    def _application(self) -> web.Application:
        application = web.Application(
            middlewares=[self._recording(), self.faults.middleware(), answer_errors]
        )
        application.add_routes(
            [
                web.get("/subscriptions/{id}", self._authorized(self._get)),
                web.post("/subscriptions/{id}/cancel", self._authorized(self._cancel)),
                web.post("/oauth/token", self.credentials.answer_token),
            ]
        )
        return application

    def _recording(self) -> Middleware:
        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            body = (await request.read()).decode("utf-8", "replace")
            status = 500
            try:
                response = await handler(request)
                status = response.status
                return response
            finally:
                moment = datetime.now(timezone.utc)
                headers = request.headers.copy()
                self.calls.append(
                    VendorCall(moment, request.method, request.path, headers, body, status)
                )

        return record

    def _authorized(self, handler: Handler) -> Handler:
        async def authorized(request: web.Request) -> web.StreamResponse:
            if not self.credentials.known(request):
                raise VendorError(401, "invalid credentials")
            return await handler(request)

        return authorized

    def _subscription(self, request: web.Request) -> VendorSubscription:
        subscription = self.subscriptions.get(request.match_info["id"])
        if subscription is None or subscription.look().status == REMOVED:
            raise VendorError(404, "no such subscription")
        return subscription

    def _shown(self, subscription: VendorSubscription) -> Json:
        body = subscription.json()
        return {**body, "status": self._statuses.get(body["status"], body["status"])}

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._shown(self._subscription(request)))

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        unknown_fields = fields_of(await request.read(), request.content_type) - self._body_fields
        if unknown_fields:
            raise VendorError(400, f"unknown fields: {', '.join(sorted(unknown_fields))}")
        key = request.headers.get("Idempotency-Key")
        if key in self._first_answers:
            return self._replay(key, request.path)
        subscription = self._subscription(request)
        answer = subscription.try_to_cancel(key) or Answer(200, self._shown(subscription))
        if key is not None and subscription.honours_keys:
            self._first_answers[key] = (request.path, answer)
        return answer.response()

    def _replay(self, key: str, path: str) -> web.Response:
        first_path, answer = self._first_answers[key]
        if first_path != path:
            raise VendorError(400, "the idempotency key belongs to another operation")
        return answer.response(**{"Idempotent-Replayed": "true"})
