"""What people do on the page takes effect; what Connect refuses is refused here as well."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from sandbox.connect.requests import OPEN
from tests.browser.stage import Stage, Visitors


async def test_approving_by_hand_terminates_the_subscription(
    stage: Stage, visitors: Visitors
) -> None:
    request_id = stage.sandbox.cancel()
    page = await visitors.open(stage, f"/requests/{request_id}")
    await page.get_by_role("button", name="Approve").click()
    await _expect_statuses(page, "Approved", "Terminated")
    assert stage.connect.status(request_id) == "approved"
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)


async def test_rejecting_by_hand_wants_a_reason_and_returns_the_subscription(
    stage: Stage, visitors: Visitors
) -> None:
    request_id = stage.sandbox.cancel()
    page = await visitors.open(stage, f"/requests/{request_id}")
    await page.get_by_role("button", name="Reject").click()
    await expect(page.get_by_label("Reason")).to_be_focused()
    assert stage.connect.status(request_id) == "pending"
    await page.get_by_label("Reason").fill("Paid until May.")
    await page.get_by_role("button", name="Reject").click()
    await _expect_statuses(page, "Failed", "Active")
    assert stage.connect.request(request_id)["reason"] == "Paid until May."
    await expect(page.locator("#timeline")).to_contain_text("Paid until May.")


@pytest.mark.parametrize("way", ["the wizard", "a new subscription"])
async def test_a_form_that_is_on_its_way_is_not_sent_again(
    stage: Stage, visitors: Visitors, way: str
) -> None:
    subscription_id = stage.sandbox.new_subscription()
    path, button = {
        "the wizard": (f"/subscriptions/{subscription_id}/cancel", "Create Cancel Request"),
        "a new subscription": ("/subscriptions/new", "Create"),
    }[way]
    page = await visitors.open(stage, path)
    sent: list[str] = []
    is_sent = asyncio.Event()

    async def slowly(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.url)
            is_sent.set()
            await asyncio.sleep(1)
        await route.continue_()

    await page.route("**/*", slowly)
    box = await page.get_by_role("button", name=button).bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + 5, box["y"] + 5)
    await is_sent.wait()
    await page.mouse.click(box["x"] + 5, box["y"] + 5)
    await expect(page).not_to_have_url(re.compile(re.escape(path)))
    assert len(sent) == 1
    await expect(page.get_by_role("heading", name="That is not possible")).to_have_count(0)


async def test_an_agent_who_comes_second_is_told_that_it_is_settled(
    stage: Stage, visitors: Visitors
) -> None:
    request_id = stage.sandbox.cancel()
    page = await visitors.open(stage, f"/requests/{request_id}")
    # A page that hears of nothing still shows the button.
    await page.evaluate("disconnect()")
    stage.connect.agent_approve(request_id)
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("heading", name="That is not possible")).to_be_visible()
    assert any(each.startswith("4") for each in visitors.forget())


@pytest.mark.parametrize("status", ["terminating", "terminated"])
async def test_the_wizard_refuses_a_subscription_that_is_not_active(
    stage: Stage, visitors: Visitors, status: str
) -> None:
    request_id = stage.sandbox.cancel()
    subscription_id = stage.connect.request(request_id)["asset"]["id"]
    if status == "terminated":
        stage.connect.agent_approve(request_id)
    page = await visitors.open(stage, f"/subscriptions/{subscription_id}")
    await page.get_by_role("button", name="Actions").click()
    await expect(page.get_by_role("menuitem", name="Cancel")).to_be_disabled()
    await page.get_by_role("menuitem", name="Cancel").click(force=True)
    assert page.url.endswith(subscription_id)
    await page.goto(f"/subscriptions/{subscription_id}/cancel")
    await expect(page.get_by_role("button", name="Create Cancel Request")).to_be_disabled()
    await expect(page.get_by_text("Only an active subscription can be cancelled.")).to_be_visible()
    # The server refuses as well, whatever the page offers.
    await page.evaluate("document.querySelector('form.wizard').submit()")
    await expect(page.get_by_role("heading", name="That is not possible")).to_be_visible()
    assert any(each.startswith("4") for each in visitors.forget())
    assert len(stage.connect.requests.of_asset(subscription_id)) == 1


async def test_what_is_written_stands_in_the_conversation(stage: Stage, visitors: Visitors) -> None:
    page = await visitors.open(stage, f"/requests/{stage.sandbox.cancel()}")
    await page.get_by_label("Write").fill("When does it end?")
    await page.get_by_role("button", name="Send").click()
    await page.get_by_label("Write").fill("<b>Ask</b> the vendor & wait.")
    await page.get_by_label("as", exact=True).select_option("the vendor, as a private note")
    await page.get_by_role("button", name="Send").click()
    messages = page.locator("#messages li")
    await expect(messages.locator(".said")).to_have_text(
        ["When does it end?", "<b>Ask</b> the vendor & wait."]
    )
    await expect(messages.nth(0)).not_to_contain_text("Private")
    await expect(messages.nth(1)).to_contain_text("Private")


async def test_a_scheduled_request_goes_on_when_its_day_comes(
    stage: Stage, visitors: Visitors
) -> None:
    request_id = stage.sandbox.cancel()
    stage.connect.requests.schedule(request_id, {"planned_date": "2099-01-31T00:00:00+00:00"})
    page = await visitors.open(stage, f"/requests/{request_id}")
    await _expect_statuses(page, "Scheduled", "Terminating")
    await page.get_by_role("button", name="Reach the planned date").click()
    await _expect_statuses(page, "Pending", "Terminating")


async def test_a_new_preview_subscription_exists_in_connect_and_at_the_vendor(
    stage: Stage, visitors: Visitors
) -> None:
    page = await visitors.open(stage, "/subscriptions")
    await page.get_by_role("link", name="New preview subscription").click()
    await page.get_by_label("Id at the vendor").fill("SUB-BROWSER")
    await page.get_by_label("Status at the vendor").select_option("Draft")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="Subscription details")).to_be_visible()
    await expect(page.get_by_role("cell", name="SUB-BROWSER")).to_be_visible()
    assert stage.vendor.subscriptions["SUB-BROWSER"].status == "draft"


async def test_the_list_finds_by_words_and_by_status(stage: Stage, visitors: Visitors) -> None:
    request_id = stage.sandbox.cancel()
    stage.connect.agent_approve(request_id)
    page = await visitors.open(stage, "/requests")
    await page.get_by_label("Find a request").fill(request_id)
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_role("link", name=request_id)).to_be_visible()
    await page.get_by_label("Status").select_option("Pending")
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_text("Nothing matches.")).to_be_visible()
    await expect(page.get_by_label("Find a request")).to_have_value(request_id)


async def test_without_its_script_the_page_still_cancels(stage: Stage, visitors: Visitors) -> None:
    subscription_id = stage.sandbox.new_subscription()
    page = await visitors.open(
        stage, f"/subscriptions/{subscription_id}", java_script_enabled=False
    )
    await page.get_by_role("tab", name="Fulfillment").click()
    await expect(page.get_by_text("No request yet.")).to_be_visible()
    await page.get_by_role("menuitem", name="Cancel").click()
    await page.get_by_role("button", name="Create Cancel Request").click()
    await _expect_statuses(page, "Pending", "Terminating")
    assert [each["status"] in OPEN for each in stage.connect.requests.of_asset(subscription_id)]


async def _expect_statuses(page: Page, request: str, subscription: str) -> None:
    await expect(page.locator("#facts .status")).to_have_text([request, subscription])
