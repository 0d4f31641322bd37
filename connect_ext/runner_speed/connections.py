"""Connections to Connect that are kept open, where the client closes those beyond twenty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import httpx

from connect_ext.runner_speed.runner import CLIENT, RUNNER, loaded


def keep(count: int) -> None:
    """Give the Connect client so many connections that stay open."""
    endpoint = loaded(f"{RUNNER}.config", "ConfigHelper")().get_api_url()
    context = loaded(CLIENT, "_SSL_CONTEXT")
    loaded(CLIENT, "_ASYNC_TRANSPORTS")[endpoint] = Connections(
        httpx.AsyncHTTPTransport(verify=context) for _ in range(count)
    )


class Connections(httpx.AsyncBaseTransport):
    """Lends each call one of its transports; a call waits until one is free.

    Each transport has a single connection. One transport with all of them would search all of
    them whenever a call begins or ends, and close each beyond twenty after its call.
    """

    def __init__(self, transports: Iterable[httpx.AsyncBaseTransport]) -> None:
        self._transports = list(transports)
        # Last in, first out: the connection used last is the likeliest to be alive.
        self._free: asyncio.LifoQueue[httpx.AsyncBaseTransport] = asyncio.LifoQueue()
        for transport in reversed(self._transports):
            self._free.put_nowait(transport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its transport is free again when the answer is closed."""
        transport = await self._free.get()
        try:
            response = await transport.handle_async_request(request)
        except BaseException:
            self._free.put_nowait(transport)
            raise
        stream: Any = response.stream
        response.stream = _Lent(stream, lambda: self._free.put_nowait(transport))
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._transports:
            await transport.aclose()


class _Lent(httpx.AsyncByteStream):
    """An answer's body; closing it gives its transport back."""

    def __init__(self, stream: httpx.AsyncByteStream, give_back: Callable[[], None]) -> None:
        self._stream = stream
        self._give_back: Callable[[], None] | None = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        # httpx closes an answer that was read to its end, and may close it once more.
        give_back, self._give_back = self._give_back, None
        try:
            await self._stream.aclose()
        finally:
            if give_back is not None:
                give_back()
