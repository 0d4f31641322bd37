"""One browser and two sandboxes for all tests of this folder; each test opens pages of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.stage import Stage, Visitors, set_up
from tools import chromium

# An answer comes at once; this is for a machine with other things to do.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder run in the event loop of the session; without a browser, none."""
    ours = [item for item in items if item.path.parent.name == "browser"]
    marks = [pytest.mark.asyncio(loop_scope="session")]
    try:
        chromium.find()
    except chromium.NoChromium as missing:
        marks.append(pytest.mark.skip(reason=str(missing)))
    for item in ours:
        for mark in marks:
            item.add_marker(mark, append=False)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium.launched() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    """Nothing moves here but what people do."""
    async with set_up() as stage:
        yield stage


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def played() -> AsyncIterator[Stage]:
    """The official runner takes each request after a moment in which it is seen pending."""
    async with set_up(runner=True, delivers_after=1.0) as stage:
        stage.sandbox.offer_subscriptions()
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(browser: Browser) -> AsyncIterator[Visitors]:
    """Who looks at the page; on every page that they open nothing may go wrong."""
    visitors = Visitors(browser)
    yield visitors
    await visitors.leave()
    assert visitors.complaints == []
