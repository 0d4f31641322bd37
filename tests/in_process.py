"""The extension without the runner: its real class against the local Connect, over real TLS."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
from connect.client import AsyncConnectClient
from connect.client.fluent import _ASYNC_TRANSPORTS
from connect.eaas.core.responses import BackgroundResponse

from connect_ext.events import CancellationApplication
from connect_ext.processing import RecentCancellations, Surroundings
from connect_ext.vendors.registry import close_all
from sandbox import Sandbox

LOG = logging.getLogger("eaas.eventsapp")


class Extension:
    """Delivers requests to the extension as the runner does, one new application for each task.

    Its clock goes on by itself, and by `clock_seconds` further.
    """

    def __init__(self, sandbox: Sandbox, variables: dict[str, str]) -> None:
        self.sandbox = sandbox
        self.variables = {**sandbox.vendor.variables(), **variables}
        self.clock_seconds = 0.0
        self.begin_new_process()

    def begin_new_process(self, **surroundings: Any) -> None:
        """Forget what a process remembers; `surroundings` are set in the new one."""

        class Application(CancellationApplication):
            pass

        recent = RecentCancellations(lambda: time.monotonic() + self.clock_seconds)
        Application.surroundings = Surroundings(now=self.now, recent=recent, **surroundings)
        self.application = Application

    def now(self) -> datetime:
        """The extension's clock."""
        return datetime.now(timezone.utc) + timedelta(seconds=self.clock_seconds)

    def client(self, api_key: str | None = None) -> AsyncConnectClient:
        """A client as the runner makes it for each task: with its retries and its time-outs."""
        connect = self.sandbox.connect
        return AsyncConnectClient(api_key or connect.api_key, endpoint=connect.url, max_retries=3)

    async def deliver(self, request_id: str) -> BackgroundResponse:
        """One delivery: read the request, as the runner does, and hand it to the handler."""
        request = await self.client().requests[request_id].get()
        return await self.handle(request)

    async def handle(self, request: Any) -> BackgroundResponse:
        """Hand a request to the handler."""
        application = self.application(self.client(), LOG, self.variables)
        return await application.handle_asset_cancel_request(request)

    async def settle(self, request_id: str, deliveries: int = 10) -> int:
        """Deliver until the task is not put off any more, each time after its countdown; answer how
        often it was delivered."""
        for delivery in range(1, deliveries + 1):
            response = await self.deliver(request_id)
            if response.status != "reschedule":
                return delivery
            self.clock_seconds += response.countdown
        raise AssertionError(f"{request_id} is not settled after {deliveries} deliveries")


@asynccontextmanager
async def running_extension(**variables: str) -> AsyncIterator[Extension]:
    """A sandbox of its own and the extension in this process."""
    async with Sandbox() as sandbox:
        transport = httpx.AsyncHTTPTransport(verify=sandbox.certificates.client_context())
        # The official client keeps one transport for each end point; this one trusts the sandbox.
        _ASYNC_TRANSPORTS[sandbox.connect.url] = transport
        try:
            yield Extension(sandbox, variables)
        finally:
            await transport.aclose()
            del _ASYNC_TRANSPORTS[sandbox.connect.url]
            await close_all()


async def longest_stall(work: Any) -> float:
    """Run the work and answer for how long at most the event loop stood still meanwhile."""
    loop, longest = asyncio.get_running_loop(), 0.0
    task = asyncio.ensure_future(work)
    while not task.done():
        before = loop.time()
        await asyncio.sleep(0.01)
        longest = max(longest, loop.time() - before - 0.01)
    await task
    return longest
