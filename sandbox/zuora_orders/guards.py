"""The layers in front of the API: headers, credentials, kept answers and locks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.zuora_orders.access import Access
from sandbox.zuora_orders.api import CLIENT
from sandbox.zuora_orders.calls import Subjects, operation_of
from sandbox.zuora_orders.errors import (
    DEFAULT_VERSION,
    ZuoraError,
    parse_version,
    reasons,
    request_id,
)
from sandbox.zuora_orders.idempotency import KeptAnswers
from sandbox.zuora_orders.messages import Language
from sandbox.zuora_orders.traffic import Traffic
from sandbox.zuora_orders.trouble import RATE_LIMIT, WORK_SECONDS

KEY_LENGTH = 255
COMPRESSED_FROM = 1000
_LOCKING = ("order", "preview", "delete order")
_QUOTA = {
    "RateLimit-Limit": RATE_LIMIT,
    "RateLimit-Remaining": "49999",
    "RateLimit-Reset": "60",
}


class Guards:
    """The API's middleware, in the order a call passes through it."""

    def __init__(
        self,
        access: Access,
        subjects: Subjects,
        traffic: Traffic,
        *,
        now: Callable[[], datetime],
        language: Callable[[], Language],
    ) -> None:
        self.kept = KeptAnswers()
        self._access = access
        self._subjects = subjects
        self._traffic = traffic
        self._now = now
        self._language = language

    def before_trouble(self) -> list[Middleware]:
        """All middleware in front of the trouble inside the API."""
        refusing = self.refusing()
        return [
            self._signing(),
            refusing,
            self._checking(),
            self._authorizing(),
            self._keeping(),
            refusing,
            self._locking(),
        ]

    def refusing(self) -> Middleware:
        """Turns refusals into answers; the gateway answers calls without a route."""

        @web.middleware
        async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            except ZuoraError as error:
                return error.response(request, self._language())
            except web.HTTPMethodNotAllowed:
                wrong = ZuoraError(45, "not allowed", status=405, method=request.method)
                return wrong.response(request, self._language())
            except web.HTTPNotFound:
                body = {"message": "no Route matched with those values"}
                return web.json_response(body, status=404)

        return refuse

    def _signing(self) -> Middleware:
        @web.middleware
        async def sign(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            _sign(request, response)
            long = isinstance(response, web.Response) and len(_body(response)) > COMPRESSED_FROM
            if long and "gzip" in request.headers.get("Accept-Encoding", ""):
                response.enable_compression(web.ContentCoding.gzip)
            return response

        return sign

    def _checking(self) -> Middleware:
        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            track_id = request.headers.get("Zuora-Track-Id", "")
            if not is_track_id(track_id):
                raise ZuoraError(20, "invalid value", field="Zuora-Track-Id", value=track_id)
            version = request.headers.get("Zuora-Version", DEFAULT_VERSION)
            if _is_v1(request) and parse_version(version) is None:
                raise ZuoraError(20, "invalid value", field="Zuora-Version", value=version)
            return await handler(request)

        return check

    def _authorizing(self) -> Middleware:
        @web.middleware
        async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
            if _is_v1(request):
                scheme, _, token = request.headers.get("Authorization", "").partition(" ")
                if scheme.lower() != "bearer" or not self._access.tokens.valid(token):
                    raise ZuoraError(11, "sign in")
                request[CLIENT] = self._access.tokens.client_name(token) or ""
            return await handler(request)

        return authorize

    def _keeping(self) -> Middleware:
        @web.middleware
        async def keep(request: web.Request, handler: Handler) -> web.StreamResponse:
            key = request.headers.get("Idempotency-Key")
            if key is None or not _is_v1(request):
                return await handler(request)
            _check_key(request, key)
            known = self.kept.begin(key, request, self._now())
            if isinstance(known, int):
                return reasons(request, [], known)
            return known or await self._kept(key, request, handler)

        return keep

    async def _kept(self, key: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except BaseException:
            self.kept.forget(key)
            raise
        _sign(request, response)
        self.kept.keep(key, response)
        return response

    def _locking(self) -> Middleware:
        @web.middleware
        async def lock(request: web.Request, handler: Handler) -> web.StreamResponse:
            operation, _ = operation_of(request)
            seconds = request.get(WORK_SECONDS, 0.0)
            if operation not in _LOCKING:
                await asyncio.sleep(seconds)
                return await handler(request)
            with self._traffic.passing(self._subjects.numbers(request, await request.read())):
                await asyncio.sleep(seconds)
                return await handler(request)

        return lock


def is_track_id(text: str) -> bool:
    """Whether Zuora accepts the text as a Zuora-Track-Id."""
    return len(text) <= 64 and text.isascii() and not set(text) & set(":;\"'")


def _check_key(request: web.Request, key: str) -> None:
    if request.method not in ("POST", "PATCH"):
        raise ZuoraError(20, "key not allowed", status=400, method=request.method)
    if not 0 < len(key) <= KEY_LENGTH:
        raise ZuoraError(20, "too long", field="Idempotency-Key", limit=KEY_LENGTH)


def _is_v1(request: web.Request) -> bool:
    return request.path.startswith("/v1/")


def _sign(request: web.Request, response: web.StreamResponse) -> None:
    headers = {"Zuora-Request-Id": request_id(request)}
    track_id = request.headers.get("Zuora-Track-Id")
    if track_id and is_track_id(track_id):
        headers["Zuora-Track-Id"] = track_id
    if _is_v1(request):
        headers.update(_QUOTA)
    for name, value in headers.items():
        response.headers.setdefault(name, value)


def _body(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""
