"""Real servers on loopback: well-behaved ones (aiohttp), and ones that send raw bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Seen:
    """A request as the server received it."""

    method: str
    path: str
    """As it was on the wire: still encoded, with the query."""
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class WebServer:
    url: str = ""
    seen: list[Seen] = field(default_factory=list)


@asynccontextmanager
async def web_server(handler: Handler) -> AsyncIterator[WebServer]:
    """A server that records its requests and gives the handler's answers."""
    server = WebServer()

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        headers = [(k.decode(), v.decode()) for k, v in request.raw_headers]
        server.seen.append(Seen(request.method, request.raw_path, headers, body))
        return await handler(request)

    runner = web.ServerRunner(web.Server(serve, access_log=None), shutdown_timeout=0.01)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(handler: RawHandler, ssl=None) -> AsyncIterator[str]:
    """A server that sends whatever the handler writes; its connections end with it."""
    tasks: set[asyncio.Task] = set()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client may go at any time
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=ssl)
    scheme = "https" if ssl else "http"
    try:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            # TLS would wait for the client's closing message. A closed connection has no loop.
            with suppress(AttributeError):
                writer.transport.abort()
        for _ in range(2):
            await asyncio.sleep(0)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """The head of a request; a body stays unread."""
    return await reader.readuntil(b"\r\n\r\n")


def speaks(*parts: bytes, pause: float = 0.0, reset: bool = False) -> RawHandler:
    """A handler that reads a request's head, writes these bytes and hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if reset:
            writer.transport.abort()

    return handle


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads everything and never answers."""
    while await reader.read(65536):
        pass
    await asyncio.sleep(3600)


class Silent:
    """`says_nothing`, with an event for when a request has arrived."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        self.is_asked.set()
        await says_nothing(reader, writer)
