"""The vendor: its API, its subscriptions and its call log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.faults import FaultPlan
from sandbox.http_server import HttpServer
from sandbox.vendor.access import Credentials, Tokens
from sandbox.vendor.answers import Answer, Json, VendorError, answer_errors, body_of
from sandbox.vendor.clock import VendorClock
from sandbox.vendor.ending import end_date
from sandbox.vendor.subscription import CANCELLED, ENDS_LATER, REMOVED, VendorSubscription

BODY_FIELDS = frozenset(("reason", "effective_date", "request_id", "asset_id", "at_period_end"))

# A subscription's answer to a call with an effect; None means done and visible at once.
Work = Callable[[VendorSubscription], Answer | None]


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

    `auth` is bearer, oauth2, basic, none or `header:NAME`. `statuses` renames the statuses that the
    API shows, for example {"cancelled": "terminated"}. `defaults` are fields of every subscription
    added from now on. The vendor's days follow `time_zone`, and its subscriptions change by
    `clock`.
    """

    def __init__(
        self,
        *,
        auth: str = "bearer",
        api_key: str | None = None,
        expires_in: int = 3600,
        body_fields: frozenset[str] = BODY_FIELDS,
        statuses: Mapping[str, str] | None = None,
        time_zone: str = "UTC",
        fault_seed: int = 0,
        port: int = 0,
    ) -> None:
        self.clock = VendorClock(time_zone)
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
        """The API key that calls need."""
        return self.credentials.api_key

    @property
    def tokens(self) -> Tokens:
        """The issued OAuth2 access tokens."""
        return self.credentials.tokens

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return self._server.url

    @property
    def token_url(self) -> str:
        """The OAuth2 token endpoint."""
        return f"{self.url}/oauth/token"

    async def start(self) -> None:
        """Serve; a stopped vendor comes back at the same address."""
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

    def variables_for_later_ends(self) -> dict[str, str]:
        """The additional variables for cancellations on a given day, and for taking them back.

        The API shows `ends_later` until that day, and the dates as `ends_at`, `term_ends` and
        `charged_through`. It takes the day as `effective_date`.
        """
        cancelled = [self._statuses.get(each, each) for each in (CANCELLED, ENDS_LATER)]
        return {
            "REST_STATUS_PATH": "status",
            "REST_CANCELLED_VALUES": ",".join(cancelled),
            "REST_END_DATE_PATH": "ends_at",
            "REST_TERM_END_PATH": "term_ends || ''",
            "REST_CHARGED_THROUGH_PATH": "charged_through || ''",
            "REST_CANCEL_BODY": '{"effective_date": "{effective_date}"}',
            "REST_UNDO_REQUEST": "POST /subscriptions/{subscription_id}/undo_cancellation",
            "REST_UNDO_BODY": "{}",
        }

    def move_clock(self, by: timedelta) -> None:
        """Move the vendor's clock on; any days and delays that it passes are over."""
        self.clock.ahead += by

    def add(self, subscription_id: str | None = None, **fields: Any) -> VendorSubscription:
        """Add a subscription; `fields` are fields of `VendorSubscription`."""
        subscription_id = subscription_id or f"SUB-{next(self._numbers):04d}"
        fields = {"clock": self.clock, **self.defaults, **fields}
        subscription = VendorSubscription(subscription_id, **fields)
        self.subscriptions[subscription_id] = subscription
        return subscription

    def calls_to(self, method: str = "*", path: str = "") -> list[VendorCall]:
        """The calls of a method (`*`: any) whose path contains the text."""
        return [c for c in self.calls if method in ("*", c.method) and path in c.path]

    def cancel_calls(self, subscription_id: str) -> list[VendorCall]:
        """Every attempt to cancel a subscription, successful or not."""
        return self.calls_to("POST", f"/subscriptions/{subscription_id}/cancel")

    def undo_calls(self, subscription_id: str) -> list[VendorCall]:
        """Every attempt to undo a subscription's cancellation, successful or not."""
        return self.calls_to("POST", f"/subscriptions/{subscription_id}/undo_cancellation")

    def _application(self) -> web.Application:
        application = web.Application(
            middlewares=[self._recording(), self.faults.middleware(), answer_errors]
        )
        application.add_routes(
            [
                web.get("/subscriptions/{id}", self._authorized(self._get)),
                web.post("/subscriptions/{id}/cancel", self._authorized(self._cancel)),
                web.post("/subscriptions/{id}/undo_cancellation", self._authorized(self._undo)),
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
        body = await self._body(request)
        key = request.headers.get("Idempotency-Key")

        def work(subscription: VendorSubscription) -> Answer | None:
            ends = end_date(body, self.clock.today(), subscription.term_ends)
            return subscription.try_to_cancel(key, ends)

        return self._once(request, key, work)

    async def _undo(self, request: web.Request) -> web.StreamResponse:
        await self._body(request)
        key = request.headers.get("Idempotency-Key")
        return self._once(request, key, VendorSubscription.try_to_undo)

    async def _body(self, request: web.Request) -> Json:
        body = body_of(await request.read(), request.content_type)
        unknown_fields = body.keys() - self._body_fields
        if unknown_fields:
            raise VendorError(400, f"unknown fields: {', '.join(sorted(unknown_fields))}")
        return body

    def _once(self, request: web.Request, key: str | None, work: Work) -> web.Response:
        """The answer to a call with an effect; a known key gets the first answer again."""
        if key in self._first_answers:
            return self._replay(key, request.path)
        subscription = self._subscription(request)
        answer = work(subscription) or Answer(200, self._shown(subscription))
        if key is not None and subscription.honours_keys:
            self._first_answers[key] = (request.path, answer)
        return answer.response()

    def _replay(self, key: str, path: str) -> web.Response:
        first_path, answer = self._first_answers[key]
        if first_path != path:
            raise VendorError(400, "the idempotency key belongs to another operation")
        return answer.response(**{"Idempotent-Replayed": "true"})
