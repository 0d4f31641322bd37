"""The vendor's switches, the variables and the runners, with the official runner."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.stage import Stage, Visitors


@pytest.fixture
def quick_waits(played: Stage) -> Iterator[None]:
    """The least wait, 30 seconds, takes three."""
    played.connect.tasks.countdown_scale = 0.1
    yield
    played.connect.tasks.countdown_scale = 1.0


async def test_a_switch_makes_a_request_wait_until_it_is_off_again(
    played: Stage, visitors: Visitors, quick_waits: None
) -> None:
    vendor = await visitors.open(played, "/vendor")
    watching = await visitors.open(played, "/vendor")
    await vendor.get_by_role("switch", name="503").focus()
    await vendor.keyboard.press("Space")
    for page in (vendor, watching):
        await expect(page.get_by_role("switch", name="503")).to_be_checked()
    request_id = played.sandbox.cancel()
    page = await visitors.open(played, f"/requests/{request_id}")
    await expect(page.locator("#timeline")).to_contain_text("HTTP 503")
    await expect(page.locator("#timeline")).to_contain_text("The extension postponed the task")
    await watching.get_by_role("switch", name="503").click()
    for each in (vendor, watching):
        await expect(each.get_by_role("switch", name="503")).not_to_be_checked()
    await expect(page.locator("#facts")).to_contain_text("Approved")


async def test_what_is_wrong_with_a_variable_is_said_beside_it_without_a_reload(
    played: Stage, visitors: Visitors
) -> None:
    page = await visitors.open(played, "/variables")
    watching = await visitors.open(played, "/variables")
    await watching.get_by_label("SETTLE_MINUTES").first.fill("4")
    before = played.connect.environment.variables["REST_AUTH"].value
    await _save(page, "REST_AUTH", "bassic")
    for each in (page, watching):
        await expect(_row(each, "REST_AUTH").locator(".says")).to_contain_text("bassic")
        await expect(_field(each, "REST_AUTH")).to_have_attribute("aria-invalid", "true")
    await expect(_field(watching, "SETTLE_MINUTES")).to_have_value("4")
    await expect(_field(watching, "SETTLE_MINUTES")).to_be_focused()
    await _save(page, "REST_AUTH", before)
    for each in (page, watching):
        await expect(each.locator("#opinion")).to_contain_text("no mistake")
    await expect(_field(watching, "REST_AUTH")).to_have_value(before)


async def test_an_instance_is_killed_and_another_one_takes_its_place(
    played: Stage, visitors: Visitors
) -> None:
    page = await visitors.open(played, "/runners")
    old = await page.locator("section.runner", has_text="Running").get_attribute("id")
    await page.get_by_role("button", name=f"Kill {old}", exact=True).click()
    await expect(page.locator(f"#{old} .status")).to_have_text("Ended")
    request_id = played.sandbox.cancel()
    await page.get_by_role("button", name=re.compile("^Start")).click()
    await expect(page.locator("section.runner .status", has_text="Running")).to_be_visible()
    await page.goto(f"/requests/{request_id}")
    await expect(page.locator("#facts")).to_contain_text("Approved")


async def _save(page: Page, name: str, value: str) -> None:
    await _field(page, name).fill(value)
    await _row(page, name).get_by_role("button", name=f"Save {name}").click()


def _field(page: Page, name: str) -> Locator:
    return page.get_by_label(name, exact=True)


def _row(page: Page, name: str) -> Locator:
    return page.locator(".variables li").filter(has=_field(page, name))
