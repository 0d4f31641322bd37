"""A stateful local vendor with a strict REST API, on plain HTTP."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.faults import FaultPlan
from sandbox.http_server import HttpServer

Json = dict[str, Any]

API_KEY = "sandbox-vendor-key-31415926535"
BASIC_CREDENTIALS = "sandbox-user:sandbox-password-27182818"
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret-16180339"  # noqa: S105 - invented
BODY_FIELDS = frozenset(("reason", "effective_date", "request_id", "asset_id", "at_period_end"))


@dataclass
class VendorSubscription:
    """A subscription at the vendor.

    `refusal`: a reason of business for which the vendor refuses to cancel.
    `cancelling_seconds`: for how long a cancellation stays "cancelling" (None: not at all).
    `ends_at_when_cancelled`: a cancelled subscription ends at this ISO date.
    `cancellations` counts those that took effect: more than one is a customer's complaint.
    """

    id: str
    status: str = "active"
    refusal: str | None = None
    cancelling_seconds: float | None = None
    ends_at_when_cancelled: str | None = None
    ends_at: str | None = None
    cancellations: int = 0
    cancelled_by: str | None = None
    _finished_at: float = 0.0

    def cancel(self, key: str | None) -> None:
        """The cancellation takes effect."""
        self.cancellations += 1
        self.cancelled_by = key
        self.ends_at = self.ends_at_when_cancelled
        self.status = "cancelled"
        if self.cancelling_seconds is not None:
            self.status = "cancelling"
            self._finished_at = time.monotonic() + self.cancelling_seconds

    def finish(self) -> None:
        """The vendor is done with a cancellation that took its time."""
        self.status = "cancelled"

    def json(self) -> Json:
        """The subscription as the API answers it."""
        if self.status == "cancelling" and time.monotonic() >= self._finished_at:
            self.finish()
        body = {"id": self.id, "status": self.status}
        return {**body, "ends_at": self.ends_at} if self.ends_at else body


@dataclass(frozen=True)
class VendorCall:
    """One call to the vendor, as it came in, and the status of its answer."""

    at: datetime
    method: str
    path: str
    headers: Mapping[str, str]
    body: str
    status: int


@dataclass
class Tokens:
    """The access tokens of the vendor's OAuth2 server (client credentials)."""

    expires_in: int = 3600
    issued: int = 0
    _valid_until: dict[str, float] = field(default_factory=dict)

    def issue(self) -> Json:
        """A new token, as the token end point answers it."""
        self.issued += 1
        token = f"sandbox-token-{self.issued}-{self.issued * 7919}"
        self._valid_until[token] = time.monotonic() + self.expires_in
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}

    def revoke_all(self) -> None:
        """End every token before its time."""
        self._valid_until.clear()

    def valid(self, token: str) -> bool:
        """Whether the token was issued here and is neither expired nor revoked."""
        return self._valid_until.get(token, 0.0) > time.monotonic()


class VendorError(Exception):
    """The vendor refuses a call."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Json

    def response(self, **headers: str) -> web.Response:
        return web.json_response(self.body, status=self.status, headers=headers)


class LocalVendor:
    """The vendor: its subscriptions, its API and everything that was asked of it.

    `auth` is bearer, oauth2, basic, none or `header:NAME`. `statuses` renames the statuses that
    the API shows, for example {"cancelled": "terminated"}.
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
        self.auth = auth
        self.api_key = api_key or (BASIC_CREDENTIALS if auth == "basic" else API_KEY)
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.tokens = Tokens(expires_in=expires_in)
        self.faults = FaultPlan(seed=fault_seed)
        self.subscriptions: dict[str, VendorSubscription] = {}
        self.calls: list[VendorCall] = []
        self._body_fields = body_fields
        self._statuses = statuses or {}
        self._first_answers: dict[str, tuple[str, _Answer]] = {}
        self._numbers = count(1)
        self._server = HttpServer(self._application, port=port)

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
        subscription = VendorSubscription(subscription_id, **fields)
        self.subscriptions[subscription_id] = subscription
        return subscription

    def calls_to(self, method: str = "*", path: str = "") -> list[VendorCall]:
        """The calls of a method (`*`: any) whose path contains the text."""
        return [c for c in self.calls if method in ("*", c.method) and path in c.path]

    def cancel_calls(self, subscription_id: str) -> list[VendorCall]:
        """Every attempt to cancel a subscription, effective or not."""
        return self.calls_to("POST", f"/subscriptions/{subscription_id}/cancel")

    def _application(self) -> web.Application:
        application = web.Application(
            middlewares=[self._recording(), self.faults.middleware(), _answer_errors]
        )
        application.add_routes(
            [
                web.get("/subscriptions/{id}", self._authorized(self._get)),
                web.post("/subscriptions/{id}/cancel", self._authorized(self._cancel)),
                web.post("/oauth/token", self._token),
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
            if not self._knows(request):
                raise VendorError(401, "invalid credentials")
            return await handler(request)

        return authorized

    def _knows(self, request: web.Request) -> bool:
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if self.auth == "none":
            return True
        if self.auth.startswith("header:"):
            return request.headers.get(self.auth.partition(":")[2]) == self.api_key
        if self.auth == "basic":
            return scheme.lower() == "basic" and _decoded(credentials) == self.api_key
        if self.auth == "oauth2":
            return scheme.lower() == "bearer" and self.tokens.valid(credentials)
        return scheme.lower() == "bearer" and credentials == self.api_key

    def _subscription(self, request: web.Request) -> VendorSubscription:
        subscription = self.subscriptions.get(request.match_info["id"])
        if subscription is None:
            raise VendorError(404, "no such subscription")
        return subscription

    def _shown(self, subscription: VendorSubscription) -> Json:
        body = subscription.json()
        return {**body, "status": self._statuses.get(body["status"], body["status"])}

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._shown(self._subscription(request)))

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        unknown_fields = _fields_of(await request.read(), request.content_type) - self._body_fields
        if unknown_fields:
            raise VendorError(400, f"unknown fields: {', '.join(sorted(unknown_fields))}")
        key = request.headers.get("Idempotency-Key")
        if key in self._first_answers:
            return self._replay(key, request.path)
        answer = self._try_to_cancel(self._subscription(request), key)
        if key is not None:
            self._first_answers[key] = (request.path, answer)
        return answer.response()

    def _replay(self, key: str, path: str) -> web.Response:
        first_path, answer = self._first_answers[key]
        if first_path != path:
            raise VendorError(400, "the idempotency key belongs to another operation")
        return answer.response(**{"Idempotent-Replayed": "true"})

    def _try_to_cancel(self, subscription: VendorSubscription, key: str | None) -> _Answer:
        status = subscription.json()["status"]
        if subscription.refusal is not None:
            return _refused(422, subscription.refusal)
        if status == "draft":
            return _refused(409, "a draft subscription cannot be cancelled")
        if status == "cancelling":
            return _refused(409, "already being cancelled")
        if status == "cancelled":
            return _refused(409, "already cancelled")
        subscription.cancel(key)
        return _Answer(200, self._shown(subscription))

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        in_body = ":".join(str(form.get(name, "")) for name in ("client_id", "client_secret"))
        given = _decoded(credentials) if scheme.lower() == "basic" else in_body
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if given != f"{self.client_id}:{self.client_secret}":
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response(self.tokens.issue())


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except VendorError as error:
        return _refused(error.status, error.message).response()
    except web.HTTPException as error:
        return _refused(error.status, error.reason).response()


def _refused(status: int, message: str) -> _Answer:
    return _Answer(status, {"error": {"message": message}})


def _decoded(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        return ""


def _fields_of(raw: bytes, content_type: str) -> frozenset[str]:
    """The names of the fields in a body; no body is fine."""
    if not raw:
        return frozenset()
    if content_type == "application/x-www-form-urlencoded":
        return frozenset(name for name, _ in parse_qsl(raw.decode(), keep_blank_values=True))
    if content_type != "application/json":
        raise VendorError(415, "the body must be JSON or a form")
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise VendorError(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise VendorError(400, "the body must be a JSON object")
    return frozenset(body)
