"""``make screenshots``: plays the sandbox's page in a browser, and writes the pictures of it.

The official runner takes part, so that each picture shows what somebody would see.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, expect

from sandbox.address import DIRECTORY
from tests.browser.stage import Stage, set_up
from tools import chromium
from tools.locks import ROOT

PICTURES = ROOT / "docs/pictures"
WIDE = {"width": 1280, "height": 840}
NARROW = {"width": 400, "height": 800}
# What appears on the page moves for a moment.
SETTLING_SECONDS = 0.7
PATIENCE_MS = 60_000


async def write_pictures() -> None:
    """Write all of them. Raises NoChromium."""
    PICTURES.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with tempfile.TemporaryDirectory() as directory:
        # The page shows where the logs are: as `make sandbox` has them, and not on which machine.
        os.chdir(directory)
        options: dict[str, Any] = {"directory": DIRECTORY, "runner": True, "delivers_after": 2.0}
        async with chromium.launched() as browser, set_up(**options) as stage:
            stage.sandbox.offer_subscriptions()
            await _story(browser, stage)
            await _waiting(browser, stage)
            await _mistake(browser, stage)
            await _kill(browser, stage)


async def _story(browser: Browser, stage: Stage) -> None:
    """A preview subscription is cancelled, step by step."""
    async with _page(browser, stage) as page:
        await page.goto("/subscriptions")
        await _take(page, "portal-story-1-subscriptions")
        subscription = page.get_by_role("link", name="AS-").first
        subscription_id = await subscription.inner_text()
        await subscription.click()
        await page.get_by_role("button", name="Actions").click()
        await _take(page, "portal-story-2-actions")
        await page.get_by_role("menuitem", name="Cancel").click()
        await _take(page, "portal-story-3-confirmation", settling=0.0)
        await page.get_by_role("button", name="Create Cancel Request").click()
        await page.wait_for_url("**/requests/PR-*")
        await _take(page, "portal-story-4-pending", settling=0.0)
        await expect(page.locator("#timeline")).to_contain_text("The task succeeded")
        await _take(page, "portal-story-5-approved")
        request = page.url.partition("?")[0]
        await page.get_by_role("link", name=subscription_id).click()
        await page.get_by_role("tab", name="Fulfillment").click()
        await _take(page, "portal-story-6-terminated")
        await page.goto(request)
        await _take(page, "request-approved-light")
        await page.emulate_media(color_scheme="dark")
        await _take(page, "request-approved-dark")
    async with _page(browser, stage, viewport=NARROW) as page:
        await page.goto(request)
        await _take(page, "portal-narrow")


async def _waiting(browser: Browser, stage: Stage) -> None:
    """The vendor answers 503: the request waits, and the page counts down."""
    request_id = stage.sandbox.cancel()
    async with _page(browser, stage) as page:
        await page.goto("/vendor")
        await page.get_by_role("switch", name="503").click()
        await page.goto(f"/requests/{request_id}")
        await expect(page.locator("#timeline")).to_contain_text("postponed the task")
        await _take(page, "portal-waiting")
        await page.goto("/vendor")
        await _take(page, "portal-vendor")
        await page.get_by_role("switch", name="503").click()


async def _mistake(browser: Browser, stage: Stage) -> None:
    """A variable is misspelt, and the extension says so."""
    async with _page(browser, stage) as page:
        await page.goto("/variables?q=REST_A")
        field = page.get_by_label("REST_AUTH", exact=True)
        right = await field.input_value()
        for value in ("bassic", right):
            await field.fill(value)
            await page.get_by_role("button", name="Save REST_AUTH").click()
            await expect(page.locator("#opinion")).not_to_contain_text("is reading")
            if value != right:
                await _take(page, "portal-variables")


async def _kill(browser: Browser, stage: Stage) -> None:
    """A runner is killed, and another one takes its place."""
    async with _page(browser, stage) as page:
        await page.goto("/runners")
        await page.get_by_role("button", name="Kill INS-0001", exact=True).click()
        await expect(page.locator("#INS-0001 .status")).to_have_text("Ended")
        await page.get_by_role("button", name="Start").click()
        await expect(page.locator("#INS-0002 .status")).to_have_text("Running")
        await _take(page, "portal-runners")


@asynccontextmanager
async def _page(browser: Browser, stage: Stage, **options: Any) -> AsyncIterator[Page]:
    context = await browser.new_context(
        base_url=stage.portal.url, **{"viewport": WIDE, "color_scheme": "light", **options}
    )
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def _take(page: Page, name: str, *, settling: float = SETTLING_SECONDS) -> None:
    await asyncio.sleep(settling)
    path = PICTURES / f"{name}.png"
    await page.screenshot(path=path, animations="disabled", caret="hide")
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    try:
        asyncio.run(write_pictures())
    except chromium.NoChromium as missing:
        sys.exit(str(missing))
