"""Open requests: only requests that are ours and old enough are walked."""

import pytest

from connect_ext.reconcile.finding import Kind
from sandbox.faults import Respond
from tests.promises.later import VARIABLES, term_end
from tests.reconcile.world import HOURS, found, only, reconciling


@pytest.fixture
async def refusing():
    async with reconciling(ON_REFUSAL="hold") as world:
        yield world


async def test_a_request_that_lost_its_task_is_cancelled_and_approved(world):
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


async def test_a_request_cancelled_at_the_vendor_is_approved(world):
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


async def test_connects_clock_decides_the_age_of_a_request(world):
    request_id = world.cancel(status="cancelled")
    world.extension.clock_seconds += 5 * HOURS
    await world.run()
    assert world.connect.status(request_id) == "pending"


async def test_a_held_request_is_left_to_a_person_and_gets_no_second_note(refusing):
    request_id = refusing.cancel("SUB-1", refusal="It is not paid.")
    await refusing.extension.settle(request_id)
    sent, notes = len(refusing.vendor.cancel_calls("SUB-1")), refusing.connect.notes(request_id)
    assert sent
    refusing.extension.let_pass(2 * HOURS)
    for _ in range(2):
        finding = only(await refusing.run())
        assert (finding.kind, finding.cause.value) == (Kind.NEEDS_PERSON, "refused")
        assert "It is not paid." in finding.what
        assert "resubmit the task" in finding.next_step
    assert len(refusing.vendor.cancel_calls("SUB-1")) == sent
    assert refusing.connect.notes(request_id) == notes
    assert refusing.connect.status(request_id) == "pending"


async def test_a_held_request_is_approved_once_somebody_has_cancelled_at_the_vendor(refusing):
    request_id = refusing.cancel("SUB-1", refusal="It is not paid.")
    await refusing.extension.settle(request_id)
    refusing.extension.let_pass(2 * HOURS)
    refusing.vendor.subscriptions["SUB-1"].status = "cancelled"
    assert found(await refusing.run(), Kind.SETTLED) == {request_id: "already-cancelled"}
    assert refusing.connect.status(request_id) == "approved"


async def test_a_held_request_is_not_rejected_even_if_a_delivery_would_reject_it(world):
    world.extension.variables["ON_REFUSAL"] = "hold"
    request_id = world.cancel("SUB-1", refusal="It is not paid.")
    await world.extension.settle(request_id)
    world.extension.let_pass(2 * HOURS)
    world.extension.variables["ON_REFUSAL"] = "reject"
    assert found(await world.run()) == {request_id: "refused"}
    assert world.connect.status(request_id) == "pending"


async def test_a_request_that_waits_for_the_vendor_needs_nobody_until_people_are_told(world):
    request_id = world.cancel("SUB-1")
    world.vendor.faults.add("GET", "/subscriptions/SUB-1", Respond(503))
    world.extension.let_pass(2 * HOURS)
    assert found(await world.run(), Kind.WAITS) == {request_id: "vendor-error"}
    world.extension.let_pass(24 * HOURS)
    assert found(await world.run()) == {request_id: "vendor-error"}
    assert len(world.connect.notes(request_id)) == 1


async def test_a_request_without_a_task_here_is_not_touched(world):
    ours = world.cancel()
    with world.connect.silently():
        theirs = world.cancel()
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert found(report) == {theirs: "no-task"}
    assert world.connect.status(ours) == "approved"
    assert world.connect.status(theirs) == "pending"
    assert world.connect.notes(theirs) == []
    assert world.looks(theirs) == 0


async def test_a_request_of_a_product_that_is_never_ours_is_not_even_reported(world):
    with world.connect.silently():
        theirs = world.cancel()
    world.extension.let_pass(2 * HOURS)
    report = await world.run()
    assert report.findings == {}
    assert report.looked_at["requests of others"] == 1
    assert world.connect.status(theirs) == "pending"


async def test_a_named_product_is_served_without_a_task(world):
    with world.connect.silently():
        request_id = world.cancel()
    world.extension.let_pass(2 * HOURS)
    await world.run(products=("PRD-999-999-999",))
    assert world.connect.status(request_id) == "pending"
    await world.run(products=(world.connect.default_product(),))
    assert world.connect.status(request_id) == "approved"


async def test_wrong_variables_change_nothing_and_are_reported(world):
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


async def test_a_scheduled_request_that_connect_never_returns_is_reported_once():
    async with reconciling(**VARIABLES) as world:
        world.connect.requests.brings_back = False
        request_id = world.cancel("SUB-1", term_ends=term_end(world.extension, days=3))
        await world.extension.settle(request_id)
        assert world.connect.status(request_id) == "scheduled"
        for days, causes in ((2, {}), (3, {request_id: "overdue"}), (1, {request_id: "overdue"})):
            world.extension.let_pass(days * 24 * HOURS)
            assert found(await world.run()) == causes
        texts = [note["text"] for note in world.connect.notes(request_id)]
        assert sum("[connect-ext found overdue]" in text for text in texts) == 1
        assert world.connect.status(request_id) == "scheduled"


async def test_a_revocation_whose_task_was_lost_is_carried_out():
    async with reconciling(**VARIABLES) as world:
        request_id = world.cancel("SUB-1", term_ends=term_end(world.extension, days=30))
        await world.extension.settle(request_id)
        world.connect.revoke(request_id)
        world.extension.let_pass(2 * HOURS)
        assert found(await world.run(), Kind.SETTLED) == {request_id: "revoked"}
        assert world.connect.status(request_id) == "revoked"
