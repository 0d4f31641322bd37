"""Misbehaviour on demand: in front of Zuora's API (its gateway) or inside it.

An answer from inside is kept under the call's Idempotency-Key like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.faults import (
    Delay,
    DropAfter,
    DropBefore,
    Fault,
    FaultPlan,
    Predicate,
    Respond,
    Rule,
    Work,
    html_page,
)
from sandbox.zuora_orders.access import Tokens
from sandbox.zuora_orders.errors import ZuoraError, reasons
from sandbox.zuora_orders.messages import Language

REFUSAL = 58730020
RATE_LIMIT = "2250000, 50000;w=60, 2250000;w=3600, 27000000;w=86400"
# Keys under which a fault leaves instructions in the request for the work inside.
WORK_SECONDS = web.RequestKey("work_seconds", float)
ORDER_STATUS = web.RequestKey("order_status", str)


@dataclass(frozen=True)
class Reasons:
    """Answers with an error's body instead of working, or (`after_work`) after the work."""

    codes: tuple[int, ...]
    text: str
    status: int = 400
    after_work: bool = False

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        if self.after_work:
            await work()
        return reasons(request, [(code, self.text) for code in self.codes], self.status)


@dataclass(frozen=True)
class Refuse:
    """Answers with a refusal in the form of the call's version and in the tenant's language."""

    refusal: ZuoraError
    language: Callable[[], Language]
    after_work: bool = False

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        if self.after_work:
            await work()
        return self.refusal.response(request, self.language())


@dataclass(frozen=True)
class RateLimited:
    """Answers 429 with the limit's headers, which differ for tokens, and no body."""

    reset: str | None

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        headers = {"ratelimit-limit": RATE_LIMIT, "ratelimit-remaining": "0"}
        if request.path == "/oauth/token":
            headers = {"X-RateLimit-Limit-minute": "100", "X-RateLimit-Remaining-minute": "0"}
        elif self.reset is not None:
            headers["ratelimit-reset"] = self.reset
        return await Respond(429, headers=headers)(request, work)


@dataclass(frozen=True)
class TokenRefused:
    """Ends the token of the call, then answers 401."""

    tokens: Tokens
    answer: Fault

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        self.tokens.revoke(request.headers.get("Authorization", "").partition(" ")[2])
        return await self.answer(request, work)


@dataclass(frozen=True)
class ComesBack:
    """Leaves the order with another status, so it does not take effect."""

    status: str

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        request[ORDER_STATUS] = self.status
        return await work()


@dataclass(frozen=True)
class Held:
    """Works once the event is set."""

    event: asyncio.Event

    async def __call__(self, _: web.Request, work: Work) -> web.StreamResponse:
        await self.event.wait()
        return await work()


@dataclass(frozen=True)
class FinishesLater:
    """The work takes `seconds`; the gateway gives up earlier, and the work goes on without it."""

    seconds: float
    gateway_seconds: float
    late: set[asyncio.Task[web.StreamResponse]] = field(repr=False)

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        request[WORK_SECONDS] = self.seconds
        task = asyncio.ensure_future(work())
        self.late.add(task)
        task.add_done_callback(self.late.discard)
        done, _ = await asyncio.wait({task}, timeout=self.gateway_seconds)
        return task.result() if done else await html_page(504)(request, work)


@dataclass(frozen=True)
class Places:
    """The places for a tenant's trouble, and the data it needs."""

    outside: FaultPlan
    inside: FaultPlan
    tokens: Tokens
    language: Callable[[], Language]
    gateway_seconds: Callable[[], float]
    late: set[asyncio.Task[web.StreamResponse]]


class Trouble:
    """Makes the next calls of one operation go wrong: `zuora.on("order").drop_after()`.

    `times` is their number, None for all. The returned rule counts its `hits` and can be removed
    from its plan.
    """

    def __init__(self, places: Places, predicate: Predicate) -> None:
        self._places = places
        self._predicate = predicate

    def do(self, fault: Fault, *, times: int | None = 1) -> Rule:
        """Any fault of `sandbox.faults`, in front of the API."""
        plan = self._places.outside
        return plan.add("*", "", fault, times=times, predicate=self._predicate)

    def _inside(self, fault: Fault, times: int | None) -> Rule:
        plan = self._places.inside
        return plan.add("*", "", fault, times=times, predicate=self._predicate)

    def _refuse(
        self,
        category: int,
        name: str,
        *,
        code: int | None = None,
        after_work: bool = False,
        times: int | None,
    ) -> Rule:
        refusal = ZuoraError(category, name, code=code)
        return self._inside(Refuse(refusal, self._places.language, after_work), times)

    def delay(self, seconds: float, *, times: int | None = 1) -> Rule:
        """Work for this long; meanwhile an order locks its subscriptions and its key."""
        return self._inside(Delay(seconds), times)

    def hold(self, event: asyncio.Event, *, times: int | None = 1) -> Rule:
        """Like `delay`, but until somebody sets the event."""
        return self._inside(Held(event), times)

    def drop_before(self, *, times: int | None = 1) -> Rule:
        """Reset the connection; nothing is done."""
        return self.do(DropBefore(), times=times)

    def drop_after(self, *, times: int | None = 1) -> Rule:
        """Do the work, then reset the connection."""
        return self.do(DropAfter(), times=times)

    def html(self, status: int = 200, *, after_work: bool = False, times: int | None = 1) -> Rule:
        """A page of HTML instead of JSON, such as a proxy sends."""
        return self.do(html_page(status, after_work=after_work), times=times)

    def bad_gateway(self, *, after_work: bool = False, times: int | None = 1) -> Rule:
        """HTTP 504 with a page of HTML."""
        return self.html(504, after_work=after_work, times=times)

    def reasons(
        self,
        *codes: int,
        status: int = 400,
        message: str | None = None,
        after_work: bool = False,
        times: int | None = 1,
    ) -> Rule:
        """An error with any codes under any HTTP status."""
        return self._inside(Reasons(codes, message or "sandbox", status, after_work), times)

    def refuse(
        self, code: int = REFUSAL, message: str | None = None, *, times: int | None = 1
    ) -> Rule:
        """A business refusal, with the status of its category in the call's version."""
        refusal = ZuoraError(code % 100, "refused by rule", code=code)
        if message is not None:
            refusal = ZuoraError(code % 100, "said", code=code, text=message)
        return self._inside(Refuse(refusal, self._places.language), times)

    def locked(self, *, times: int | None = 1) -> Rule:
        """Category 50, HTTP 409; nothing is done."""
        return self._refuse(50, "locked", times=times)

    def temporary_error(self, *, times: int | None = 1) -> Rule:
        """Category 61, HTTP 500; nothing is done."""
        return self._refuse(61, "temporary", times=times)

    def internal_error(self, *, after_work: bool = False, times: int | None = 1) -> Rule:
        """Category 60, HTTP 500."""
        return self._refuse(60, "internal", after_work=after_work, times=times)

    def integration_error(self, *, after_work: bool = False, times: int | None = 1) -> Rule:
        """Category 99, HTTP 500."""
        return self._refuse(99, "integration", after_work=after_work, times=times)

    def denied(self, *, times: int | None = 1) -> Rule:
        """Category 10, HTTP 403: the client's user lacks a permission."""
        return self._refuse(10, "denied", times=times)

    def rate_limited(self, reset: str | None = "600", *, times: int | None = 1) -> Rule:
        """HTTP 429 with the headers of the rate limit and no body; nothing is done."""
        return self.do(RateLimited(reset), times=times)

    def concurrency_limited(self, retry_after: str | None = "30", *, times: int | None = 1) -> Rule:
        """HTTP 429, category 70, with Retry-After; nothing is done."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        refusal = ZuoraError(70, "concurrency", headers=headers, limit=200)
        return self.do(Refuse(refusal, self._places.language), times=times)

    def token_refused(self, *, times: int | None = 1) -> Rule:
        """HTTP 401; the token of the call ends."""
        answer = Refuse(ZuoraError(11, "sign in"), self._places.language)
        return self.do(TokenRefused(self._places.tokens, answer), times=times)

    def finishes_later(
        self, seconds: float, gateway_seconds: float | None = None, *, times: int | None = 1
    ) -> Rule:
        """The order is carried out `seconds` after it came; the gateway answers 504 earlier."""
        gateway = self._places.gateway_seconds() if gateway_seconds is None else gateway_seconds
        return self.do(FinishesLater(seconds, gateway, self._places.late), times=times)

    def comes_back(self, status: str, *, times: int | None = 1) -> Rule:
        """The order is kept as Pending, Draft or Scheduled; its subscriptions do not change."""
        return self._inside(ComesBack(status), times)
