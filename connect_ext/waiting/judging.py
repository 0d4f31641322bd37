"""Judges one open request: its state, and whether a person is needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connect_ext.cancelling.dry_run import PUTS_RIGHT, in_words
from connect_ext.cancelling.reporting import DRY_RUN, HELD, Report, needs_person
from connect_ext.cancelling.steps import DryRun, Final, Hold, Leave, Step, Wait
from connect_ext.cause import Cause
from connect_ext.connect.api import REVOKING
from connect_ext.next_steps import NEXT_STEPS
from connect_ext.open_requests.opened import LEFT_ALONE_FOR, Listed
from connect_ext.redaction.canonical import one_line
from connect_ext.vendors.base import SubscriptionStatus
from connect_ext.waiting.entry import (
    NOT_ASKED,
    NOT_KNOWN,
    Entry,
    LastNote,
    State,
    VendorView,
)

_CAUSES_OF_NOT_ASKING = (Cause.VARIABLES, Cause.CONNECT, Cause.PAUSED)
_RIGHT_BY_NOW = "Resubmit the task, or reconcile: the vendor shows the requested result."
_SEE_THE_NOTE = "Follow the note on the request, then resubmit the task."


@dataclass(frozen=True)
class Seen:
    """Everything seen about one open request."""

    listed: Listed
    step: Final
    """What would happen now; for a scheduled request, if it came back now."""
    report: Report | None = None
    """The last report on its conversation."""
    text: str = ""
    """The part of that report's sentence that may be shown."""
    is_dry: bool = False
    """Whether ``DRY_RUN`` is on."""
    escalate_after_hours: float = 0.0
    settle_seconds: float = 0.0
    """How long the vendor may take to show a result."""


def judged(seen: Seen) -> Entry:
    """Make the entry for a request."""
    listed, report, state = seen.listed, seen.report, state_of(seen)
    act, decision = _foreseen(seen.step)
    cause, next_step = _next_step(seen, state, act)
    return Entry(
        listed.subject,
        listed.age_seconds,
        listed.status,
        state,
        listed.planned,
        vendor_view(seen.step, listed.now),
        _note(report, seen.text) if report else None,
        "leave" if listed.is_scheduled else act,
        one_line(_decision(state, decision, is_dry=seen.is_dry)),
        cause,
        next_step,
    )


def _note(report: Report, text: str) -> LastNote:
    return LastNote(report.kind, report.cause, report.created, one_line(text))


def state_of(seen: Seen) -> State:
    """Tell the request's state in Connect."""
    kind = seen.report.kind if seen.report else ""
    if seen.listed.is_scheduled:
        return State.OVERDUE if seen.listed.is_overdue else State.SCHEDULED
    if kind == HELD:
        return State.HELD
    if kind == DRY_RUN:
        return State.DRY_RUN
    return State.REVOKING if seen.listed.status == REVOKING else State.WAITS


def vendor_view(step: Final, now: datetime) -> VendorView:
    """Tell the subscription's state at the vendor, or why it is not known."""
    match step:
        case DryRun(shown=shown) if shown is not None:
            is_cancelled = shown.status is SubscriptionStatus.CANCELLED
            is_ahead = is_cancelled and shown.ends_at is not None and shown.ends_at > now
            return VendorView(shown.status.value, ends_at=shown.ends_at if is_ahead else None)
        case DryRun(why=why):
            return VendorView(NOT_ASKED, why.value if why else "it cannot be")
        case Wait(cause=cause) if cause not in _CAUSES_OF_NOT_ASKING:
            return VendorView(NOT_KNOWN, cause.value)
        case _:
            return VendorView(NOT_ASKED, step.cause.value)


def _foreseen(step: Final) -> tuple[str, str]:
    """Tell what a delivery of the task would do, in one word and in a sentence."""
    match step:
        case DryRun(act=act, decision=decision):
            return act, decision
        case Leave(why=why):
            return "leave", why
        case _:
            return in_words(step, schedules=False)


def _decision(state: State, decision: str, *, is_dry: bool) -> str:
    match state:
        case State.OVERDUE:
            return "Nothing: its day has passed, but Connect has not brought it back."
        case State.SCHEDULED:
            return "Nothing: Connect returns it on the scheduled day."
        case State.HELD:
            return f"Nothing until its task is resubmitted. Then: {decision}"
        case State.DRY_RUN:
            return f"Nothing until reconcile takes it up. Then: {decision}"
        case _ if is_dry:
            return f"Nothing, since DRY_RUN is true. Otherwise: {decision}"
        case _:
            return decision


def _next_step(seen: Seen, state: State, act: str) -> tuple[str, str]:
    """Return the cause, and the action for a person; empty if none is needed."""
    match state:
        case State.OVERDUE:
            return Cause.OVERDUE.value, NEXT_STEPS[Cause.OVERDUE]
        case State.SCHEDULED if _goes_on(seen):
            return Cause.STILL_ACTIVE.value, NEXT_STEPS[Cause.STILL_ACTIVE]
        case State.SCHEDULED:
            return Cause.SCHEDULED.value, ""
        case State.HELD if seen.report is not None:
            return seen.report.cause, _next_step_of_held(seen.report, act)
        case _ if seen.is_dry or state is State.DRY_RUN:
            return Cause.DRY_RUN.value, NEXT_STEPS[Cause.DRY_RUN]
        case _:
            return _next_step_of_waiting(seen)


def _goes_on(seen: Seen) -> bool:
    """Whether the vendor has shown for long enough that it will not end on its day."""
    shown = seen.step.shown if isinstance(seen.step, DryRun) else None
    must_show = seen.listed.age_seconds >= max(seen.settle_seconds, LEFT_ALONE_FOR.total_seconds())
    return must_show and shown is not None and shown.status.goes_on


def _next_step_of_held(report: Report, act: str) -> str:
    if act in PUTS_RIGHT:
        return _RIGHT_BY_NOW
    # An older or newer release may have left it.
    return NEXT_STEPS[report.known_cause] if report.known_cause else _SEE_THE_NOTE


def _next_step_of_waiting(seen: Seen) -> tuple[str, str]:
    step: Step | None = seen.step.left_out if isinstance(seen.step, DryRun) else seen.step
    cause = getattr(step, "cause", None)
    if not isinstance(cause, Cause):
        return "", ""
    return cause.value, NEXT_STEPS[cause] if step and _is_for_a_person(step, seen) else ""


def _is_for_a_person(step: Step, seen: Seen) -> bool:
    match step:
        case Hold():
            return True
        case Leave(cause=cause):
            return cause is Cause.NO_TASK
        case Wait():
            return needs_person(step, seen.listed.age_seconds, seen.escalate_after_hours)
        case _:
            return False
