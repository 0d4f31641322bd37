"""One exchange over aiohttp: one request, sent once, and its answer.

aiohttp's habits that would weaken a promise are switched off here: it resends GET, PUT and DELETE
when a connection breaks, keeps cookies, re-encodes addresses, decompresses, follows redirects, and
takes unsolicited data from a server for the next call's answer (docs/decisions.md, "The
transport").
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.tracing import Trace
from yarl import URL

MAX_LINE_BYTES = 32 * 1024
"""The longest line in the head of an answer; aiohttp accepts at most 128 lines."""

MOST_PIECES = 20_000
"""The most pieces that an answer may consist of: packets, and lines or chunks."""

HEAD_COSTS = 100
"""The number of pieces that a head counts as: a server may send any number of them first (1xx)."""

MOST_LINES_AT_ONCE, SLICE_BYTES = 1000, 4096
"""Data with more lines is parsed in slices, one in each turn of the event loop: all of a vendor's
connections may have such data in the same turn."""

_NOT_OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Headers that aiohttp adds if they are missing."""

# The first match counts.
_ERRORS: tuple[tuple[type[Exception], type[httpx.RequestError]], ...] = (
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
    (OSError, httpx.ReadError),  # ssl.SSLError, above all
)


class Exchanges:
    """Makes exchanges over its own pool of connections."""

    def __init__(
        self, most_connections: int, keep_alive_seconds: float, context: ssl.SSLContext
    ) -> None:
        tracing = aiohttp.TraceConfig()
        tracing.on_request_headers_sent.append(_head_leaves)
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                limit=most_connections,
                keepalive_timeout=keep_alive_seconds,
                ssl=context,
                # aiohttp's other resolver may not be installed, and ignores /etc/hosts.
                resolver=aiohttp.ThreadedResolver(),
            ),
            request_class=_Request,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            trace_configs=[tracing],
            skip_auto_headers=_NOT_OURS,
            auto_decompress=False,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
        )

    async def send(self, request: httpx.Request, proxy: str | None) -> httpx.Response:
        """Send a request; raise httpx's errors."""
        timeout = request.extensions.get("timeout", {})
        with _errors_of_httpx():
            answer = await self._session.request(
                request.method,
                _address(request.url),
                headers=_texts(request.headers),
                data=await request.aread() or None,
                proxy=proxy,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    connect=timeout.get("pool"),
                    sock_connect=timeout.get("connect"),
                    sock_read=timeout.get("read"),
                ),
                trace_request_ctx=request.extensions.get("trace"),
            )
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


class _Request(aiohttp.ClientRequest):
    """A request without the headers that aiohttp adds for a missing body."""

    GET_METHODS = aiohttp.ClientRequest.GET_METHODS | {"DELETE"}


class _Connection(ResponseHandler):
    """A connection that closes when bytes arrive that no call is waiting for."""

    idle = False
    pieces = 0
    """How many pieces of the current call's answer have arrived."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._slices: deque[bytes] = deque()
        self._end: tuple[BaseException | None] | None = None
        """How the connection was lost, kept until the remaining slices are parsed."""

    def data_received(self, data: bytes) -> None:
        # Without data, this is aiohttp resuming with the data that it has held back.
        if not data:
            super().data_received(data)
            return
        # Each piece costs the same, even a single byte; each head costs more.
        lines = data.count(b"\r\n")
        self.pieces += 1 + lines
        if self._payload is None:
            self.pieces += HEAD_COSTS * data.count(b"\nHTTP/1.")
        are_waiting = bool(self._slices)
        size = SLICE_BYTES if lines > MOST_LINES_AT_ONCE else len(data)
        self._slices.extend(data[at : at + size] for at in range(0, len(data), size))
        if not are_waiting:
            self._parse_a_slice()

    def _parse_a_slice(self) -> None:
        body = self._payload
        if self.idle or self.transport is None:
            self._slices.clear()
            self.close()
        elif self.pieces > MOST_PIECES:
            self._slices.clear()
            self.set_exception(aiohttp.ClientPayloadError("The answer has too many pieces."))
        else:
            super().data_received(self._slices[0])
            self._slices.popleft()
        # aiohttp tells only the connection, so a reader of the body would wait for ever. The reader
        # may just have been woken at the end of a chunk: tell it once it waits again.
        if self._exception is not None and body is not None and not body.is_eof():
            error = aiohttp.ClientPayloadError(str(self._exception))
            self._loop.call_soon(body.set_exception, error)
        if self.pieces > MOST_PIECES:
            self.close()  # which forgets the exception
        if self._slices:
            self._loop.call_soon(self._parse_a_slice)
        elif self._end is not None:
            self.connection_lost(*self._end)

    def close(self) -> None:
        """Close the socket now, after TLS's close_notify, without waiting for the server's.

        asyncio would wait for 30 seconds, and on Python 3.10 for ever (docs/decisions.md).
        """
        transport = self.transport
        if transport is not None and not transport.is_closing():
            # close() may deliver more bytes. A second close() there would disarm abort().
            self.transport = None
            transport.close()
            self.transport = transport
        self.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._slices:
            self._end = (exc,)
            return
        transport = self.transport
        super().connection_lost(exc)
        if transport is not None:
            transport.abort()  # or Python 3.10 warns of an unclosed transport (TLS)

    def begin_to_idle(self) -> None:
        self.idle = True

    def is_clean(self) -> bool:
        """Whether no data follows the last answer, and the server has not closed the connection."""
        if self._slices or (self.idle and _is_readable(self.transport)):
            return False
        try:
            rest = self._parser.feed_eof() if self._parser else None
        except (HttpProcessingError, ValueError):
            return False
        return rest is None and not self.should_close


class _Connector(aiohttp.TCPConnector):
    """Provides connections without any data left from an earlier answer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        factory: Any = partial(_Connection, loop=self._loop)
        self._factory = factory

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol: Any = connection.protocol
            if protocol.is_clean():
                protocol.idle, protocol.pieces = False, 0
                connection.add_callback(protocol.begin_to_idle)
                return connection
            was_used = protocol.idle
            connection.close()
            if not was_used:
                raise aiohttp.ClientConnectionError("The server talks before it is asked.")

    async def _wait_for_available_connection(self, *args: Any) -> None:
        try:
            await super()._wait_for_available_connection(*args)
        except BaseException:
            self._release_waiter()  # this call may have been given a place just now
            raise

    def _close(self, **options: Any) -> list[Awaitable[object]]:
        # aiohttp would cancel the waiters, although nobody has cancelled their tasks.
        for waiter in chain.from_iterable(self._waiters.values()):
            if not waiter.done():
                waiter.set_exception(aiohttp.ClientConnectionError("The pool is closed."))
        return super()._close(**options)


class _Body(httpx.AsyncByteStream):
    """An answer's body, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors_of_httpx():
            async for part in self._answer.content.iter_any():
                yield part

    async def aclose(self) -> None:
        """Keep the connection for the next call if the body was read, else close it."""
        self._answer.close()


def _is_readable(transport: asyncio.BaseTransport | None) -> bool:
    """Whether data, or the connection's end, has arrived that the event loop has not seen yet."""
    # On Python 3.10, TLS forgets the socket a moment before it reports the connection lost.
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is None:
        return True
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from resending a request, which it does only after errors of its own types."""
    with _errors_of_httpx():
        return await handler(request)


async def _head_leaves(_session: Any, context: SimpleNamespace, _params: Any) -> None:
    if trace := context.trace_request_ctx:
        await trace("http11.send_request_headers.started", {})


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError) as error:
        meaning = next(meaning for kind, meaning in _ERRORS if isinstance(error, kind))
        raise meaning(str(error)) from error


def _address(url: httpx.URL) -> URL:
    """The address unchanged, except for the credentials, which httpx has put into a header."""
    host, path = url.netloc.decode("ascii"), url.raw_path.decode("ascii")
    return URL(f"{url.scheme}://{host}{path}", encoded=True)


def _texts(headers: httpx.Headers) -> list[tuple[str, str]]:
    return [(name.decode("ascii"), value.decode(headers.encoding)) for name, value in headers.raw]
