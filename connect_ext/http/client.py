"""The HTTP client of one vendor: pool, queue, time-outs, size limit, and the errors of a call.

The first-byte rule: the outcome of a call that changes something is unknown from the moment that
its first byte may have left until its answer has been read, whatever the exception is called.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import httpx

from connect_ext.cause import Cause
from connect_ext.errors import Later, NotConfigured, NotDone, OutcomeUnknown
from connect_ext.http.bodies import MAX_ANSWER_BYTES, is_compressed, read_json, whole_body
from connect_ext.http.budget import Budget, current_budget
from connect_ext.http.call_times import CallTimes
from connect_ext.http.circuit_breaker import Begun, CircuitBreaker, Standing
from connect_ext.http.counted import counted
from connect_ext.http.exchange_log import logged
from connect_ext.http.places import Places
from connect_ext.http.retry_after import reset_seconds, retry_after_seconds
from connect_ext.http.transport import Transport, why_unreached

MAX_ANSWER_PARTS = 20_000
"""Far more than a subscription has. An answer of 5 MiB with nothing but brackets would need forty
times its length in memory, and seconds to search."""

BUSY = (408, 423, 425, 429)
"""The statuses by which a server says that it has not carried out the call yet."""

SENT_AWAY = (429, 500, 502, 503, 504)
"""The statuses whose ``Retry-After`` is meant for every caller."""

# The errors of httpx, and those that it lets through: ssl.SSLError (an OSError) in the middle of an
# answer, UnicodeError and RuntimeError from lower layers. Any other error is a bug: it propagates,
# and the outcome of the call stays unknown.
_WITHOUT_ANSWER = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError)

_DEFAULTS = (
    ("Accept", "*/*"),
    # A compressed answer could grow a thousandfold before the size limit sees it.
    ("Accept-Encoding", "identity"),
    ("User-Agent", "connect-cancellation-extension"),
)

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"([!-~]([ -~]*[!-~])?)?")


@dataclass(frozen=True)
class Call:
    """One call to a vendor.

    ``name`` is its name in messages, with the variable that describes it and never with its
    address: ``the status request (VARIABLE)``. ``changes``: whether it may change the vendor's
    data; then a lost answer is an unknown outcome, not merely a failed question.
    ``timeout_seconds``: for a call that takes longer than others; 0 means the usual time-out.
    ``counts``: whether its failure says anything about the vendor, and so counts for the pauses; a
    429 always does. ``address`` names the variable that its address comes from.
    """

    name: str
    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    content: bytes | None = field(default=None, repr=False)
    changes: bool = False
    timeout_seconds: float = 0.0
    counts: bool = True
    address: str = ""


@dataclass(frozen=True)
class Answer:
    """A whole answer, at most ``MAX_ANSWER_BYTES`` long."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)

    def json(self, most_parts: int = MAX_ANSWER_PARTS) -> Any:
        """The JSON of the body, or None if it is unreadable or has two members of one name."""
        try:
            return read_json(self.body, most_parts)
        except ValueError:
            return None

    @property
    def retry_after(self) -> float | None:
        """Seconds of the ``Retry-After`` header, which has seconds or a date; None without it.

        A 429 without it may say in ``RateLimit-Reset`` when calls are allowed again.
        """
        now = datetime.now(timezone.utc)
        asked = retry_after_seconds(self.headers.get("retry-after", ""), now)
        if asked is None and self.status == 429:
            return reset_seconds(self.headers.get("ratelimit-reset", ""), now)
        return asked


class _Progress:
    """Notes when a request begins to leave: from then on the vendor may have received it."""

    begun = False

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        """Note a stage of an exchange (httpx's request extension ``trace``)."""
        self.begun = self.begun or event == "http11.send_request_headers.started"


class HttpClient:
    """A bounded, pooled client that follows no redirects and keeps no cookies."""

    def __init__(
        self,
        timeout_seconds: float,
        max_concurrency: int,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``timeout_seconds`` bounds one call from its connection to its last byte read."""
        self._timeout_seconds = timeout_seconds
        self._places = Places(max_concurrency)
        self._breaker = CircuitBreaker()
        self.times = CallTimes()
        # Without an httpx client on top, there are no redirects, cookies or credentials from URLs.
        self._transport = transport or Transport(max_concurrency)

    async def send(self, call: Call) -> Answer:
        """Send one call, once, and read its answer.

        Raises ``NotDone`` if the call never left (or changes nothing), ``OutcomeUnknown`` if it
        may have been carried out, ``NotConfigured`` if the call cannot even be formed. Within a
        ``Budget``, a call is not started unless it can end in time.
        """
        budget = current_budget() or self._budget_of_one_call(call)
        progress = _Progress()
        request = self._formed(call, progress)
        async with self._place(call, budget):
            # Checked after the queue: the vendor may have gone down while this call waited.
            self.raise_if_paused()
            exchange = counted(self._watched(call, request, progress, budget), self.times)
            return await logged(exchange, call, budget.request_id)

    def raise_if_paused(self) -> None:
        """Raise ``NotDone`` if calls are paused."""
        if pause := self._breaker.pause_seconds():
            message = "Calls to the vendor are paused: it keeps failing, or asked us to wait."
            raise NotDone(message, pause, cause=Cause.PAUSED)

    @property
    def standing(self) -> Standing:
        """The state of the circuit breaker now."""
        return self._breaker.standing

    async def prepare(self) -> None:
        """Prepare for the first call, so it takes no longer than others."""
        if isinstance(self._transport, Transport):
            await self._transport.prepare()

    async def aclose(self) -> None:
        """Close the pool; calls under way end as lost connections."""
        await self._transport.aclose()

    def _seconds_for(self, call: Call) -> float:
        return call.timeout_seconds or self._timeout_seconds

    def _budget_of_one_call(self, call: Call) -> Budget:
        """The budget outside a walk: a call may wait for a place as long as it may take."""
        return Budget(asyncio.get_running_loop().time() + 2 * self._seconds_for(call))

    def _formed(self, call: Call, progress: _Progress) -> httpx.Request:
        """The whole request, formed before anything is sent."""
        for name, value in call.headers:
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
                raise NotConfigured(_sentence(f"{call.name} has a header that cannot be sent"))
        try:
            return httpx.Request(
                call.method,
                call.url,
                headers=with_defaults(call.headers),
                content=call.content,
                # A call that may take longer does not wait longer for its connection.
                extensions={
                    "trace": progress.trace,
                    "timeout": {"connect": self._timeout_seconds} if call.timeout_seconds else {},
                },
            )
        except (httpx.InvalidURL, ValueError):
            raise NotConfigured(_sentence(f"{call.name} does not form a valid address")) from None

    @asynccontextmanager
    async def _place(self, call: Call, budget: Budget) -> AsyncIterator[None]:
        """Wait for a place, but only while the call could still end within its budget."""
        left = budget.ends_at - asyncio.get_running_loop().time() - self._seconds_for(call)
        if left < 0:
            message = f"{call.name} is left for the next attempt: it might not finish in time"
            raise NotDone(_sentence(message), cause=Cause.DEADLINE)
        if not await self._places.take(left):
            message = f"{call.name} got no place among the calls that VENDOR_MAX_CONCURRENCY allows"
            raise NotDone(_sentence(message), cause=Cause.BUSY)
        try:
            yield
        finally:
            self._places.give_back()

    async def _watched(
        self, call: Call, request: httpx.Request, progress: _Progress, budget: Budget
    ) -> Answer:
        """Send, and report the result to the circuit breaker."""
        begun = self._breaker.begin(budget.subject)
        try:
            answer = await self._timed(call, request, progress, budget)
        except (NotDone, OutcomeUnknown):
            if call.counts:
                self._breaker.failed(begun)
            else:
                self._breaker.abandoned(begun)
            raise
        except BaseException:
            self._breaker.abandoned(begun)
            raise
        # A vendor that has had too many calls means all calls.
        if call.counts or answer.status == 429:
            self._learn_from(answer, begun)
        else:
            self._breaker.abandoned(begun)
        return answer

    def _learn_from(self, answer: Answer, begun: Begun) -> None:
        """Report an answer to the breaker; a SOAP fault is an answer, despite its HTTP 500."""
        is_fault = answer.status == 500 and "xml" in answer.headers.get("content-type", "")
        if answer.status in SENT_AWAY and answer.retry_after:
            self._breaker.asked_to_wait(begun, answer.retry_after)
        elif answer.status == 429 or (answer.status >= 500 and not is_fault):
            self._breaker.failed(begun)
        else:
            self._breaker.succeeded(begun)

    async def _timed(
        self, call: Call, request: httpx.Request, progress: _Progress, budget: Budget
    ) -> Answer:
        seconds = self._seconds_for(call)
        try:
            return await asyncio.wait_for(self._exchange(call, request, budget), seconds)
        # On Python 3.10 this is not the built-in TimeoutError.
        except asyncio.TimeoutError:
            variable = "" if call.timeout_seconds else " (VENDOR_TIMEOUT_SECONDS)"
            within = f"within {seconds:g} s{variable}"
            if not progress.begun:
                raise _never_sent(call, f" {within}") from None
            raise _later(call, f"{call.name} gave no answer {within}") from None
        except _WITHOUT_ANSWER as error:
            if not progress.begun:
                raise _never_sent(call, why_unreached(error)) from None
            lost = f"the answer to {call.name} was lost ({type(error).__name__})"
            raise _later(call, lost) from None

    async def _exchange(self, call: Call, request: httpx.Request, budget: Budget) -> Answer:
        response = await self._transport.handle_async_request(request)
        try:
            budget.last_status = response.status_code
            if is_compressed(response):
                raise unreadable(call, "is compressed, although that was declined")
            body = await whole_body(response)
        finally:
            await response.aclose()
        if body is None:
            raise unreadable(call, f"is longer than {MAX_ANSWER_BYTES} bytes")
        return Answer(response.status_code, response.headers, body)


def with_defaults(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """The headers that a call is sent with, except those about its body and its host."""
    given = {name.lower() for name, _ in headers}
    return [*(each for each in _DEFAULTS if each[0].lower() not in given), *headers]


def unreadable(call: Call, what: str, *, cause: Cause = Cause.UNREADABLE) -> Later:
    """The error for an unusable answer: ``what`` completes 'the answer to … …'."""
    return _later(call, f"the answer to {call.name} {what}", cause)


def _never_sent(call: Call, why: str) -> NotDone:
    check = f"; check {call.address}" if call.address else ""
    return NotDone(_sentence(f"{call.name} could not reach the vendor{why}{check}"))


def _later(call: Call, message: str, cause: Cause | None = None) -> Later:
    return (OutcomeUnknown if call.changes else NotDone)(_sentence(message), cause=cause)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
