"""Somebody with a browser at the sandbox's page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import lxml.html

from sandbox import Sandbox
from sandbox.portal import Portal
from sandbox.runner_log import RunnerLogs


class Page:
    """An answer of the sandbox's page."""

    def __init__(self, status: int, headers: Any, text: str) -> None:
        self.status, self.headers, self.text = status, headers, text

    @property
    def location(self) -> str:
        """Where a form leads to."""
        assert self.status == 303, self.text
        return self.headers["Location"]

    def words(self, element_id: str) -> str:
        """The text of an element, without line breaks."""
        found = lxml.html.fromstring(self.text).get_element_by_id(element_id)
        return " ".join(found.text_content().split())

    def cells(self, element_id: str) -> list[str]:
        """The texts of the cells of the tables in an element."""
        cells = self.values(f"//*[@id='{element_id}']//td")
        return [" ".join(each.text_content().split()) for each in cells]

    def values(self, path: str) -> list[Any]:
        """What an XPath finds."""
        return lxml.html.fromstring(self.text).xpath(path)


class Desk:
    """A sandbox with its page, and somebody with a browser."""

    def __init__(self, sandbox: Sandbox, portal: Portal, session: aiohttp.ClientSession) -> None:
        self.sandbox, self.portal, self.session = sandbox, portal, session
        self.connect, self.vendor = sandbox.connect, sandbox.vendor
        self.seen: list[Page] = []

    @property
    def url(self) -> str:
        """The page's address, without the slash at its end."""
        return self.portal.url.rstrip("/")

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page."""
        return await self._asked("GET", path, headers=headers)

    async def post(self, path: str, **fields: str) -> Page:
        """Send a form of the page."""
        return await self._asked("POST", path, data=fields, headers={"Origin": self.url})

    async def shows(
        self, path: str, condition: Callable[[Page], bool], timeout: float = 30
    ) -> Page:
        """Look at a page until the condition holds."""
        deadline = time.monotonic() + timeout
        while not condition(page := await self.get(path)):
            assert time.monotonic() < deadline, page.text
            await asyncio.sleep(0.05)
        return page

    async def _asked(self, method: str, path: str, **options: Any) -> Page:
        call = self.session.request(method, f"{self.url}{path}", allow_redirects=False, **options)
        async with call as response:
            self.seen.append(Page(response.status, response.headers, await response.text()))
        return self.seen[-1]


@asynccontextmanager
async def opened(runner: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[Desk]:
    """A sandbox with its page; `runner` has options of the instances that are started there."""
    async with Sandbox(**options) as sandbox, aiohttp.ClientSession() as session:
        logs = RunnerLogs(sandbox.runners)
        portal = Portal(sandbox, logs, partial(sandbox.start_runner, **(runner or {})))
        await portal.start()
        try:
            yield Desk(sandbox, portal, session)
        finally:
            await portal.stop()
