"""Each page can be read in light and dark, and used by the keyboard and on a narrow screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.stage import Stage, Visitors

WIDE, BETWEEN, NARROW = ({"width": width, "height": 800} for width in (1280, 800, 400))
LONG = "Because of a-very-long-word-that-nobody-breaks-" + "x" * 80
PATHS = {
    "subscriptions": "/subscriptions?q={active}",
    "none found": "/subscriptions?q=nothing-like-it",
    "new subscription": "/subscriptions/new",
    "parameters": "/subscriptions/{active}",
    "items": "/subscriptions/{active}?tab=items",
    "details": "/subscriptions/{active}?tab=details",
    "tiers": "/subscriptions/{active}?tab=tiers",
    "fulfillment": "/subscriptions/{rejected_asset}?tab=fulfillment",
    "confirmation": "/subscriptions/{active}/cancel",
    "not to be cancelled": "/subscriptions/{pending_asset}/cancel",
    "requests": "/requests?q={rejected}",
    "pending": "/requests/{pending}",
    "approved": "/requests/{approved}",
    "rejected": "/requests/{rejected}",
    "scheduled": "/requests/{scheduled}",
    "vendor": "/vendor",
    "no runner": "/runners",
    "no value is known": "/variables?q=REST_A",
}
OF_THE_EXTENSION = {"runner": "/runners", "mistake": "/variables?q=REST_A"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ids(stage: Stage) -> AsyncIterator[dict[str, str]]:
    """Requests in every state, with everything that can be said about one, and a bad vendor."""
    connect, new = stage.connect, stage.sandbox.cancel
    names = ("pending", "approved", "rejected", "scheduled")
    requests = {name: new() for name in names}
    connect.agent_approve(requests["approved"])
    connect.agent_fail(requests["rejected"], LONG)
    connect.requests.schedule(requests["scheduled"], {"planned_date": "2099-01-31T00:00:00+00:00"})
    for request_id in requests.values():
        connect.say(request_id, f"{LONG} [connect-ext cancel 0123abcd sending]", "private")
        connect.say(request_id, LONG)
    assets = {f"{name}_asset": connect.request(it)["asset"]["id"] for name, it in requests.items()}
    await stage.portal.switches.turn_on("slow", "30")
    await stage.portal.switches.turn_on("503", "")
    yield {"active": stage.sandbox.new_subscription(), **requests, **assets}
    await stage.portal.switches.turn_off("slow")
    await stage.portal.switches.turn_off("503")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mistaken(played: Stage) -> AsyncIterator[Stage]:
    """The extension has found a mistake."""
    right = played.connect.environment.variables["REST_AUTH"].value
    played.connect.set_variable("REST_AUTH", LONG)
    opinions = played.portal.opinions
    while opinions.newest is None or not opinions.newest.mistakes:
        await asyncio.sleep(0.05)
    yield played
    played.connect.set_variable("REST_AUTH", right)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def looking(
    browser: Browser, stage: Stage, mistaken: Stage
) -> AsyncIterator[tuple[Visitors, Page, Page]]:
    """Somebody who goes from page to page: at nobody's extension, and at one with a mistake."""
    visitors = Visitors(browser)
    yield visitors, await visitors.open(stage), await visitors.open(mistaken)
    await visitors.leave()


@pytest_asyncio.fixture(params=[*PATHS, *OF_THE_EXTENSION], loop_scope="session")
async def page(
    request: pytest.FixtureRequest,
    looking: tuple[Visitors, Page, Page],
    ids: dict[str, str],
) -> AsyncIterator[Page]:
    """Each page in turn."""
    visitors, still, extended = looking
    page = extended if request.param in OF_THE_EXTENSION else still
    path = {**PATHS, **OF_THE_EXTENSION}[request.param]
    await page.goto(path.format(**ids))
    yield page
    assert visitors.forget() == []


async def test_all_text_has_contrast_and_nothing_sticks_out(
    page: Page,
) -> None:
    for button in await page.get_by_role("button", name="Actions").all():
        await button.click()
    for scheme in ("light", "dark"):
        for size in (WIDE, BETWEEN, NARROW):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.set_viewport_size(size)
            found = await page.evaluate("looking.contrasts()")
            assert len(found) >= 10
            assert [each for each in found if each["ratio"] < 4.5] == []
            assert await page.evaluate("looking.stickingOut()") == []


async def test_tab_reaches_every_control_in_the_order_in_which_it_is_seen(
    page: Page,
) -> None:
    for size in (WIDE, NARROW):
        await page.set_viewport_size(size)
        await page.reload()
        wanted = await page.evaluate("looking.focusable()")
        await page.evaluate("looking.follow()")
        for _ in wanted:
            await page.keyboard.press("Tab")
        reached = await page.evaluate("looking.followed")
        assert [each["what"] for each in reached] == wanted
        assert [each["what"] for each in reached if each["ring"] < 2.0] == []
        # The first is above all others, and seen only while it has the focus.
        for before, after in pairwise(reached[1:]):
            assert _is_read_before(before, after), (before, after)


async def test_headings_labels_and_landmarks_say_what_there_is(page: Page) -> None:
    levels = await page.evaluate("looking.headings()")
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise([0, *levels]))
    assert await page.evaluate("looking.nameless()") == []
    await expect(page.get_by_role("main")).to_have_count(1)
    await expect(page.get_by_role("navigation", name="Pages", exact=True)).to_have_count(1)
    used = await page.evaluate("looking.ids()")
    assert len(used) == len(set(used))


async def test_the_first_tab_skips_to_the_content(stage: Stage, visitors: Visitors) -> None:
    page = await visitors.open(stage, "/subscriptions")
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="New preview subscription")).to_be_focused()


async def test_an_address_that_leads_nowhere_says_so(stage: Stage, visitors: Visitors) -> None:
    for path in ("/nothing", "/requests/PR-0000", "/subscriptions/AS-0000"):
        page = await visitors.open(stage, path)
        await expect(page.get_by_role("heading", level=1)).to_have_text("That is not possible")
        assert all("404" in each for each in visitors.forget())


def _is_read_before(before: dict, after: dict) -> bool:
    """Columns from left to right; in a column from above; on a line from the left."""
    if after["bottom"] <= before["top"]:
        return after["left"] >= before["right"]
    is_same_line = after["top"] < before["bottom"]
    return after["left"] >= before["left"] if is_same_line else True
