"""Every preset end to end: the official runner, a local Connect and the vendor's stand-in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tests.presets.stand_in import Trouble
from tests.presets.stand_ins import STAND_INS
from tests.presets.world import (
    ACTIVE,
    CANCELLED,
    ENDED,
    ENDS_LATER,
    TAKEN_BACK,
    UNKNOWN,
    Case,
    World,
)

A_MOMENT = timedelta(seconds=2)
"""Many vendors write dates in whole seconds."""

each = pytest.mark.parametrize("vendor", [each.vendor for each in STAND_INS])
each_with_later_ends = pytest.mark.parametrize(
    "vendor", [each.vendor for each in STAND_INS if each.later_dates]
)
each_later_date = pytest.mark.parametrize(
    ("vendor", "when"), [(each.vendor, when) for each in STAND_INS for when in each.later_dates]
)


async def settled(world: World, vendor: str, name: str) -> Case:
    case = world.case(vendor, name)
    await case.settled()
    return case


async def scheduled(case: Case) -> None:
    """Check that it is cancelled once and scheduled for the end that the vendor shows."""
    await case.scheduled()
    assert case.held.ends_at is not None
    assert abs(case.moment("planned_date") - case.held.ends_at) < A_MOMENT
    assert (case.asset_status, case.held.cancellations, len(case.calls)) == ("terminating", 1, 1)
    assert not case.held.cancelled


@each
async def test_an_active_subscription_is_cancelled_by_one_call_and_approved(world, vendor):
    case = await settled(world, vendor, ACTIVE)
    assert (case.statuses, case.asset_status) == (["pending", "approved"], "terminated")
    assert (case.held.cancelled, case.held.cancellations, len(case.calls)) == (True, 1, 1)
    assert datetime.now(timezone.utc) - case.moment("effective_date") < timedelta(hours=25)


@each
async def test_an_already_cancelled_subscription_is_approved_without_a_call(world, vendor):
    case = await settled(world, vendor, CANCELLED)
    assert case.statuses == ["pending", "approved"]
    assert (case.held.cancellations, case.calls) == (0, [])
    assert "already" in case.notes


@each_with_later_ends
async def test_a_subscription_that_already_ends_later_is_scheduled_without_a_call(world, vendor):
    case = world.case(vendor, ENDS_LATER)
    await case.scheduled()
    assert abs(case.moment("planned_date") - case.held.ends_at) < A_MOMENT
    assert (case.held.cancellations, case.calls) == (0, [])


@each
async def test_an_unknown_subscription_is_held_with_a_note(world, vendor):
    case = world.case(vendor, UNKNOWN)
    await case.held_for_a_person()
    assert case.statuses == ["pending"]
    assert case.calls == []
    assert "does not know" in case.notes


@each
async def test_a_refusal_rejects_with_the_vendors_own_sentence(world, vendor):
    case = await settled(world, vendor, Trouble.REFUSES.name)
    assert (case.statuses, case.asset_status) == (["pending", "failed"], "active")
    assert case.stand_in.refusal in case.reason
    assert (case.held.cancellations, len(case.calls)) == (0, 1)


@each
async def test_after_not_now_the_cancellation_is_retried_until_done_once(world, vendor):
    case = await settled(world, vendor, Trouble.IS_BUSY.name)
    assert case.statuses == ["pending", "approved"]
    assert (case.held.cancellations, case.held.busy_answers) == (1, 0)
    *busy, done = case.calls
    assert (len(busy), done.status < 300) == (2, True)


@each
async def test_a_cancellation_whose_answer_is_lost_is_not_sent_again(world, vendor):
    case = await settled(world, vendor, Trouble.LOSES_ANSWER.name)
    assert case.statuses == ["pending", "approved"]
    assert (case.held.cancellations, len(case.calls)) == (1, 1)


@each_later_date
async def test_a_later_end_is_scheduled_and_approved_when_it_comes(world, vendor, when):
    case = world.case(vendor, f"{when}, {ENDED}")
    await scheduled(case)
    case.ends()
    await case.settled()
    assert case.statuses == ["pending", "scheduled", "pending", "approved"]
    assert (case.asset_status, case.held.cancellations, len(case.calls)) == ("terminated", 1, 1)


@each_later_date
async def test_a_later_end_that_is_revoked_is_taken_back_once_or_held(world, vendor, when):
    case = world.case(vendor, f"{when}, {TAKEN_BACK}")
    await scheduled(case)
    case.connect.revoke(case.request_id)
    if case.stand_in.takes_back:
        await case.settled()
        assert (case.statuses[-1], case.asset_status) == ("revoked", "active")
        assert (case.held.undone, case.held.ends_later, len(case.calls)) == (1, False, 2)
    else:
        await case.held_for_a_person()
        assert (case.statuses[-1], case.held.undone, len(case.calls)) == ("revoking", 0, 1)
        assert "cannot be asked to take it back" in case.notes
    assert case.held.cancellations == 1
