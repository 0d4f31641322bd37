"""A sandbox with its page, and people who look at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Request

from sandbox import LocalConnect, LocalVendor, Sandbox
from sandbox.portal import Portal
from sandbox.runner_log import RunnerLogs

LOOKING = Path(__file__).with_name("looking.js")


@dataclass(frozen=True)
class Stage:
    """A running sandbox and its page."""

    sandbox: Sandbox
    portal: Portal

    @property
    def connect(self) -> LocalConnect:
        return self.sandbox.connect

    @property
    def vendor(self) -> LocalVendor:
        return self.sandbox.vendor


@asynccontextmanager
async def set_up(*, runner: bool = False, **options: Any) -> AsyncIterator[Stage]:
    """A stage, with the official runner if wanted."""
    async with Sandbox(log_level="DEBUG", **options) as sandbox:
        logs = RunnerLogs(sandbox.runners)
        portal = Portal(sandbox, logs, sandbox.start_runner)
        await portal.start()
        following = asyncio.create_task(logs.follow())
        try:
            if runner:
                await sandbox.start_runner()
            yield Stage(sandbox, portal)
        finally:
            following.cancel()
            await portal.stop()
            for each in sandbox.runners:
                await each.kill()


class Visitors:
    """Opens pages, each in a context of its own, and keeps what goes wrong on any of them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    async def open(self, stage: Stage, path: str = "/", **options: Any) -> Page:
        """A page of somebody who comes now, once it hears of changes."""
        context = await self._browser.new_context(base_url=stage.portal.url, **options)
        self._contexts.append(context)
        await context.add_init_script(path=LOOKING)
        page = await context.new_page()
        self._listen(page, urlsplit(stage.portal.url).netloc)
        await page.goto(path)
        if options.get("java_script_enabled", True):
            await page.evaluate("looking.listening()")
        return page

    async def leave(self) -> None:
        """Close everything."""
        for context in self._contexts:
            await context.close()

    def forget(self) -> list[str]:
        """What has gone wrong so far, because it had to."""
        complaints, self.complaints = self.complaints, []
        return complaints

    def _listen(self, page: Page, host: str) -> None:
        def asked(request: Request) -> None:
            if urlsplit(request.url).netloc != host:
                self.complaints.append(f"asked elsewhere: {request.url}")

        def failed(request: Request) -> None:
            # A page that is left ends what it still waits for.
            if request.failure != "net::ERR_ABORTED":
                self.complaints.append(f"{request.failure}: {urlsplit(request.url).path}")

        page.on("request", asked)
        page.on("requestfailed", failed)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("crash", lambda _: self.complaints.append("crashed"))
        page.on(
            "console",
            lambda message: (
                message.type in ("error", "warning")
                and self.complaints.append(f"console: {message.text}")
            ),
        )
        page.on(
            "response",
            lambda response: (
                response.status >= 400
                and self.complaints.append(f"{response.status}: {urlsplit(response.url).path}")
            ),
        )
