"""The rules for a cancelled subscription, which may end later. Pure."""

from __future__ import annotations

from datetime import datetime

from connect_ext.cancelling.evidence import Evidence, NotTried, Sent
from connect_ext.cancelling.steps import Approve, Lack, Learn, Schedule, Step, Wait
from connect_ext.cause import Cause
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Subscription

SAME_MOMENT_SECONDS = 5.0
"""An end nearer than this is now: clocks differ, and Connect gives the time in whole seconds.

Otherwise an immediate cancellation would seem to end later if the vendor shows the exact time.
"""

SOONEST_PLANNED_SECONDS = 900.0
"""A request is not scheduled for a moment nearer than this: clocks differ."""

A_DAY_SECONDS = 86_400.0


def decide_cancelled(e: Evidence, subscription: Subscription) -> Step:
    """Approve the request, at once or when the subscription ends."""
    if isinstance(e.attempt, NotTried) and e.history is None and e.can_be_asked:
        return Learn(Lack.MARKS)
    ends_at = subscription.ends_at
    by_us = isinstance(e.attempt, Sent) or bool(e.standing()) or not e.can_be_asked
    cause = Cause.CANCELLED if by_us else Cause.ALREADY_CANCELLED
    note = "" if by_us else "The subscription was already cancelled at the vendor."
    wants_end = e.policy.cancellation_date is not CancellationDate.IMMEDIATE
    if ends_at is None and e.policy.schedules and wants_end:
        why = "The vendor shows the subscription as cancelled, but does not show when it ends."
        return Wait(Cause.CONFIGURATION, f"{why} {e.advice.no_end}", needs_person=True)
    if ends_at is None or not ends_later(e):
        return Approve(cause, ends_at, note)
    if e.policy.schedules:
        # A look from before an undo shows a cancellation that no longer exists.
        is_certain = by_us or e.looks > 1
        return _wait_for_end(e, ends_at, note) if is_certain else Learn(Lack.SECOND_LOOK)
    # Connect refuses an effective date in the future.
    return Approve(cause, None, f"{note} It ends at the vendor on {ends_at:%Y-%m-%d}.".strip())


def ends_later(e: Evidence) -> bool:
    """Whether the vendor shows an end that is still to come."""
    ends_at = e.shown.ends_at if e.shown else None
    return ends_at is not None and e.seconds_until(ends_at) > SAME_MOMENT_SECONDS


def _wait_for_end(e: Evidence, ends_at: datetime, note: str) -> Step:
    if (ends_at - e.now).total_seconds() < SOONEST_PLANNED_SECONDS:
        why = "The subscription is cancelled at the vendor, and is about to end."
        return Wait(Cause.ENDS_LATER, why, retry_after=e.seconds_until(ends_at))
    if e.planned and (ends_at - e.planned).total_seconds() < A_DAY_SECONDS:
        # Connect may treat the planned date as a day, which begins earlier.
        why = f"The subscription is cancelled, and ends at {ends_at:%Y-%m-%d %H:%M %Z}."
        return Wait(Cause.ENDS_LATER, why, until=ends_at)
    return Schedule(Cause.SCHEDULED, ends_at, note)
