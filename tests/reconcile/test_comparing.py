"""Settled requests and uncancelled subscriptions are looked at, but never changed."""

import pytest

from connect_ext.cause import Cause
from connect_ext.next_steps import NEXT_STEPS
from connect_ext.reconcile.finding import Kind
from sandbox.faults import Respond
from tests.promises.later import VARIABLES, term_end
from tests.reconcile.world import HOURS, found, only, reconciling

DAYS = 24 * HOURS


async def approved(world, **fields):
    """An approved request that had its task; the fields describe the vendor's side."""
    request_id = world.cancel(status="cancelled")
    await world.extension.settle(request_id)
    assert world.connect.status(request_id) == "approved"
    subscription = world.vendor.subscriptions[world.vendor_id(request_id)]
    subscription.status = fields.get("status", "cancelled")
    return request_id


def notes_of_findings(world, request_id):
    texts = [note["text"] for note in world.connect.notes(request_id)]
    return [text for text in texts if "[connect-ext found " in text]


@pytest.mark.parametrize("status", ["active", "draft"])
async def test_an_approved_request_with_an_active_subscription_is_reported_once_on_it(
    world, status
):
    request_id = await approved(world, status=status)
    world.extension.let_pass(2 * HOURS)
    for _ in range(2):
        report = await world.run()
        assert found(report) == {request_id: "still-active"}
        assert only(report).next_step == NEXT_STEPS[Cause.STILL_ACTIVE]
    (note,) = notes_of_findings(world, request_id)
    assert note.endswith("[connect-ext found still-active]")
    assert world.vendor.subscriptions[world.vendor_id(request_id)].cancellations == 0
    assert world.connect.status(request_id) == "approved"


async def test_an_approved_request_with_a_cancelled_subscription_is_not_reported(world):
    request_id = await approved(world)
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert report.findings == {}
    assert report.looked_at["approved requests"] == 1
    assert notes_of_findings(world, request_id) == []


async def test_a_request_approved_a_moment_ago_is_not_compared(world):
    await approved(world, status="active")
    assert (await world.run()).findings == {}


async def test_a_request_approved_before_the_requested_days_is_not_compared(world):
    request_id = await approved(world, status="active")
    world.extension.let_pass(10 * DAYS)
    assert found(await world.run(days=9)) == {}
    assert found(await world.run(days=11)) == {request_id: "still-active"}


async def test_an_approved_request_of_another_environment_is_not_compared(world):
    with world.connect.silently():
        request_id = world.cancel(status="cancelled")
        world.connect.agent_approve(request_id)
    world.vendor.subscriptions[world.vendor_id(request_id)].status = "active"
    world.extension.let_pass(2 * HOURS)
    assert (await world.run()).findings == {}
    assert world.looks(request_id) == 0


async def test_a_subscription_bought_again_with_the_same_id_is_no_loss(world):
    request_id = await approved(world, status="active")
    world.connect.create_subscription(world.vendor_id(request_id))
    world.extension.let_pass(2 * HOURS)
    assert (await world.run()).findings == {}


async def test_an_approved_request_that_cannot_be_compared_says_so(world):
    request_id = await approved(world)
    world.vendor.faults.add("GET", "/subscriptions/", Respond(503))
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert found(report, Kind.NOT_COMPARED) == {request_id: "vendor-error"}
    assert not report.is_whole
    assert not report.needs_person


async def test_a_subscription_that_only_the_vendor_has_ended_is_reported(world):
    await approved(world)  # so that the product is known as ours
    asset_id = world.sandbox.new_subscription("SUB-9", status="cancelled")
    fine = world.sandbox.new_subscription("SUB-8")
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert found(report) == {asset_id: "ended-at-vendor"}
    assert "nobody has asked" in only(report).what
    assert world.connect.asset(asset_id)["status"] == "active"
    assert world.connect.asset(fine)["status"] == "active"
    assert report.looked_at["active subscriptions"] == 2


async def test_a_subscription_unknown_to_the_vendor_is_counted_and_not_reported(world):
    await approved(world)
    world.connect.create_subscription("NOBODY-KNOWS")
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert report.findings == {}
    assert report.looked_at["subscriptions unknown to the vendor"] == 1


async def test_with_many_subscriptions_each_days_run_looks_at_others(world):
    await approved(world)
    made = [world.sandbox.new_subscription(status="cancelled") for _ in range(7)]
    seen = set()
    for _ in range(4):
        world.extension.let_pass(DAYS)
        report = await world.run(subscriptions=2, days=0, products=(world.product,))
        assert report.looked_at["active subscriptions"] == 2
        seen |= found(report).keys()
    assert seen == {*made}


async def test_only_the_requested_things_are_looked_at(world):
    request_id = await approved(world, status="active")
    world.sandbox.new_subscription("SUB-9", status="cancelled")
    world.extension.let_pass(2 * HOURS)
    report = await world.run(days=0, subscriptions=0)
    assert report.findings == {}
    assert world.looks(request_id) == 1  # that of its own task


async def test_a_connect_that_hides_tasks_is_reported_with_the_next_step(world):
    world.cancel()
    world.connect.unreadable.add("tasks")
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert "HTTP 403" in report.problems[0]
    assert "name the products" in report.problems[0]
    report = await world.run(products=(world.product,))
    assert report.problems == []


async def scheduled_until_a_day(world):
    """A request scheduled for the end of the term, old enough to be compared."""
    request_id = world.cancel("SUB-1", term_ends=term_end(world.extension, days=30))
    await world.extension.settle(request_id)
    assert world.connect.status(request_id) == "scheduled"
    world.extension.let_pass(2 * HOURS)
    return request_id


async def test_a_scheduled_request_whose_cancellation_was_undone_is_reported_once():
    async with reconciling(**VARIABLES) as world:
        request_id = await scheduled_until_a_day(world)
        world.vendor.subscriptions["SUB-1"].reactivate()
        for _ in range(2):
            report = await world.run()
            assert found(report) == {request_id: "still-active"}
            assert "was taken back there" in only(report).what
        assert len(notes_of_findings(world, request_id)) == 1
        assert world.connect.status(request_id) == "scheduled"


async def test_a_scheduled_request_with_the_right_end_is_not_reported():
    async with reconciling(**VARIABLES) as world:
        await scheduled_until_a_day(world)
        report = await world.run()
        assert report.findings == {}
        assert report.looked_at["scheduled requests"] == 1


async def test_a_scheduled_request_is_not_compared_before_the_vendor_must_show_its_end():
    async with reconciling(**{**VARIABLES, "SETTLE_MINUTES": "300"}) as world:
        await scheduled_until_a_day(world)
        world.vendor.subscriptions["SUB-1"].reactivate()
        assert (await world.run()).findings == {}
