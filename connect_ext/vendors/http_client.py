"""One HTTP client for each process and configuration: pool, time-outs, size cap, error classes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from connect_ext.errors import Later, NotConfigured, NotDone, OutcomeUnknown
from connect_ext.vendors.circuit_breaker import CircuitBreaker

MAX_ANSWER_BYTES = 5 * 1024 * 1024
MAX_ANSWER_PARTS = 100_000
"""Far more than a subscription has. An answer of 5 MiB that is nothing but brackets would need
forty times its length of memory, and the event loop would stand still while it is read."""

MAX_RETRY_AFTER_SECONDS = 24 * 3600.0
KEEP_ALIVE_SECONDS = 30.0
BUSY = (408, 423, 425, 429)
"""Answers by which a server says that it has not done what it was asked for, yet."""

SENT_AWAY = (429, 500, 502, 503, 504)
"""Answers whose ``Retry-After`` is meant for every caller and not only for the one."""

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


@dataclass(frozen=True)
class Call:
    """One call to a vendor.

    ``name`` is what messages call it, by the variable that describes it, never by its address:
    ``the status request (REST_STATUS_REQUEST)``. ``changes`` says whether the vendor's data may be
    changed by it: then a lost answer is an unknown outcome and not merely a failed question.
    """

    name: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    changes: bool = False


@dataclass(frozen=True)
class Answer:
    """A whole answer, at most ``MAX_ANSWER_BYTES`` long."""

    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> Any:
        """The JSON of the body, or None if there is none that can be read."""
        if has_too_many_parts(self.body, b"[", b"{", b":"):
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def retry_after(self) -> float | None:
        """Seconds of the ``Retry-After`` header, given as seconds or as a date; None without it."""
        return retry_after_seconds(self.headers.get("retry-after", ""), datetime.now(timezone.utc))


class _Progress:
    """Notes when a request begins to leave: from then on the vendor may have got it."""

    begun = False

    async def trace(self, event: str, _info: object) -> None:
        """What httpx calls at each stage of an exchange (its request extension ``trace``)."""
        if event == "http11.send_request_headers.started":
            self.begun = True


class HttpClient:
    """A bounded, pooled client that follows no redirect and remembers no cookie."""

    def __init__(
        self,
        timeout_seconds: float,
        max_concurrency: int,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``timeout_seconds`` bounds one call from its first byte sent to its last byte read."""
        self._timeout_seconds = timeout_seconds
        self._places = asyncio.Semaphore(max_concurrency)
        self._breaker = CircuitBreaker()
        self._client = httpx.AsyncClient(
            # httpx closes the socket of a handshake that its own clock ends, and only then.
            # All else is bounded by the one clock of the whole call.
            timeout=httpx.Timeout(None, connect=0.9 * timeout_seconds),
            limits=httpx.Limits(
                max_connections=max_concurrency,
                max_keepalive_connections=max_concurrency,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
            ),
            transport=transport,
            follow_redirects=False,
            # A compressed answer could grow a thousandfold before the size cap sees it.
            headers={"Accept-Encoding": "identity"},
            # A cookie would be state that one task hands to the next.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    async def send(self, call: Call) -> Answer:
        """Send one call, once, and read its answer.

        Raises ``NotDone`` if the call never left (or changes nothing), ``OutcomeUnknown`` if it
        may have been carried out, ``NotConfigured`` if the call cannot even be formed.
        """
        async with self._places:
            # Only here, so that a queue of calls does not run into a vendor that has gone down.
            if pause := self._breaker.pause_seconds():
                raise NotDone("The vendor is not called for a while: it failed or asked so.", pause)
            begun = self._breaker.begin()
            try:
                answer = await self._send(call)
            except (NotDone, OutcomeUnknown):
                self._breaker.failed(begun)
                raise
            except BaseException:
                self._breaker.abandoned(begun)
                raise
            self._learn_from(answer, begun)
            return answer

    def _learn_from(self, answer: Answer, begun: object) -> None:
        """A SOAP fault comes as an HTTP 500 and is an answer all the same."""
        is_fault = answer.status == 500 and "xml" in answer.headers.get("content-type", "")
        if answer.status in SENT_AWAY and answer.retry_after:
            self._breaker.asked_to_wait(begun, answer.retry_after)
        elif answer.status == 429 or (answer.status >= 500 and not is_fault):
            self._breaker.failed(begun)
        else:
            self._breaker.succeeded(begun)

    async def _send(self, call: Call) -> Answer:
        progress = _Progress()
        try:
            return await asyncio.wait_for(self._exchange(call, progress), self._timeout_seconds)
        # On Python 3.10 this is not the built-in TimeoutError.
        except asyncio.TimeoutError:
            within = f"within {self._timeout_seconds:g} s"
            if not progress.begun:
                raise _never_sent(call, f" {within}") from None
            raise _lost(call, f"gave no answer {within}") from None
        except _NEVER_SENT as error:
            raise _never_sent(call, _why(error)) from None
        except (httpx.InvalidURL, UnicodeError):
            raise NotConfigured(_sentence(f"{call.name} does not make a valid address")) from None
        # A TLS fault in the middle of an answer comes out of httpx as the bare ssl.SSLError.
        except (httpx.HTTPError, OSError) as error:
            raise _lost(call, f"lost its connection ({type(error).__name__})") from None

    async def _exchange(self, call: Call, progress: _Progress) -> Answer:
        async with self._client.stream(
            call.method,
            call.url,
            headers=list(call.headers),
            content=call.content,
            extensions={"trace": progress.trace},
        ) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise unreadable(call, "is compressed although that was declined")
            chunks, size = [], 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > MAX_ANSWER_BYTES:
                    raise unreadable(call, f"is longer than {MAX_ANSWER_BYTES} bytes")
                chunks.append(chunk)
        return Answer(response.status_code, response.headers, b"".join(chunks))

    async def aclose(self) -> None:
        """Close the pool; calls under way end as lost connections."""
        await self._client.aclose()


def has_too_many_parts(body: bytes, *marks: bytes) -> bool:
    """Whether a body has more than ``MAX_ANSWER_PARTS`` of the marks that begin a part."""
    return sum(body.count(mark) for mark in marks) > MAX_ANSWER_PARTS


def unreadable(call: Call, what: str) -> Later:
    """The error for an answer that came and says nothing: ``what`` completes 'the answer …'."""
    return _later(call, f"the answer to {call.name} {what}")


def _never_sent(call: Call, why: str) -> NotDone:
    return NotDone(_sentence(f"{call.name} could not reach the vendor{why}"))


def _lost(call: Call, what: str) -> Later:
    return _later(call, f"{call.name} {what}")


def _later(call: Call, message: str) -> Later:
    return (OutcomeUnknown if call.changes else NotDone)(_sentence(message))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _why(error: httpx.HTTPError) -> str:
    """Tell a refused certificate from a closed port, without the address that the text holds."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return ": its certificate is not trusted"
    if "Name or service not known" in text or "getaddrinfo" in text or "nodename" in text:
        return ": its host name is not known"
    return f" ({type(error).__name__})"


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Read a ``Retry-After`` header (RFC 9110, 10.2.3); None if it is absent or unreadable.

    The result is never negative and at most a day, so that no vendor can park a request for ever.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return min(max(0.0, (moment - now).total_seconds()), MAX_RETRY_AFTER_SECONDS)
