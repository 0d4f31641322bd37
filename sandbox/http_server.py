"""Serves an aiohttp application on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
import ssl
from asyncio.trsock import TransportSocket
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakKeyDictionary

from aiohttp import web

LOOPBACK = "127.0.0.1"
# A handler that a fault delays must not delay the end of a test.
SHUTDOWN_SECONDS = 0.2


class HttpServer:
    """Serves an application on 127.0.0.1; a restarted server keeps its port."""

    def __init__(
        self,
        build: Callable[[], web.Application],
        *,
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._build = build
        self._ssl_context = ssl_context
        self._runner: web.AppRunner | None = None
        self._sockets: WeakKeyDictionary[asyncio.Transport, TransportSocket] = WeakKeyDictionary()
        self.port = port

    @property
    def url(self) -> str:
        """The address without a path; Connect's certificate is valid for it."""
        scheme, host = ("https", "localhost") if self._ssl_context else ("http", LOOPBACK)
        return f"{scheme}://{host}:{self.port}"

    async def start(self) -> None:
        """Listen; the first time on an ephemeral port, unless a port was given."""
        app = self._build()
        app.on_response_prepare.append(self._remember)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self.port, ssl_context=self._ssl_context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every connection and stop listening; a stopped server refuses connections."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
            await _end(dict(self._sockets))

    async def _remember(self, request: web.Request, _: web.StreamResponse) -> None:
        # aiohttp forgets a connection when it begins to close it.
        if request.transport is not None:
            self._sockets[request.transport] = request.transport.get_extra_info("socket")


async def _end(sockets: dict[asyncio.Transport, TransportSocket]) -> None:
    """Free the sockets of closed connections.

    Otherwise a TLS connection waits half a minute for the client's closing message. A client that
    is dead or not reading never sends it, and the connection outlives its event loop.
    """
    for transport, connection in sockets.items():
        transport.abort()
        # This has no effect on a TLS transport that was closed twice, which aiohttp may do.
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    for _ in range(10):  # TLS is told first, then its socket
        await asyncio.sleep(0)
