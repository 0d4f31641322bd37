"""The vendor's page: what it shows, and what each of its switches does to a call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio

from tests.portal.desk import Desk, opened

REASON = "Only in <writing> & by post."


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def all_off(desk: Desk) -> AsyncIterator[None]:
    yield
    for name in desk.portal.switches.all:
        await desk.portal.switches.turn_off(name)


async def called(desk: Desk, method: str, path: str) -> tuple[int, str | None] | str:
    """What the vendor answers to a call: its HTTP status, and the subscription's status."""
    headers = {"Authorization": f"Bearer {desk.vendor.api_key}"}
    url = f"{desk.vendor.url}/subscriptions/{path}"
    try:
        async with desk.session.request(method, url, headers=headers) as response:
            body = await response.json()
            return response.status, body["error"]["message"] if "error" in body else body.get(
                "status"
            )
    except aiohttp.ServerDisconnectedError:
        return "lost"
    except aiohttp.ClientConnectorError:
        return "refused"


async def turned(desk: Desk, name: str, to: str, **fields: str) -> None:
    page = await desk.post(f"/vendor/switches/{name}", to=to, **fields)
    assert page.location == f"/vendor#switch-{name}"
    button = f"//li[@id='switch-{name}']//button[@role='switch']/@aria-checked"
    assert (await desk.get("/vendor")).values(button) == ["true" if to == "on" else "false"]


async def test_a_subscription_is_shown_with_its_status_of_now_and_its_request_in_connect(desk):
    asset_id = desk.sandbox.new_subscription("V-1", cancelling_seconds=600.0)
    request_id = desk.connect.create_cancel_request(asset_id)
    await called(desk, "POST", "V-1/cancel")
    row = (await desk.get("/vendor")).words("of-V-1")
    assert (
        row
        == f"V-1 Cancelling 1 accepted1 in effect {asset_id}{request_id} Pending Finish Reactivate"
    )
    desk.vendor.move_clock(timedelta(seconds=601))
    row = (await desk.get("/vendor")).words("of-V-1")
    assert row == f"V-1 Cancelled 1 accepted1 in effect {asset_id}{request_id} Pending Reactivate"


async def test_the_newest_calls_are_shown_with_their_answers_and_without_what_is_in_them(desk):
    desk.vendor.calls.clear()
    desk.vendor.add("V-2")
    for _ in range(30):
        await called(desk, "GET", "V-2")
        await called(desk, "GET", "unknown")
    page = await desk.get("/vendor")
    assert len(page.values("//*[@id='call-list']//tbody/tr")) == 50
    first, second = page.values("//*[@id='call-list']//tbody/tr")[:2]
    assert first.text_content().split()[2:] == ["GET", "/subscriptions/unknown", "HTTP", "404"]
    assert second.text_content().split()[2:] == ["GET", "/subscriptions/V-2", "HTTP", "200"]
    assert desk.vendor.api_key not in page.text
    assert "Bearer" not in page.text


async def test_slow_an_accepted_cancellation_shows_later_whenever_the_subscription_was_added(desk):
    desk.vendor.add("S-1")
    await turned(desk, "slow", "on", value="600")
    desk.vendor.add("S-2")
    for each in ("S-1", "S-2"):
        assert await called(desk, "POST", f"{each}/cancel") == (202, None)
        desk.vendor.move_clock(timedelta(seconds=500))
        assert await called(desk, "GET", each) == (200, "active")
        desk.vendor.move_clock(timedelta(seconds=101))
        assert await called(desk, "GET", each) == (200, "cancelled")
    assert "Cancelled" in (await desk.get("/vendor")).words("of-S-2")
    await turned(desk, "slow", "off")
    desk.vendor.add("S-3")
    assert await called(desk, "POST", "S-3/cancel") == (200, "cancelled")


async def test_a_switch_that_is_off_again_leaves_a_subscriptions_own_habit_as_it_was(desk):
    own = desk.vendor.add("S-4", shows_after_seconds=77.0)
    await turned(desk, "slow", "on", value="30")
    await turned(desk, "slow", "on", value="45")
    assert own.shows_after_seconds == 45.0
    await turned(desk, "slow", "off")
    await turned(desk, "slow", "off")
    assert own.shows_after_seconds == 77.0
    assert desk.vendor.add("S-5").shows_after_seconds is None


async def test_503_every_call_is_answered_so_and_nothing_is_done(desk):
    subscription = desk.vendor.add("S-6")
    await turned(desk, "503", "on")
    await turned(desk, "503", "on")
    assert (await called(desk, "GET", "S-6"))[0] == 503
    assert (await called(desk, "POST", "S-6/cancel"))[0] == 503
    assert subscription.orders == 0
    await turned(desk, "503", "off")
    assert await called(desk, "GET", "S-6") == (200, "active")


async def test_lost_answer_the_work_of_a_cancellation_is_done_and_nobody_hears_of_it(desk):
    subscription = desk.vendor.add("S-7")
    await turned(desk, "lost-answer", "on")
    assert await called(desk, "POST", "S-7/cancel") == "lost"
    assert subscription.cancellations == 1
    assert await called(desk, "GET", "S-7") == (200, "cancelled")
    await turned(desk, "lost-answer", "off")
    desk.vendor.add("S-8")
    assert await called(desk, "POST", "S-8/cancel") == (200, "cancelled")


async def test_422_a_cancellation_is_refused_with_the_reason_that_was_typed(desk):
    desk.vendor.add("S-9")
    await turned(desk, "422", "on", value=f"  {REASON} ")
    assert await called(desk, "POST", "S-9/cancel") == (422, REASON)
    page = await desk.get("/vendor")
    assert page.values("//input[@id='value-422']/@value") == [REASON]
    await turned(desk, "422", "off")
    assert await called(desk, "POST", "S-9/cancel") == (200, "cancelled")


async def test_in_progress_a_cancellation_takes_its_time_and_can_be_finished_or_taken_back(desk):
    for each in ("S-10", "S-11"):
        desk.vendor.add(each)
    await turned(desk, "in-progress", "on", value="3600")
    for each in ("S-10", "S-11"):
        assert await called(desk, "POST", f"{each}/cancel") == (200, "cancelling")
    page = await desk.post("/vendor/subscriptions/S-10/finish")
    assert page.location == "/vendor#of-S-10"
    assert await called(desk, "GET", "S-10") == (200, "cancelled")
    await desk.post("/vendor/subscriptions/S-11/reactivate")
    assert await called(desk, "GET", "S-11") == (200, "active")


async def test_down_connections_are_refused_until_it_is_off_again_at_the_same_address(desk):
    desk.vendor.add("S-12")
    before = desk.vendor.url
    await turned(desk, "down", "on")
    await turned(desk, "down", "on")
    assert await called(desk, "GET", "S-12") == "refused"
    await turned(desk, "down", "off")
    assert desk.vendor.url == before
    assert await called(desk, "GET", "S-12") == (200, "active")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("slow", each) for each in ("", "0", "-1", "nan", "inf", "86401", "soon", "1" * 400)),
        ("422", "  "),
        ("422", "x" * 501),
    ],
)
async def test_a_value_that_makes_no_sense_is_refused_and_nothing_is_switched(desk, name, value):
    page = await desk.post(f"/vendor/switches/{name}", to="on", value=value)
    assert page.status == 400
    assert ": expected a " in page.text
    assert not desk.portal.switches.all[name].is_on


async def test_unknown_switches_and_subscriptions_are_not_found(desk):
    assert (await desk.post("/vendor/switches/fire", to="on")).status == 404
    assert (await desk.post("/vendor/subscriptions/nobody/finish")).status == 404


async def test_the_subscriptions_of_zuoras_tenants_are_listed(desk):
    desk.sandbox.zuora.add("A-S1")
    desk.sandbox.zuora.new_version("A-S1", status="Cancelled")
    desk.sandbox.zuora_orders.add("A-S2", status="Pending Activation")
    page = await desk.get("/vendor")
    assert page.cells("of-zuora-soap") == ["A-S1", "Cancelled"]
    assert page.cells("of-zuora") == ["A-S2", "Pending Activation"]


async def test_an_id_is_text_and_no_html(desk):
    desk.vendor.add("<b id='x'>&/ü")
    page = await desk.get("/vendor")
    assert page.values("//*[@id='x']") == []
    finish = await desk.post("/vendor/subscriptions/%3Cb%20id='x'%3E&%2F%C3%BC/finish")
    assert finish.status == 303


async def test_what_is_slow_from_the_command_line_can_be_switched_off():
    async with opened() as desk:
        desk.vendor.defaults["shows_after_seconds"] = 12.5
        desk.vendor.add("S-1")
    async with opened(vendor=desk.vendor) as desk:
        page = await desk.get("/vendor")
        assert page.values("//input[@id='value-slow']/@value") == ["12.5"]
        await turned(desk, "slow", "off")
        assert desk.vendor.subscriptions["S-1"].shows_after_seconds is None


async def test_a_vendor_of_the_users_own_has_no_switches():
    async with opened(own_vendor=True) as desk:
        page = await desk.get("/vendor")
        assert "This is your own vendor" in page.text
        assert page.values("//button | //form") == []
        refused = await desk.post("/vendor/switches/503", to="on")
        assert refused.status == 400
        assert "This is your own vendor" in refused.text
