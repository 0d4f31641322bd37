"""One call to Connect, without the official client's habits, repeated after a fault of Connect's.

The official client sleeps with ``time.sleep`` between retries, waits three minutes for an answer,
and logs whole bodies at debug level (docs/facts.md, Connect 3.2 and 3.3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from typing import Any

import httpx
from connect.client import AsyncConnectClient, ClientError

from connect_ext.cause import Cause
from connect_ext.errors import Later, NotConfigured, NotDone
from connect_ext.http.aside import aside
from connect_ext.http.bodies import is_compressed, read_json, whole_body
from connect_ext.http.call_times import CallTimes
from connect_ext.http.counted import counted
from connect_ext.http.retry_after import retry_after_seconds
from connect_ext.http.transport import Transport, why_unreached

CALL_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 5.0
CALLS_AT_ONCE = 32
"""How many calls are under way at once; the others queue."""
MAX_ANSWER_PARTS = 100_000
"""A page of a hundred notes has fewer, in any alphabet."""

RETRY_PAUSES_SECONDS = (0.5, 1.0, 2.0)

MAX_HEADER_CHARACTERS = 100
"""A date is shorter, and parsing a long text as a date is slow."""

_BUSY = (408, 425, 429)
_UNREADABLE = (
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
    httpx.HTTPError,
)


@dataclass(frozen=True)
class Reply:
    """An answer of Connect's: an object or a list, and what its headers say."""

    body: dict[str, Any] | list[Any]
    now: datetime
    """Connect's clock; ours if the answer has no readable date."""
    total: int | None = None
    """How many objects a list has on all of its pages."""

    def object(self) -> dict[str, Any]:
        """The body as an object; empty if it is not one."""
        return self.body if isinstance(self.body, dict) else {}

    def objects(self) -> list[dict[str, Any]]:
        """The objects of a list; raises ``NotDone`` if it is not a list of objects."""
        objects = [item for item in self.body if isinstance(item, dict)]
        if not isinstance(self.body, list) or len(objects) < len(self.body):
            raise NotDone("Connect's answer is not a list of objects.", cause=Cause.CONNECT)
        return objects


class ConnectRefusalError(NotConfigured):
    """Connect refuses a call, with a 4xx that is not temporary."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _FaultError(NotDone):
    """Connect failed to serve a call that may be repeated at once."""

    default_cause = Cause.CONNECT


@dataclass
class ConnectClient:
    """Calls to one account's Connect."""

    client: AsyncConnectClient
    pauses: Sequence[float] = field(default=RETRY_PAUSES_SECONDS)
    """Seconds before each retry after a fault of Connect's."""

    async def call(
        self, method: str, path: str, what: str, payload: Mapping[str, str] | None = None
    ) -> Reply:
        """Make one call; ``what`` is its name in messages.

        Raises ``NotDone`` and ``NotConfigured``, never anything that could reject a request.
        """
        for pause in self.pauses:
            try:
                return await self._once(method, path, what, payload)
            except _FaultError as fault:
                if fault.retry_after:
                    raise
            await asyncio.sleep(pause)
        return await self._once(method, path, what, payload)

    async def _once(
        self, method: str, path: str, what: str, payload: Mapping[str, str] | None
    ) -> Reply:
        arguments: dict[str, Any] = {"json": dict(payload)} if payload else {}
        call = self._execute(method, path, arguments)
        try:
            answer, headers = await asyncio.wait_for(call, CALL_TIMEOUT_SECONDS)
        # On Python 3.10 this is not the built-in TimeoutError.
        except asyncio.TimeoutError:
            raise _FaultError(f"Connect gave no answer to {what} in time.") from None
        except ClientError as error:
            raise _error_of(error, what) from None
        # The client parses JSON without catching errors (docs/facts.md, Connect 3.2).
        except _UNREADABLE:
            raise _FaultError(f"Connect's answer to {what} cannot be read.") from None
        # The client returns a page of HTML, or the body of a redirect, as bytes.
        if not isinstance(answer, (dict, list)):
            raise _FaultError(f"Connect's answer to {what} is not JSON.")
        now = date_of(headers) or datetime.now(timezone.utc)
        return Reply(answer, now, _total(headers))

    async def _execute(
        self, method: str, path: str, arguments: dict[str, Any]
    ) -> tuple[Any, Mapping[str, str]]:
        """The answer and its headers, which the client keeps in a context variable."""
        answer = await self.client.execute(method, path, **arguments)
        headers: Mapping[str, str] = getattr(self.client.response, "headers", {})
        return answer, headers


class QuietClient(AsyncConnectClient):  # type: ignore[misc] # the package publishes no types
    """One account's official client over our own connections, without its habits.

    It does not retry, logs no requests, and has our time-outs.
    """

    def __init__(self, client: AsyncConnectClient, session: Session) -> None:
        """Act for the account that one of the runner's clients acts for."""
        read = CALL_TIMEOUT_SECONDS
        super().__init__(
            client.api_key,
            endpoint=client.endpoint,
            default_headers=dict(client.default_headers),
            max_retries=0,
            timeout={"connect": CONNECT_TIMEOUT_SECONDS, "read": read, "pool": read},
            logger=None,
        )
        self._own_session = session

    @property
    def session(self) -> Session:
        """The session that all accounts share: each call's headers have the credentials."""
        return self._own_session


class _Whole(httpx.Response):
    """A whole answer; its JSON is read off the event loop, unlike the official client's."""

    _document: Any = None
    _is_json = False

    def read_json(self) -> None:
        """Read the body as JSON, if it is JSON."""
        with suppress(ValueError):
            self._document, self._is_json = read_json(self.content, MAX_ANSWER_PARTS), True

    def json(self, **_options: Any) -> Any:
        """The JSON that was read; raise ``json.JSONDecodeError`` without it."""
        if not self._is_json:
            raise JSONDecodeError("Connect's answer cannot be read", "", 0)
        return self._document


class Session:
    """The part of an httpx client that the official client needs, without redirects and cookies."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport or Transport(CALLS_AT_ONCE)
        self.times = CallTimes()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: Mapping[str, float],
        json: object = None,
    ) -> httpx.Response:
        """Send one request and read its answer; raise httpx's errors."""
        request = httpx.Request(
            method.upper(),
            url,
            headers={"Accept-Encoding": "identity", **headers},
            json=json,
            extensions={"timeout": timeout},
        )
        whole = await counted(self._exchange(request), self.times)
        await aside(len(whole.content), whole.read_json)
        return whole

    async def _exchange(self, request: httpx.Request) -> _Whole:
        response = await self._transport.handle_async_request(request)
        try:
            body = None if is_compressed(response) else await whole_body(response)
        finally:
            await response.aclose()
        if body is None:
            raise httpx.DecodingError(
                "Connect's answer is too long, or compressed.", request=request
            )
        return _Whole(response.status_code, headers=response.headers, content=body, request=request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def _error_of(error: ClientError, what: str) -> Later:
    status, code = error.status_code, _code(error.error_code)
    if status is None or status < 400:
        cause = error.__cause__
        why = why_unreached(cause) if isinstance(cause, httpx.ConnectError) else ""
        return _FaultError(f"Connect could not be reached for {what}{why}.")
    message = f"Connect answers HTTP {status}{code} to {what}"
    if status >= 500:
        return _FaultError(f"{message}.", _retry_after(error))
    if status in _BUSY:
        return NotDone(f"{message}.", _retry_after(error), cause=Cause.CONNECT)
    if status in (401, 403):
        message = f"{message}: check the extension's token and permissions in the portal."
    else:
        message = f"{message}: check the request and its template in the portal."
    return ConnectRefusalError(message, status)


def _code(error_code: object) -> str:
    """Connect's own error code such as REQ_003; anything else could be any text."""
    known = isinstance(error_code, str) and error_code.isascii() and len(error_code) <= 10
    return f" ({error_code})" if known and str(error_code).replace("_", "").isalnum() else ""


def _retry_after(error: ClientError) -> float | None:
    response = getattr(error.__cause__, "response", None)
    if not isinstance(response, httpx.Response):
        return None
    return retry_after_seconds(response.headers.get("retry-after", ""), datetime.now(timezone.utc))


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """The ``Date`` of an answer; None if it is missing or unreadable."""
    try:
        moment = parsedate_to_datetime(headers.get("Date", "")[:MAX_HEADER_CHARACTERS])
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _total(headers: Mapping[str, str]) -> int | None:
    """The total of ``Content-Range: items 0-9/250``."""
    total = headers.get("Content-Range", "").rpartition("/")[2]
    return int(total[:12]) if total.isascii() and total.isdigit() else None
