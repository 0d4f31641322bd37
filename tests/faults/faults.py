"""Faults for single calls among hundreds, and the points where a process dies."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from sandbox.faults import NOBODY_LISTENS, Fault, FaultPlan, Work
from sandbox.http_server import HttpServer

NameOf = Callable[[web.Request, bytes], str]


def hang_up(request: web.Request) -> web.Response:
    """Resets the connection; nobody receives the answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=NOBODY_LISTENS)


@dataclass(frozen=True)
class Silence:
    """Stays silent for this long, with the work done or not, then hangs up."""

    seconds: float
    after_work: bool = False

    async def __call__(self, request: web.Request, work: Work, /) -> web.StreamResponse:
        if self.after_work:
            await work()
        await asyncio.sleep(self.seconds)
        return hang_up(request)


class Switch:
    """Makes calls to one server go wrong by their names, in one look-up however many there are.

    `name_of` gives a call's name; `faults` holds the faults by name, `hits` counts them, and
    `calls` counts all calls.
    """

    def __init__(self, plan: FaultPlan, name_of: NameOf) -> None:
        self.faults: dict[str, Fault] = {}
        self.hits: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._name_of = name_of
        plan.add("*", "", self)

    async def __call__(self, request: web.Request, work: Work, /) -> web.StreamResponse:
        name = self._name_of(request, await request.read())
        self.calls[name] += 1
        fault = self.faults.get(name)
        if fault is None:
            return await work()
        self.hits[name] += 1
        return await fault(request, work)


class Barrier:
    """Stops calls of many requests, each at its own point, until the process is killed."""

    def __init__(self) -> None:
        self.expected: set[str] = set()
        self.reached: set[str] = set()
        self._killed = asyncio.Event()

    def stop(self, point: str, *, after_work: bool) -> Fault:
        """A fault that stops the first call at a point and lets later ones pass."""
        self.expected.add(point)

        async def stop(request: web.Request, work: Work, /) -> web.StreamResponse:
            if point in self.reached or self._killed.is_set():
                return await work()
            if after_work:
                await work()
            self.reached.add(point)
            await self._killed.wait()
            return hang_up(request)

        return stop

    async def all_reached(self, timeout: float) -> None:
        """Wait until a call stands at every point. Raises TimeoutError, naming the others."""
        deadline = asyncio.get_running_loop().time() + timeout
        while missing := self.expected - self.reached:
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"nobody came to {sorted(missing)}")
            await asyncio.sleep(0.05)

    def release(self) -> None:
        """Release all calls after the kill: nobody waits for their answers any more."""
        self._killed.set()


class Elsewhere:
    """Another host, which should receive nothing and keeps whatever it receives.

    It answers like a vendor whose subscriptions are all cancelled.
    """

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self.received: list[str] = []
        self._server = HttpServer(self._application, ssl_context=ssl_context)

    @property
    def url(self) -> str:
        """Its address, under another name than the vendors' 127.0.0.1."""
        return self._server.url.replace("127.0.0.1", "localhost")

    async def start(self) -> None:
        """Serve."""
        await self._server.start()

    async def stop(self) -> None:
        """Stop serving."""
        await self._server.stop()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.received.append(f"{request.method} {request.path} {dict(request.headers)}")
        return web.json_response({"status": "cancelled"})
