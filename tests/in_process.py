"""The extension without the runner: its real class against the local Connect, over real TLS."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

import httpx
from connect.client import AsyncConnectClient
from connect.client.fluent import _ASYNC_TRANSPORTS
from connect.eaas.core.responses import BackgroundResponse

from connect_ext.connect.client import Session
from connect_ext.events import CancellationApplication
from connect_ext.http.transport import Transport
from connect_ext.shared_state import SharedState
from sandbox import Sandbox

LOG = logging.getLogger("eaas.eventsapp")


class Tenant(Protocol):
    """A vendor whose calendar matters."""

    clock_ahead: timedelta


class Extension:
    """Delivers requests to the extension as the runner does, with a new application for each task.

    Its clock runs by itself, and `clock_seconds` ahead; `let_pass` also moves Connect's and those
    of the tenants.
    """

    def __init__(
        self, sandbox: Sandbox, variables: dict[str, str], tenants: tuple[Tenant, ...] = ()
    ) -> None:
        self.sandbox, self._tenants = sandbox, tenants
        self.variables = {**sandbox.vendor.variables(), **variables}
        self.clock_seconds = 0.0
        self.processes: list[SharedState] = []
        self.begin_new_process()

    def begin_new_process(self, **state: Any) -> None:
        """Start a new process, which remembers nothing; `state` is set in it."""
        trust = self.sandbox.certificates.client_context()
        session = Session(Transport(32, trust))
        own = {
            "now": self.now,
            "clock": self.clock,
            "sleep": self.sleep,
            "connect_session": session,
        }
        state = {**own, **state}
        self.shared = SharedState(**state)
        self.processes.append(self.shared)

        class Application(CancellationApplication):
            shared = self.shared

        self.application = Application

    def clock(self) -> float:
        """The process's own clock, in seconds."""
        return asyncio.get_running_loop().time() + self.clock_seconds

    def now(self) -> datetime:
        """The extension's clock."""
        return datetime.now(timezone.utc) + timedelta(seconds=self.clock_seconds)

    def let_pass(self, seconds: float) -> None:
        """Time passes, for the extension, for Connect and for the tenants."""
        self.clock_seconds += seconds
        for tenant in self._tenants:
            tenant.clock_ahead += timedelta(seconds=seconds)
        self.sandbox.connect.clock.ahead += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Let the pause between two looks of one walk take no time."""
        self.let_pass(seconds)

    def client(self, api_key: str | None = None) -> AsyncConnectClient:
        """A client as the runner makes one for each task, with its retries and its time-outs."""
        connect = self.sandbox.connect
        return AsyncConnectClient(api_key or connect.api_key, endpoint=connect.url, max_retries=3)

    async def deliver(self, request_id: str) -> BackgroundResponse:
        """Deliver once: read the request as the runner does, and hand it to the handler."""
        request = await self.client().requests[request_id].get()
        return await self.handle(request)

    def handle(self, request: Any) -> Awaitable[BackgroundResponse]:
        """Hand a request to the handler of the current process."""
        application = self.application(self.client(), LOG, self.variables)
        handled: Awaitable[BackgroundResponse] = application.handle_asset_cancel_request(request)
        return handled

    async def settle(self, request_id: str, deliveries: int = 30) -> int:
        """Deliver, each time after the countdown, until the task is no longer postponed; returns
        the number of deliveries.
        """
        for delivery in range(1, deliveries + 1):
            response = await self.deliver(request_id)
            if response.status != "reschedule":
                return delivery
            self.let_pass(response.countdown)
        raise AssertionError(f"{request_id} is not settled after {deliveries} deliveries")


@asynccontextmanager
async def running_extension(*tenants: Tenant, **variables: str) -> AsyncIterator[Extension]:
    """A sandbox of its own and the extension in this process."""
    async with Sandbox() as sandbox:
        transport = httpx.AsyncHTTPTransport(verify=sandbox.certificates.client_context())
        # The official client keeps one transport for each endpoint; this one trusts the sandbox.
        _ASYNC_TRANSPORTS[sandbox.connect.url] = transport
        extension = Extension(sandbox, variables, tenants)
        try:
            yield extension
        finally:
            await transport.aclose()
            del _ASYNC_TRANSPORTS[sandbox.connect.url]
            for process in extension.processes:
                await process.aclose()


async def longest_stall(work: Any) -> float:
    """Run the work; returns the longest time for which the event loop stood still meanwhile."""
    loop, longest = asyncio.get_running_loop(), 0.0
    task = asyncio.ensure_future(work)
    while not task.done():
        before = loop.time()
        await asyncio.sleep(0.01)
        longest = max(longest, loop.time() - before - 0.01)
    await task
    return longest
