"""An aiohttp application served on the loopback interface."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from aiohttp import web

LOOPBACK = "127.0.0.1"
# A handler that a fault delays must not delay the end of a test.
SHUTDOWN_SECONDS = 0.2


class HttpServer:
    """Serves an application on 127.0.0.1; a server that is restarted keeps its port."""

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
        self.port = port

    @property
    def url(self) -> str:
        """The address without a path; Connect's certificate is valid for it."""
        scheme, host = ("https", "localhost") if self._ssl_context else ("http", LOOPBACK)
        return f"{scheme}://{host}:{self.port}"

    async def start(self) -> None:
        """Listen; the first time on an ephemeral port, unless a port was given."""
        self._runner = web.AppRunner(
            self._build(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self.port, ssl_context=self._ssl_context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every connection and stop listening; a stopped server refuses connections."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            connections = runner.server.connections if runner.server else []
            transports = [connection.transport for connection in connections]
            await runner.cleanup()
            await _abort([transport for transport in transports if transport])


async def _abort(transports: list[asyncio.Transport]) -> None:
    """Free the sockets of closed connections.

    The TLS ones otherwise wait half a minute for a farewell that a client which does not read at
    the moment never says, and outlive their event loop.
    """
    for transport in transports:
        transport.abort()
    for _ in range(2):  # TLS is told first, then its socket
        await asyncio.sleep(0)
