"""What partners, customers and vendors have written: the page shows it, and it does no harm."""

from __future__ import annotations

import time

import pytest

from sandbox.connect.objects import DISTRIBUTOR, VENDOR, Customer, Parameter

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7 * 7 }} </textarea>"
CONTROL = "\x00\x08\x1b[31m \x85 \u2028 \u202e"
LONG = "x" * 20_000


def cancelled(desk, *more: Parameter) -> tuple[str, str]:
    """A new subscription of a customer whose name is markup, and its cancel request."""
    customer = Customer(MARKUP, email=MARKUP)
    asset_id = desk.connect.create_subscription(MARKUP, customer=customer, more=more)
    return asset_id, desk.connect.create_cancel_request(asset_id)


async def test_markup_is_shown_as_text_wherever_it_stands(desk):
    desk.vendor.add(MARKUP)
    desk.connect.environment.declare([{"name": MARKUP, "initial_value": MARKUP}])
    desk.connect.set_variable(MARKUP, f"\n{MARKUP}")
    asset_id, request_id = cancelled(desk, Parameter(MARKUP, MARKUP))
    desk.connect.say(request_id, MARKUP, "message", DISTRIBUTOR)
    desk.connect.say(request_id, MARKUP, "private", VENDOR)
    desk.connect.say(request_id, f"{MARKUP} [connect-ext cancel 1 sent]", "private", VENDOR)
    desk.connect.agent_fail(request_id, MARKUP)
    for path in (
        "/subscriptions",
        f"/subscriptions/{asset_id}",
        f"/subscriptions/{asset_id}/cancel",
        "/requests",
        f"/requests/{request_id}",
        "/vendor",
        "/variables",
    ):
        page = await desk.get(path)
        assert page.status == 200
        assert page.values("//script[not(@src)] | //img | //@onerror") == [], path
        assert MARKUP in page.values("string(/)"), path


async def test_control_characters_and_half_a_surrogate_pair_are_shown(desk):
    asset_id, request_id = cancelled(desk, Parameter("more", f"{CONTROL} \ud800"))
    desk.connect.say(request_id, f"before {CONTROL} \ud800 after", "message", DISTRIBUTOR)
    for path in (f"/requests/{request_id}", f"/subscriptions/{asset_id}"):
        page = await desk.get(path)
        assert page.status == 200
        assert "\\ud800" in page.text


async def test_a_parameter_without_a_value_is_blank(desk):
    asset_id, _ = cancelled(desk, Parameter("more", None))
    page = await desk.get(f"/subscriptions/{asset_id}")
    assert page.status == 200
    assert "" in page.cells("panel-parameters")


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo"])
async def test_the_first_and_the_last_day_of_the_calendar_are_shown(desk, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for date in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"):
            _, request_id = cancelled(desk)
            desk.connect.request(request_id)["effective_date"] = date
            page = await desk.get(f"/requests/{request_id}")
            assert page.status == 200
            assert page.values(f"//time[@datetime='{date}']")
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_of_many_messages_the_newest_are_shown_and_the_rest_is_counted(desk):
    _, request_id = cancelled(desk)
    for number in range(1_250):
        desk.connect.say(request_id, f"message {number}")
    page = await desk.get(f"/requests/{request_id}")
    shown = [each.text_content() for each in page.values("//p[@class='said']")]
    assert shown == [f"message {number}" for number in range(1_150, 1_250)]
    assert "Earlier messages, not shown: 1,150." in page.words("messages")
    assert len(page.values("//*[@id='timeline']//li")) == 400
    assert "Only the newest 400 steps are kept." in page.words("timeline")


async def test_of_a_long_text_the_beginning_is_shown(desk):
    asset_id, request_id = cancelled(desk, Parameter("more", LONG))
    for _ in range(50):
        desk.connect.say(request_id, LONG)
    desk.connect.agent_fail(request_id, LONG)
    for path, times in ((f"/requests/{request_id}", 102), (f"/subscriptions/{asset_id}", 1)):
        page = await desk.get(path)
        assert page.text.count("… and 18,000 more characters") == times
        assert len(page.text) < times * 2_500 + 50_000


async def test_a_message_of_many_blanks_is_read_at_once(desk):
    _, request_id = cancelled(desk)
    begun = time.monotonic()
    desk.connect.say(request_id, f"{' ' * 200_000}.", "private", VENDOR)
    assert time.monotonic() - begun < 10


async def test_a_number_of_a_page_can_have_thousands_of_digits(desk):
    for path in ("/subscriptions", "/requests", "/vendor"):
        assert (await desk.get(f"{path}?page={'9' * 5_000}")).status == 200


@pytest.mark.parametrize("act", ["approve", "reject", "revoke", "forward", "resubmit", "say"])
async def test_nothing_can_be_done_about_a_request_that_is_not_there(desk, act):
    page = await desk.post(
        f"/requests/PR-0000/{act}", text="Hello", type="message", reason="Because."
    )
    assert page.status == 404
    assert "PR-0000" in page.values("string(//main)")


async def test_without_a_template_nobody_approves_and_the_page_says_why(desk):
    product_id = desk.connect.create_product("Without templates", templates=False)
    asset_id = desk.connect.create_subscription("any", product_id=product_id)
    request_id = desk.connect.create_cancel_request(asset_id)
    page = await desk.post(f"/requests/{request_id}/approve")
    assert page.status == 400
    assert "template_id" in page.values("string(//main)")
    assert desk.connect.status(request_id) == "pending"
