"""For each state of a request and each word of the vendor: what would happen, and who acts."""

import pytest

from connect_ext.cause import Cause
from connect_ext.next_steps import NEXT_STEPS
from sandbox.connect.objects import Parameter
from sandbox.faults import Respond
from tests.waiting.world import DAYS, HOURS, LATER, day, waiting


def shown(entry):
    """Its state in Connect and at the vendor, what would happen, and whether somebody must act."""
    return entry.in_connect, str(entry.vendor), entry.act, entry.needs_person


@pytest.mark.parametrize(
    ("fields", "vendor", "act", "needs_person"),
    [
        ({}, "active", "cancel", False),
        ({"status": "cancelled"}, "cancelled", "approve", False),
        ({"status": "cancelling"}, "cancelling", "wait", False),
        ({"status": "draft"}, "not started", "reject", False),
        ({"status": "frozen"}, "not known: unknown-status", "wait", True),
    ],
)
async def test_the_vendors_status_decides_what_a_task_would_do(
    world, fields, vendor, act, needs_person
):
    world.cancel(**fields)
    assert shown(await world.entry()) == ("waits", vendor, act, needs_person)


@pytest.mark.parametrize(
    ("parameters", "vendor", "act", "cause"),
    [
        ([Parameter("subscription_id", "SUB-nobody")], "unknown id", "hold", "unknown-id"),
        ([Parameter("subscription_id", "no id")], "not asked: id-pattern", "hold", "id-pattern"),
        ([Parameter("subscription_id", "")], "not asked: blank-parameter", "reject", ""),
        ([], "not asked: configuration", "wait", "configuration"),
    ],
)
async def test_a_wrong_id_is_shown_with_the_next_step(world, parameters, vendor, act, cause):
    asset_id = world.connect.create_subscription(parameters=parameters)
    world.connect.create_cancel_request(asset_id)
    entry = await world.entry()
    assert shown(entry) == ("waits", vendor, act, bool(cause))
    assert entry.next_step == (NEXT_STEPS[Cause(cause)] if cause else "")


async def test_a_vendor_that_cannot_be_asked_is_not_asked():
    async with waiting(REST_STATUS_REQUEST="") as world:
        world.cancel()
        assert shown(await world.entry()) == ("waits", "not asked: it cannot be", "cancel", False)


async def test_a_sent_cancellation_is_awaited(world):
    request_id = world.cancel("SUB-1", shows_after_seconds=600)
    await world.extension.deliver(request_id)
    entry = await world.entry()
    assert shown(entry) == ("waits", "active", "wait", False)
    assert entry.cause == "sent"


async def test_a_held_request_has_its_note_and_the_step_for_its_cause():
    async with waiting(ON_REFUSAL="hold") as world:
        await world.held()
        entry = await world.entry()
        assert shown(entry) == ("held", "active", "cancel", True)
        assert (entry.cause, entry.next_step) == ("refused", NEXT_STEPS[Cause.REFUSED])
        assert (entry.note.kind, entry.note.cause) == ("held", "refused")
        assert "It is leased until May." in entry.note.text
        assert entry.note.at is not None
        assert entry.decision.startswith("Nothing until its task is resubmitted. Then: ")


async def test_a_held_request_that_is_now_cancelled_only_needs_to_be_resubmitted():
    async with waiting(ON_REFUSAL="hold") as world:
        await world.held("SUB-1")
        world.vendor.subscriptions["SUB-1"].status = "cancelled"
        entry = await world.entry()
        assert shown(entry) == ("held", "cancelled", "approve", True)
        assert entry.next_step.startswith("Resubmit the task")


async def test_a_held_request_of_another_release_points_to_its_note(world):
    request_id = world.cancel()
    world.note(request_id, "It is complicated. [connect-ext held complicated]")
    entry = await world.entry()
    assert (entry.cause, entry.note.text) == ("complicated", "It is complicated.")
    assert entry.next_step == "Follow the note on the request, then resubmit the task."


async def test_a_dry_run_is_shown_by_its_note_and_by_the_variable():
    async with waiting(DRY_RUN="true") as world:
        request_id = world.cancel()
        before = await world.entry()
        assert shown(before) == ("waits", "active", "cancel", True)
        assert before.decision.startswith(
            "Nothing, since DRY_RUN is true. Otherwise: The subscription"
        )
        await world.extension.deliver(request_id)
        after = await world.entry()
        assert shown(after) == ("dry run", "active", "cancel", True)
        assert after.decision.startswith("Nothing until reconcile takes it up. Then: ")
        assert after.next_step == before.next_step == NEXT_STEPS[Cause.DRY_RUN]
        # This names the vendor's address.
        assert (after.note.cause, after.note.text) == ("cancel", "")


async def test_a_scheduled_request_is_shown_with_its_day_and_needs_nobody():
    async with waiting(**LATER) as world:
        await world.scheduled(days=90)
        until = day(days=90)
        entry = await world.entry()
        assert shown(entry) == (f"scheduled for {until}", f"ends on {until}", "leave", False)
        assert entry.decision == "Nothing: Connect returns it on the scheduled day."


async def test_a_scheduled_request_whose_cancellation_was_undone_needs_somebody():
    async with waiting(**LATER) as world:
        await world.scheduled(days=90)
        world.vendor.subscriptions["SUB-later"].reactivate()
        assert not (await world.entry()).needs_person
        world.extension.let_pass(HOURS + 60)
        entry = await world.entry()
        assert (entry.cause, entry.next_step) == ("still-active", NEXT_STEPS[Cause.STILL_ACTIVE])
        assert entry.vendor.word == "active"


async def test_a_scheduled_request_that_connect_never_brings_back_is_overdue():
    async with waiting(**LATER) as world:
        world.connect.requests.brings_back = False
        await world.scheduled(days=3)
        world.extension.let_pass(2 * DAYS)
        assert not (await world.entry()).needs_person
        world.vendor.subscriptions["SUB-later"].end_now()
        world.extension.let_pass(3 * DAYS)
        entry = await world.entry()
        assert shown(entry) == (f"overdue since {day(days=3)}", "cancelled", "leave", True)
        assert entry.next_step == NEXT_STEPS[Cause.OVERDUE]


async def test_a_revoked_request_says_how_its_revocation_would_end():
    async with waiting(**LATER) as world:
        world.connect.revoke(await world.scheduled())
        entry = await world.entry()
        assert shown(entry) == ("revoking", f"ends on {day(days=90)}", "hold", True)
        assert entry.status == "revoking"


async def test_a_request_that_waits_for_the_vendor_needs_somebody_once_people_are_told(world):
    world.cancel("SUB-1")
    world.vendor.faults.add("GET", "/subscriptions/SUB-1", Respond(503))
    entry = await world.entry()
    assert shown(entry) == ("waits", "not known: vendor-error", "wait", False)
    world.extension.let_pass(25 * HOURS)
    entry = await world.entry()
    assert (entry.cause, entry.needs_person) == ("vendor-error", True)


async def test_a_request_with_a_known_end_needs_nobody():
    """The product cannot schedule, so the request waits until its subscription ends."""
    async with waiting(**LATER) as world:
        product_id = world.connect.create_product(scheduling=False)
        world.vendor.add("SUB-1", status="ends_later", ends_at=day(days=90))
        asset_id = world.connect.create_subscription("SUB-1", product_id=product_id)
        request_id = world.connect.create_cancel_request(asset_id)
        await world.extension.deliver(request_id)
        world.extension.let_pass(30 * HOURS)
        entry = await world.entry()
        assert shown(entry) == ("waits", f"ends on {day(days=90)}", "schedule", False)
        assert entry.note.cause == "ends-later"
