"""Later cancellations and undone cancellations at the local vendor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from sandbox import LocalVendor, Sandbox, VendorSubscription, faults

CANCEL, UNDO = "/subscriptions/SUB-1/cancel", "/subscriptions/SUB-1/undo_cancellation"
TODAY = datetime.now(timezone.utc).date()
Call = Callable[..., Any]


def day(number: int) -> str:
    """The day this many days from today, as the vendor writes it."""
    return (TODAY + timedelta(days=number)).isoformat()


@pytest.fixture(autouse=True)
def noon(vendor: LocalVendor) -> None:
    """Make it noon at the vendor, so that no test runs across midnight."""
    vendor.clock.ahead = datetime(
        TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=timezone.utc
    ) - datetime.now(timezone.utc)


@pytest.fixture
def vendor() -> LocalVendor:
    return LocalVendor(auth="none")


@pytest.fixture
async def call(vendor: LocalVendor) -> AsyncIterator[Call]:
    """Make a call to the vendor; returns its status and its JSON."""
    await vendor.start()
    async with aiohttp.ClientSession(vendor.url) as session:

        async def make(method: str, path: str, **options: Any) -> Any:
            async with session.request(method, path, **options) as response:
                return response.status, await response.json()

        yield make
    await vendor.stop()


async def shown(call: Call) -> Any:
    status, body = await call("GET", "/subscriptions/SUB-1")
    assert status == 200
    return body


def ending_later(vendor: LocalVendor, **fields: Any) -> VendorSubscription:
    """A subscription that is cancelled and ends in ten days."""
    subscription = vendor.add("SUB-1", **fields)
    assert subscription.try_to_cancel(None, TODAY + timedelta(days=10)) is None
    return subscription


def reason(answer: Any) -> tuple[int, str]:
    status, body = answer
    return status, body["error"]["message"]


async def test_a_subscription_shows_the_dates_of_its_term(vendor: LocalVendor, call: Call) -> None:
    vendor.add("SUB-1", term_ends="2030-12-31", charged_through="2030-03-31")
    assert await shown(call) == {
        "id": "SUB-1",
        "status": "active",
        "term_ends": "2030-12-31",
        "charged_through": "2030-03-31",
    }
    with pytest.raises(ValueError, match="isoformat"):
        vendor.add("SUB-2", term_ends="soon")


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"effective_date": day(10)}},
        {"data": {"effective_date": day(10)}},
        {"json": {"at_period_end": True}},
        {"data": {"at_period_end": "true"}},
    ],
)
async def test_a_cancelled_subscription_ends_on_its_day(
    vendor: LocalVendor, call: Call, body: Any
) -> None:
    subscription = vendor.add("SUB-1", term_ends=day(10))
    expected = {"id": "SUB-1", "term_ends": day(10), "ends_at": day(10)}
    assert await call("POST", CANCEL, **body) == (200, {**expected, "status": "ends_later"})
    vendor.move_clock(timedelta(days=9))
    assert (await shown(call))["status"] == "ends_later"
    vendor.move_clock(timedelta(days=1))
    assert await shown(call) == {**expected, "status": "cancelled"}
    assert (subscription.orders, subscription.cancellations) == (1, 1)


async def test_a_cancellation_for_today_ends_at_once(vendor: LocalVendor, call: Call) -> None:
    vendor.add("SUB-1")
    status, body = await call("POST", CANCEL, json={"effective_date": day(0)})
    assert (status, body["status"], body["ends_at"]) == (200, "cancelled", day(0))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"effective_date": day(-1)}, f"effective_date: {day(-1)} is before today, {day(0)}"),
        (
            {"effective_date": day(11)},
            f"effective_date: {day(11)} is after the end of the term, {day(10)}",
        ),
        ({"effective_date": ""}, "effective_date: expected a date, YYYY-MM-DD"),
        ({"effective_date": None}, "effective_date: expected a date, YYYY-MM-DD"),
        ({"effective_date": "2030-02-30"}, "effective_date: expected a date, YYYY-MM-DD"),
        ({"effective_date": "2030-02-03T00:00:00Z"}, "effective_date: expected a date, YYYY-MM-DD"),
        (
            {"effective_date": day(1), "at_period_end": True},
            "give either effective_date or at_period_end",
        ),
    ],
)
async def test_a_wrong_date_is_refused(
    vendor: LocalVendor, call: Call, body: Any, message: str
) -> None:
    subscription = vendor.add("SUB-1", term_ends=day(10))
    assert reason(await call("POST", CANCEL, json=body)) == (422, message)
    assert (subscription.orders, (await shown(call))["status"]) == (0, "active")


async def test_the_end_of_a_term_must_exist_and_lie_ahead(vendor: LocalVendor, call: Call) -> None:
    subscription = vendor.add("SUB-1")
    body = {"at_period_end": True}
    no_term = "at_period_end: the subscription has no term that ends"
    assert reason(await call("POST", CANCEL, json=body)) == (422, no_term)
    subscription.term_ends = day(-1)
    over = f"at_period_end: the term ended on {day(-1)}"
    assert reason(await call("POST", CANCEL, json=body)) == (422, over)


@pytest.mark.parametrize("time_zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
async def test_today_is_the_day_in_the_vendors_time_zone(time_zone: str) -> None:
    vendor = LocalVendor(auth="none", time_zone=time_zone)
    late = datetime(2030, 3, 31, 20, tzinfo=timezone.utc)
    vendor.clock.ahead = late - datetime.now(timezone.utc)
    expected = late.astimezone(ZoneInfo(time_zone)).date()
    assert vendor.clock.today() == expected
    assert (expected == date(2030, 4, 1)) == (time_zone == "Pacific/Kiritimati")
    subscription = vendor.add("SUB-1")
    subscription.try_to_cancel(None, date(2030, 4, 1))
    ended = time_zone == "Pacific/Kiritimati"
    assert subscription.look().status == ("cancelled" if ended else "ends_later")


async def test_a_later_end_may_show_late_and_the_vendor_may_forget_it_after_the_day(
    vendor: LocalVendor, call: Call
) -> None:
    subscription = vendor.add("SUB-1", shows_after_seconds=3600.0, removed_after_seconds=60.0)
    answer = await call("POST", CANCEL, json={"effective_date": day(10)})
    assert answer == (202, {"ok": True})
    assert (await shown(call))["status"] == "active"
    subscription.finish()
    assert (await shown(call))["status"] == "ends_later"
    vendor.move_clock(timedelta(days=10))
    assert (await shown(call))["status"] == "cancelled"
    vendor.move_clock(timedelta(seconds=61))
    assert (await call("GET", "/subscriptions/SUB-1"))[0] == 404


async def test_the_day_can_be_made_to_come_for_one_subscription(
    vendor: LocalVendor, call: Call
) -> None:
    subscription = ending_later(vendor)
    subscription.end_now()
    found = await shown(call)
    assert (found["status"], found["ends_at"]) == ("cancelled", day(0))
    with pytest.raises(ValueError, match="SUB-1 is cancelled"):
        subscription.end_now()


async def test_a_second_cancellation_before_the_day_is_a_conflict(
    vendor: LocalVendor, call: Call
) -> None:
    subscription = ending_later(vendor)
    assert reason(await call("POST", CANCEL)) == (409, "already cancelled")
    assert subscription.orders == 1


async def test_an_undone_cancellation_leaves_the_subscription_active(
    vendor: LocalVendor, call: Call
) -> None:
    subscription = ending_later(vendor, term_ends=day(30))
    active = {"id": "SUB-1", "status": "active", "term_ends": day(30)}
    assert await call("POST", UNDO, json={}) == (200, active)
    assert reason(await call("POST", UNDO)) == (409, "there is no cancellation to undo")
    vendor.move_clock(timedelta(days=11))
    assert await shown(call) == active
    assert (subscription.undone, len(vendor.undo_calls("SUB-1"))) == (1, 2)
    assert vendor.cancel_calls("SUB-1") == []
    assert (await call("POST", CANCEL))[1]["status"] == "cancelled"
    assert (subscription.orders, subscription.cancellations) == (2, 2)


async def test_an_ended_subscription_cannot_be_restored(vendor: LocalVendor, call: Call) -> None:
    subscription = ending_later(vendor)
    vendor.move_clock(timedelta(days=10))
    assert reason(await call("POST", UNDO)) == (422, "the subscription has ended")
    assert subscription.undone == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "there is no cancellation to undo"),
        ({"shows_after_seconds": 3600.0}, "already being cancelled"),
        ({"cancelling_seconds": 3600.0}, "already being cancelled"),
    ],
)
async def test_an_undo_before_the_cancellation_shows_is_a_conflict(
    vendor: LocalVendor, call: Call, fields: Any, message: str
) -> None:
    subscription = vendor.add("SUB-1", **fields)
    if fields:
        subscription.try_to_cancel(None, TODAY + timedelta(days=10))
    assert reason(await call("POST", UNDO)) == (409, message)


async def test_the_vendor_may_refuse_every_undo_or_be_locked(
    vendor: LocalVendor, call: Call
) -> None:
    refusing = ending_later(vendor, undo_refusal="the last invoice is written")
    assert reason(await call("POST", UNDO)) == (422, "the last invoice is written")
    refusing.undo_refusal = None
    refusing.lock(60.0)
    status, body = await call("POST", UNDO)
    assert (status, body["error"]["code"]) == (409, "subscription_locked")
    vendor.move_clock(timedelta(seconds=61))
    assert (await call("POST", UNDO))[0] == 200
    assert (await call("POST", UNDO.replace("SUB-1", "SUB-2")))[0] == 404
    assert (await call("POST", UNDO, json={"surprise": 1}))[0] == 400


async def test_a_subscription_that_ends_later_may_be_added(vendor: LocalVendor, call: Call) -> None:
    vendor.add("SUB-1", status="ends_later", ends_at=day(10))
    assert (await call("POST", UNDO))[1] == {"id": "SUB-1", "status": "active"}


async def test_an_accepted_undo_may_show_later(vendor: LocalVendor, call: Call) -> None:
    subscription = ending_later(vendor, undo_shows_after_seconds=60.0)
    assert await call("POST", UNDO) == (202, {"ok": True})
    assert ((await shown(call))["status"], subscription.undone) == ("ends_later", 0)
    assert reason(await call("POST", UNDO)) == (409, "already being undone")
    vendor.move_clock(timedelta(seconds=61))
    assert ((await shown(call))["status"], subscription.undone) == ("active", 1)


async def test_an_undo_has_an_idempotency_key_of_its_own(vendor: LocalVendor, call: Call) -> None:
    subscription = vendor.add("SUB-1")
    mine, another = {"Idempotency-Key": "PR-1"}, {"Idempotency-Key": "PR-1-undo"}
    assert (await call("POST", CANCEL, json={"effective_date": day(10)}, headers=mine))[0] == 200
    assert (await call("POST", UNDO, headers=mine))[0] == 400
    first = await call("POST", UNDO, headers=another)
    assert await call("POST", UNDO, headers=another) == first
    assert (first[0], subscription.undone) == (200, 1)


async def test_the_answer_to_an_undo_can_be_lost(vendor: LocalVendor, call: Call) -> None:
    subscription = ending_later(vendor)
    vendor.faults.add("POST", "/undo_cancellation$", faults.DropAfter(), times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await call("POST", UNDO)
    assert (subscription.undone, (await shown(call))["status"]) == (1, "active")


def test_the_variables_for_later_ends_use_the_vendors_own_words() -> None:
    vendor = LocalVendor(statuses={"ends_later": "Ending"})
    variables = vendor.variables_for_later_ends()
    assert variables["REST_CANCELLED_VALUES"] == "cancelled,Ending"
    assert not variables.keys() & vendor.variables().keys()


async def test_the_day_that_comes_for_a_request_comes_at_the_vendor_too() -> None:
    async with Sandbox() as sandbox:
        request_id = sandbox.cancel("SUB-1", status="ends_later", ends_at="2999-12-31")
        planned = {"planned_date": "2999-12-31T00:00:00Z"}
        sandbox.connect.requests.schedule(request_id, planned)
        trust = aiohttp.TCPConnector(ssl=sandbox.certificates.client_context())
        headers = {"Authorization": sandbox.connect.api_key}
        async with aiohttp.ClientSession(connector=trust, headers=headers) as session:
            url = f"{sandbox.connect.control_url}/requests/{request_id}/forward"
            for expected in (200, 400):
                async with session.post(url) as response:
                    assert response.status == expected
        assert sandbox.connect.status(request_id) == "pending"
        assert sandbox.vendor.subscriptions["SUB-1"].status == "cancelled"


async def test_the_day_also_comes_at_both_zuoras_if_a_subscription_waits_for_it() -> None:
    async with Sandbox() as sandbox:
        soap, orders = sandbox.zuora, sandbox.zuora_orders
        later = soap.today() + timedelta(days=90)
        ended = {"status": "Cancelled", "cancelled_date": later, "subscription_end_date": later}
        soap.add("A-S1", **ended)
        orders.add("A-S2", status="Cancelled", subscription_end_date=later)
        soap.add("A-S3")
        orders.add("A-S4")
        for number in ("A-S1", "A-S2", "A-S3", "A-S4"):
            request_id = sandbox.connect.cancel(number)
            planned = {"planned_date": later.isoformat() + "T00:00:00Z"}
            sandbox.connect.requests.schedule(request_id, planned)
            sandbox.day_comes(request_id)
            assert sandbox.connect.status(request_id) == "pending"
        assert soap.subscription("A-S1").cancelled_date == soap.today()
        assert orders.subscription("A-S2").subscription_end_date == orders.today()
        assert soap.subscription("A-S3").status == orders.subscription("A-S4").status == "Active"
        assert orders.subscription("A-S4").subscription_end_date != orders.today()
