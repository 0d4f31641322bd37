"""The story of a cancelled subscription in the browser, with the official runner."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser.stage import Stage, Visitors

SUBSCRIPTION = re.compile(r"^AS-\d{4}-\d{4}-\d{4}$")


async def test_a_cancelled_preview_subscription_becomes_terminated(
    played: Stage, visitors: Visitors
) -> None:
    page = await visitors.open(played, "/requests")
    await page.get_by_role("link", name="Subscriptions", exact=True).click()
    row = page.get_by_role("row").filter(has_text="Preview").filter(has_text="Active").first
    link = row.get_by_role("link", name=SUBSCRIPTION)
    subscription_id = await link.inner_text()
    await link.click()
    await page.get_by_role("button", name="Actions").click()
    await page.get_by_role("menuitem", name="Cancel").click()
    await page.get_by_role("button", name="Create Cancel Request").click()
    await _watch_it_become_approved(page)
    await page.get_by_role("link", name=subscription_id).click()
    await expect(page.locator("#facts")).to_contain_text("Terminated")
    _cancelled_exactly_once(played, subscription_id)


async def test_the_keyboard_alone_is_enough_to_cancel(played: Stage, visitors: Visitors) -> None:
    subscription_id = played.sandbox.new_subscription()
    page = await visitors.open(played, f"/subscriptions?q={subscription_id}")
    await _tab_to(page, subscription_id)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/subscriptions/{subscription_id}")
    await _tab_to(page, "Actions")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem", name="Cancel")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Actions")).to_be_focused()
    await expect(page.get_by_role("menu")).to_be_hidden()
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cancel")
    await _tab_to(page, "Create Cancel Request")
    await page.keyboard.press("Enter")
    await _watch_it_become_approved(page)
    _cancelled_exactly_once(played, subscription_id)


async def test_the_walk_shows_deliveries_calls_marks_and_waits(
    played: Stage, visitors: Visitors
) -> None:
    request_id = played.sandbox.cancel(shows_after_seconds=3600.0)
    page = await visitors.open(played, f"/requests/{request_id}")
    walk = page.locator("#timeline")
    await expect(walk).to_contain_text("The extension postponed the task")
    titles = await walk.locator("li > p:first-of-type").all_inner_texts()
    assert titles[:2] == ["The request is pending", "Connect queued the task"]
    assert titles[2].startswith("Connect delivered the task to INS-")
    kinds = await walk.get_by_role("listitem").evaluate_all("all => all.map(e => e.className)")
    assert {"request", "task", "call", "mark", "log"} <= set(kinds)
    assert kinds.index("mark") < len(kinds) - kinds[::-1].index("call") - 1
    await expect(walk).to_contain_text(re.compile(r"Connect delivers the task in \d+ s"))
    conversation = page.locator("#messages")
    await expect(conversation).to_contain_text("The cancellation is being sent to the vendor.")
    notes = [each["text"] for each in played.connect.notes(request_id)]
    await expect(conversation.locator("li.private .said")).to_have_text(notes)


async def _watch_it_become_approved(page: Page) -> None:
    """Pending, then Approved and Terminated, on one page that is never loaded again."""
    await page.wait_for_url("**/requests/PR-*")
    await page.evaluate("window.isTheSame = true")
    facts = page.locator("#facts")
    await expect(facts.get_by_text("Pending", exact=True)).to_be_visible()
    await expect(facts.get_by_text("Terminating", exact=True)).to_be_visible()
    await expect(facts.get_by_text("Approved", exact=True)).to_be_visible()
    await expect(facts.get_by_text("Terminated", exact=True)).to_be_visible()
    assert await page.evaluate("window.isTheSame")


async def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this text has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.innerText") == name:
            return
    raise AssertionError(f"Tab never reaches {name}")


def _cancelled_exactly_once(stage: Stage, subscription_id: str) -> None:
    asset = stage.connect.asset(subscription_id)
    [vendor_id] = [each["value"] for each in asset["params"] if each["id"] == "subscription_id"]
    assert asset["status"] == "terminated"
    assert stage.vendor.subscriptions[vendor_id].cancellations == 1
