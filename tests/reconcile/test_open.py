"""Open requests: what is ours and old enough is walked, and nothing else."""

import pytest

from connect_ext.reconcile.finding import Kind
from sandbox.faults import Status
from tests.reconcile.world import HOURS, found, only, reconciling


async def test_a_request_that_its_task_has_lost_is_cancelled_and_approved(world):
    request_id = world.cancel()
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert world.connect.status(request_id) == "approved"
    assert world.cancellations(request_id) == 1
    assert only(report).outcome == "approved"
    assert only(report).kind is Kind.SETTLED
    assert report.is_whole
    assert not report.needs_person


async def test_a_second_run_finds_nothing_more_to_do(world):
    request_id = world.cancel()
    world.extension.let_pass(2 * HOURS)
    await world.run()
    report = await world.run(days=0)
    assert report.findings == {}
    assert world.cancellations(request_id) == 1


async def test_a_request_that_is_cancelled_at_the_vendor_is_approved(world):
    request_id = world.cancel(status="cancelled")
    world.extension.let_pass(2 * HOURS)
    assert only(await world.run()).cause.value == "already-cancelled"
    assert world.connect.status(request_id) == "approved"


async def test_a_request_younger_than_an_hour_is_left_to_its_task(world):
    request_id = world.cancel(status="cancelled")
    world.extension.let_pass(0.9 * HOURS)
    report = await world.run()
    assert world.connect.status(request_id) == "pending"
    assert report.findings == {}
    assert report.looked_at["requests younger than an hour"] == 1


async def test_the_age_of_a_request_is_told_by_connects_clock(world):
    request_id = world.cancel(status="cancelled")
    world.extension.clock_seconds += 5 * HOURS
    await world.run()
    assert world.connect.status(request_id) == "pending"


async def test_a_held_request_is_left_to_a_person(world):
    request_id = world.cancel(status="suspended")
    world.extension.let_pass(2 * HOURS)
    await world.extension.settle(request_id)
    notes = len(world.connect.notes(request_id))
    for _ in range(2):
        finding = only(await world.run())
        assert (finding.kind, finding.cause.value) == (Kind.NEEDS_PERSON, "suspended")
        assert "Resume the subscription" in finding.next_step
    assert len(world.connect.notes(request_id)) == notes
    assert world.connect.status(request_id) == "pending"


async def test_a_refusal_that_is_held_is_not_sent_again():
    async with reconciling(ON_REFUSAL="hold") as world:
        request_id = world.cancel("SUB-1")
        world.vendor.faults.add("DELETE", "/subscriptions/SUB-1", Status(422))
        world.vendor.faults.add("POST", "/subscriptions/SUB-1", Status(422))
        await world.extension.settle(request_id)
        sent = len(world.vendor.cancel_calls("SUB-1"))
        assert sent
        world.extension.let_pass(2 * HOURS)
        assert found(await world.run()) == {request_id: "refused"}
        assert len(world.vendor.cancel_calls("SUB-1")) == sent


async def test_a_held_request_is_approved_once_somebody_has_cancelled_at_the_vendor(world):
    request_id = world.cancel(status="suspended")
    await world.extension.settle(request_id)
    world.extension.let_pass(2 * HOURS)
    world.vendor.subscriptions[world.vendor_id(request_id)].status = "cancelled"
    assert found(await world.run(), Kind.SETTLED) == {request_id: "already-cancelled"}
    assert world.connect.status(request_id) == "approved"


async def test_what_waits_for_the_vendor_needs_nobody_until_people_are_told(world):
    request_id = world.cancel("SUB-1")
    world.vendor.faults.add("GET", "/subscriptions/SUB-1", Status(503), times=1000)
    world.extension.let_pass(2 * HOURS)
    assert found(await world.run(), Kind.WAITS) == {request_id: "vendor-error"}
    world.extension.let_pass(24 * HOURS)
    assert found(await world.run()) == {request_id: "vendor-error"}
    assert len(world.connect.notes(request_id)) == 1


async def test_a_request_without_a_task_here_is_not_touched(world):
    ours, theirs = world.cancel(), world.cancel()
    world.connect.queue.of_object.pop(theirs)
    world.connect.queue.by_id = {
        name: task for name, task in world.connect.queue.by_id.items() if task.object_id != theirs
    }
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert found(report) == {theirs: "no-task"}
    assert world.connect.status(ours) == "approved"
    assert world.connect.status(theirs) == "pending"
    assert world.vendor.calls.matching("GET", f"/subscriptions/{world.vendor_id(theirs)}") == []


async def test_a_product_that_is_named_is_served_without_a_task(world):
    theirs = world.cancel()
    world.connect.queue.of_object.clear()
    world.connect.queue.by_id.clear()
    world.extension.let_pass(2 * HOURS)
    await world.run()
    assert world.connect.status(theirs) == "pending"
    await world.run(products=(world.connect.default_product(),))
    assert world.connect.status(theirs) == "approved"


async def test_wrong_variables_change_nothing_and_are_told(world):
    request_id = world.cancel()
    world.extension.variables["REST_STATUS_PATH"] = "]["
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert "REST_STATUS_PATH" in report.problems[0]
    assert not report.is_whole
    assert world.connect.status(request_id) == "pending"


async def test_a_dry_run_needs_somebody():
    async with reconciling(DRY_RUN="true") as world:
        request_id = world.cancel()
        world.extension.let_pass(2 * HOURS)
        assert found(await world.run()) == {request_id: "dry-run"}
        assert world.cancellations(request_id) == 0


@pytest.mark.parametrize("status", ["scheduled", "pending"])
async def test_a_scheduled_request_is_watched_when_its_day_has_passed(status):
    async with reconciling(WHEN_EFFECTIVE_LATER="schedule") as world:
        request_id = world.cancel("SUB-1", ends_later=True)
        await world.extension.settle(request_id)
        assert world.connect.status(request_id) == "scheduled"
