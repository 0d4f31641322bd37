"""The verdict of a check: how a request would end, in one sentence, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connect_ext.cancelling.dry_run import in_words
from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    DryRun,
    Final,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.outcome_log import outcome_of
from connect_ext.vendors.base import Advice, Subscription, SubscriptionStatus

_GOOD = ("cancel", "approve", "schedule")
_REMEDIES = {
    Cause.BUSY: "Try again later.",
    Cause.PAUSED: "Try again later.",
    Cause.VENDOR_ERROR: "Try again later; if this persists, ask the vendor.",
}
_SHOWN = {
    SubscriptionStatus.ACTIVE: "The subscription is active",
    SubscriptionStatus.CANCELLING: "The subscription is being cancelled",
    SubscriptionStatus.CANCELLED: "The subscription is cancelled",
    SubscriptionStatus.NOT_STARTED: "The subscription has not started",
    SubscriptionStatus.SUSPENDED: "The subscription is suspended",
    SubscriptionStatus.UNFINISHED: "The subscription has an unfinished order to cancel it",
    SubscriptionStatus.UNKNOWN_ID: "The vendor does not know the subscription",
}


@dataclass(frozen=True)
class Verdict:
    """How a real request would end."""

    outcome: str
    """One word, as in a report."""
    decision: str
    is_good: bool
    why: str = ""
    """The reason of a wait, without the vendor's own words."""


def verdict_of(step: Final) -> Verdict:
    """Give the verdict for the end of an imagined request."""
    match step:
        case DryRun(act=act, decision=decision):
            return Verdict(act, decision, act in _GOOD)
        case Approve():
            return Verdict("approve", "The request would be approved.", True)
        case Schedule(planned=planned):
            decision = f"The request would be scheduled for {planned:%Y-%m-%d %H:%M %Z}."
            return Verdict("schedule", decision, True)
        case Reject() | Hold():
            return Verdict(*in_words(step, schedules=False), is_good=False)
        case Wait(cause=cause, why=why, vendor_says=said):
            says = f"The vendor says: {said}" if said else ""
            sentences = [why, says, _REMEDIES.get(cause, "")]
            decision = f"The request would wait: {' '.join(filter(None, sentences))}"
            return Verdict("wait", decision, False, why)
        case Leave() | Confirm():
            return Verdict("leave", outcome_of(step)[1], False)


def named(verdict: Verdict, wrong: Sequence[str]) -> Verdict:
    """Replace a general reason in the verdict with the wrong variables."""
    what = {"wait": "The request would wait", "hold": "The request would be held"}
    if not wrong or verdict.outcome not in what:
        return verdict
    # The reason quotes the vendor's word; the findings show it only if it cannot be a name.
    return replace(verdict, decision=f"{what[verdict.outcome]}: {' '.join(wrong)}", why="")


def not_seen(verdict: Verdict, advice: Advice) -> Verdict:
    """Give the verdict if there is no look, and only the cancellation's answer will tell."""
    if verdict.outcome != "cancel":
        return verdict
    decision = (
        f"Nothing is verified. {advice.cannot_be_asked} The cancellation would be sent, and the"
        " request approved only if the answer to it shows a cancelled subscription."
    )
    return replace(verdict, decision=decision, is_good=False)


def switched_off(verdict: Verdict) -> Verdict:
    """Adapt the verdict to ``DRY_RUN``."""
    decision = f"As long as DRY_RUN is true, nothing is sent or approved. {verdict.decision}"
    return replace(verdict, decision=decision, is_good=False)


def after_sending(verdict: Verdict, shown: Subscription | None) -> Verdict:
    """Give the verdict after the cancellation was sent."""
    ends_at = shown.ends_at if shown else None
    ends = f", and ends on {_day(ends_at)}" if ends_at else ""
    match verdict.outcome:
        case "approve":
            decision = f"The subscription is cancelled{ends}. A real request would be approved."
        case "schedule":
            decision = f"The subscription is cancelled{ends}. A real request would be scheduled."
        case "cancel":
            decision = "The cancellation was sent, and the subscription is still active."
            return Verdict("wait", f"{decision} A real request would wait.", False)
        case _:
            decision = f"The cancellation was sent. {verdict.decision}"
    return replace(verdict, decision=decision)


def sentence_about(shown: Subscription) -> str:
    """Describe the subscription at the vendor, in this project's terms."""
    more = f", and ends on {_day(shown.ends_at)}" if shown.ends_at else ""
    return f"{_SHOWN[shown.status]}{more}."


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
