"""Open pages show what changes, without a reload."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from sandbox.portal import Portal
from sandbox.runner_log import RunnerLogs
from tests.browser.stage import Stage, Visitors


async def test_a_page_that_somebody_else_has_open_changes_as_well(
    stage: Stage, visitors: Visitors
) -> None:
    request_id = stage.sandbox.cancel()
    subscription_id = stage.connect.request(request_id)["asset"]["id"]
    acting = await visitors.open(stage, f"/requests/{request_id}")
    watching = [
        await visitors.open(stage, f"/requests/{request_id}"),
        await visitors.open(stage, f"/requests?q={request_id}"),
        await visitors.open(stage, f"/subscriptions/{subscription_id}?tab=fulfillment"),
    ]
    for page in watching:
        await _begin_to_watch(page)
    await acting.get_by_role("button", name="Approve").click()
    for page in watching:
        await expect(page.locator("main .status:visible", has_text="Approved")).to_have_count(1)
        await _expect_no_reload(page)


async def test_new_rows_come_in_and_the_focus_stays(stage: Stage, visitors: Visitors) -> None:
    first_id = stage.sandbox.cancel()
    page = await visitors.open(stage, "/requests")
    await _begin_to_watch(page)
    link = page.get_by_role("link", name=first_id)
    await link.focus()
    later_ids = [stage.sandbox.cancel() for _ in range(3)]
    stage.connect.agent_approve(first_id)
    links = page.locator("#list tbody a")
    for place, request_id in enumerate([*reversed(later_ids), first_id]):
        await expect(links.nth(place)).to_have_text(request_id)
    await expect(page.get_by_role("row").filter(has_text=first_id)).to_contain_text("Approved")
    await expect(link).to_be_focused()
    await _expect_no_reload(page)


async def test_what_is_being_typed_stays(stage: Stage, visitors: Visitors) -> None:
    request_id = stage.sandbox.cancel()
    page = await visitors.open(stage, f"/requests/{request_id}")
    await page.get_by_label("Reason").fill("Paid un")
    await page.get_by_label("Write").fill("A half")
    await page.get_by_label("Reason").focus()
    stage.connect.say(request_id, "Hello?")
    await expect(page.locator("#messages")).to_contain_text("Hello?")
    await page.keyboard.type("til May.")
    await expect(page.get_by_label("Reason")).to_have_value("Paid until May.")
    await expect(page.get_by_label("Write")).to_have_value("A half")


async def test_an_open_menu_and_an_open_wizard_learn_that_somebody_else_has_cancelled(
    stage: Stage, visitors: Visitors
) -> None:
    subscription_id = stage.sandbox.new_subscription()
    details = await visitors.open(stage, f"/subscriptions/{subscription_id}")
    wizard = await visitors.open(stage, f"/subscriptions/{subscription_id}/cancel")
    await _begin_to_watch(details)
    await _begin_to_watch(wizard)
    stage.connect.create_cancel_request(subscription_id)
    await details.get_by_role("button", name="Actions").click()
    await expect(details.get_by_role("menuitem", name="Cancel")).to_be_disabled()
    await expect(wizard.get_by_role("button", name="Create Cancel Request")).to_be_disabled()


async def test_a_waiting_request_counts_down(played: Stage, visitors: Visitors) -> None:
    request_id = played.sandbox.cancel(shows_after_seconds=3600.0)
    page = await visitors.open(played, f"/requests/{request_id}")
    await expect(page.locator("#timeline")).to_contain_text("postponed the task")
    seconds = [await _seconds_left(page)]
    while len(seconds) < 3:
        if (now := await _seconds_left(page)) != seconds[-1]:
            seconds.append(now)
        await asyncio.sleep(0.1)
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[0] <= 60
    listed = await visitors.open(played, f"/requests?q={request_id}")
    await expect(listed.get_by_role("row").nth(1)).to_contain_text(re.compile(r"in \d+ s"))


async def test_a_page_comes_back_after_the_sandbox_was_away(
    own_portal: Stage, visitors: Visitors
) -> None:
    request_id = own_portal.sandbox.cancel()
    page = await visitors.open(own_portal, f"/requests/{request_id}")
    await _begin_to_watch(page)
    await own_portal.portal.stop()
    await expect(page.get_by_text("Not connected")).to_be_visible()
    own_portal.connect.agent_approve(request_id)
    await own_portal.portal.start()
    await expect(page.locator("#facts")).to_contain_text("Approved")
    await expect(page.get_by_text("Not connected")).to_have_count(0)
    await _expect_no_reload(page)
    complaints = visitors.forget()
    assert complaints
    assert all("ERR_" in each for each in complaints)


async def test_a_page_that_has_not_listened_for_a_while_catches_up(
    stage: Stage, visitors: Visitors
) -> None:
    request_id = stage.sandbox.cancel()
    page = await visitors.open(stage, f"/requests/{request_id}")
    await _begin_to_watch(page)
    await page.evaluate("disconnect()")
    stage.connect.agent_approve(request_id)
    await page.evaluate("connect()")
    await expect(page.locator("#facts")).to_contain_text("Approved")
    await _expect_no_reload(page)


@pytest_asyncio.fixture(loop_scope="session")
async def own_portal(stage: Stage) -> AsyncIterator[Stage]:
    """A page of this test's own, of the same sandbox."""
    logs = RunnerLogs(stage.sandbox.runners)
    portal = Portal(stage.sandbox, logs, stage.sandbox.start_runner)
    await portal.start()
    yield Stage(stage.sandbox, portal)
    await portal.stop()


async def _begin_to_watch(page: Page) -> None:
    """From now on a reload would be noticed."""
    await page.evaluate("window.isTheSame = true")


async def _expect_no_reload(page: Page) -> None:
    assert await page.evaluate("window.isTheSame")


async def _seconds_left(page: Page) -> int:
    text = await page.locator("#timeline [data-until]").inner_text()
    found = re.fullmatch(r"in (\d+) s", text)
    if found is None:
        pytest.fail(f"no countdown: {text!r}")
    return int(found[1])
