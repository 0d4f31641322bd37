"""A dry run: describes what would happen, with the calls as they would be sent."""

from __future__ import annotations

from connect_ext.cancelling import turns
from connect_ext.cancelling.case import Case
from connect_ext.cancelling.evidence import Evidence
from connect_ext.cancelling.marks import History
from connect_ext.cancelling.observing import Observer
from connect_ext.cancelling.revoking import wait_for_undo
from connect_ext.cancelling.rules import wait_for_earlier
from connect_ext.cancelling.steps import (
    Approve,
    Cancel,
    Confirm,
    DryRun,
    Hold,
    Reject,
    Schedule,
    Step,
    Undo,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.errors import Refused
from connect_ext.vendors.base import Plan, PlannedCall, Plans

PUTS_RIGHT = ("approve", "confirm", "schedule")
"""The acts that settle a request as it asks, because the vendor shows what it asks for."""


async def foreseen(case: Case, observer: Observer, step: Step, e: Evidence) -> DryRun:
    """What a step would have done; raises ``Later`` if the vendor has to be asked and cannot be.

    Nothing is changed, either at the vendor or in Connect.
    """
    if isinstance(step, (Cancel, Undo)) and _must_wait(case, e):
        step = wait_for_earlier(e) if isinstance(step, Cancel) else wait_for_undo(e)
    act, decision = in_words(step, schedules=case.settings.policy.schedules)
    what, plan = decision, None
    if isinstance(step, (Cancel, Undo)) and isinstance(case.vendor, Plans):
        try:
            plan = await case.vendor.plan(observer.cancellation(e, step), e.shown)
        except Refused as refusal:
            act, decision = "refuse", f"{what} It would not be sent. {refusal.hint}"
            what = decision
        else:
            what = f"{what} {await _shown(case, plan)}"
    what = f"Dry run, nothing was changed. {what}".rstrip()
    return DryRun(Cause.DRY_RUN, what, act, decision, plan, step, e.shown)


def in_words(step: Step, *, schedules: bool) -> tuple[str, str]:
    """The act of a step in one word, and a sentence about what would have happened."""
    match step:
        case Cancel() if schedules:
            what = "The subscription would be cancelled, and the request approved, or scheduled if"
            return "cancel", f"{what} that takes effect later."
        case Cancel():
            return "cancel", "The subscription would be cancelled and the request approved."
        case Undo():
            return "undo", "The cancellation would be taken back and the revocation confirmed."
        case Approve(note=note):
            return "approve", f"The request would be approved. {note}".rstrip()
        case Schedule(planned=planned, note=note):
            what = f"The request would be scheduled for {planned:%Y-%m-%d %H:%M %Z}."
            return "schedule", f"{what} {note}".rstrip()
        case Confirm():
            what = "The subscription is active at the vendor: the revocation would be confirmed."
            return "confirm", what
        case Reject(reason=reason):
            return "reject", f"The request would be rejected: {reason}"
        case Hold(why=why):
            return "hold", f"The request would be held: {why}"
        case Wait(why=why, vendor_says=said):
            return "wait", f"The request would wait: {why} {said}".rstrip()
        case _:
            return "leave", "Nothing would be done."


def _must_wait(case: Case, e: Evidence) -> bool:
    """Whether an earlier attempt keeps another one from being sent."""
    if not isinstance(e.history, History) or e.is_repeatable:
        return False
    return not turns.is_free(e.history, case.pace.blocks_for, can_be_asked=e.can_be_asked)


async def _shown(case: Case, plan: Plan) -> str:
    sentences = []
    if plan.takes_effect:
        sentences.append(f"It would take effect on {plan.takes_effect.isoformat()}.")
    sentences += [*plan.remarks, plan.amounts]
    for number, call in enumerate(plan.calls):
        masked = await case.settling.masked(_call_in_words(call))
        shown = masked or "a call that cannot be shown, since too much in it may be personal"
        sentences.append(f"{'Then' if number else 'This would be sent'}: {shown}")
    return " ".join(filter(None, sentences))


def _call_in_words(call: PlannedCall) -> str:
    body = f" with the body {call.body}" if call.body else " without a body"
    return f"{call.method} {call.url}{body}"
