"""A thousand requests: lists answer at once, and a burst of changes holds up nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.stage import Stage, Visitors, set_up

MANY = 1000
CHANGED = 300
# On a quiet machine it is a tenth of that; here it is to tell quick from slow, not from quicker.
SLOW_SECONDS = 2.0

WATCH_THE_PAGE = """() => {
  window.longest = 0;
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    window.longest = Math.max(window.longest, now - last);
    last = now;
  }, 10);
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crowded() -> AsyncIterator[Stage]:
    async with set_up(proven=False) as stage:
        for number in range(MANY):
            stage.connect.cancel(f"SUB-{number}")
        yield stage


@pytest.mark.parametrize(
    "path",
    [
        "/requests",
        "/requests?page=20",
        "/requests?q=pr-",
        "/subscriptions",
    ],
)
async def test_a_page_of_a_long_list_comes_at_once(
    crowded: Stage, visitors: Visitors, path: str
) -> None:
    begun = time.perf_counter()
    page = await visitors.open(crowded, path)
    await expect(page.get_by_text(f"of {MANY}")).to_be_visible()
    assert time.perf_counter() - begun < 2 * SLOW_SECONDS
    assert await page.locator("#list tbody tr").count() == 50
    timing = "performance.getEntriesByType('navigation')[0]"
    assert (
        await page.evaluate(f"{timing}.responseEnd - {timing}.requestStart") < SLOW_SECONDS * 1000
    )


async def test_the_pages_of_a_list_lead_from_the_newest_to_the_oldest(
    crowded: Stage, visitors: Visitors
) -> None:
    ids = list(crowded.connect.requests.by_id)
    page = await visitors.open(crowded, "/requests?page=19")
    await page.get_by_role("link", name="Older").click()
    await expect(page.locator("#list tbody a").last).to_have_text(ids[0])
    await expect(page.get_by_role("link", name="Older")).to_have_count(0)
    await page.get_by_role("link", name="Newer").click()
    await expect(page.get_by_text(f"901 to 950 of {MANY}")).to_be_visible()


async def test_a_burst_of_changes_neither_stops_the_page_nor_the_server(
    crowded: Stage, visitors: Visitors
) -> None:
    page = await visitors.open(crowded, "/requests")
    await page.evaluate(WATCH_THE_PAGE)
    late = asyncio.create_task(_longest_pause())
    changed = list(crowded.connect.requests.by_id)[-CHANGED:]
    for request_id in changed:
        crowded.connect.agent_approve(request_id)
        await asyncio.sleep(0)
    begun = time.perf_counter()
    statuses = page.locator("#list tbody .status")
    await expect(statuses).to_have_text(["Approved"] * 50)
    assert time.perf_counter() - begun < 5 * SLOW_SECONDS
    late.cancel()
    assert await late < SLOW_SECONDS
    assert await page.evaluate("longest") < SLOW_SECONDS * 1000


async def _longest_pause() -> float:
    """How late the event loop was at most, until it is cancelled."""
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    except asyncio.CancelledError:
        return longest
