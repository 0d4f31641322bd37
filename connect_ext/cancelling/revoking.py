"""The rules for a request that is revoked: its cancellation is taken back. Pure.

They are the table under 'When a customer changes his mind' in the README.
"""

from __future__ import annotations

from datetime import datetime

from connect_ext.cancelling.conflicts import CONFLICTS_ASKED, believes_conflict
from connect_ext.cancelling.evidence import (
    Evidence,
    IdNotKnown,
    NoMarkKept,
    NotNow,
    NotOurTurn,
    NotTried,
    Refusal,
    Sent,
)
from connect_ext.cancelling.marks import History
from connect_ext.cancelling.request import BlankParameter, NoParameter, NotAnId
from connect_ext.cancelling.rules import wait_for_result, without_marks
from connect_ext.cancelling.steps import Confirm, Hold, Lack, Learn, Step, Undo, Wait
from connect_ext.cause import Cause
from connect_ext.vendors.base import Subscription, SubscriptionId, SubscriptionStatus

_BY_HAND = (
    "Take the cancellation back at the vendor, or make a new subscription, and then resubmit the"
    " task."
)


def decide(e: Evidence) -> Step:
    """The one thing to do next."""
    match e.parameter:
        case NoParameter() | BlankParameter() | NotAnId():
            return _hold(
                f"The request's fulfillment parameter '{e.parameter_id}' holds no subscription id:"
                " check SUBSCRIPTION_ID_PARAMETER, SUBSCRIPTION_ID_PATTERN and the parameter."
            )
        case SubscriptionId():
            return _decide_on_id(e)


def _decide_on_id(e: Evidence) -> Step:
    if not e.can_be_asked:
        return _hold(e.advice.cannot_be_asked)
    if e.shown is None:
        return Learn(Lack.LOOK)
    if (lacking := without_marks(e)) is not None:
        return lacking
    if e.may_still_cancel():
        return wait_for_result(e, "A cancellation was sent, and may not have arrived yet.")
    if e.shown.status is SubscriptionStatus.ACTIVE and e.may_still_undo():
        return _wait_for_undo(e)
    return _decide_shown(e, e.shown)


def _decide_shown(e: Evidence, subscription: Subscription) -> Step:
    match subscription.status:
        case SubscriptionStatus.ACTIVE | SubscriptionStatus.UNKNOWN_ID if _wants_second_look(e):
            return Learn(Lack.SECOND_LOOK)
        case SubscriptionStatus.ACTIVE:
            return Confirm(Cause.REVOKED)
        case SubscriptionStatus.UNKNOWN_ID:
            return _hold("The vendor does not know the subscription id any more.")
        case SubscriptionStatus.CANCELLED:
            return _decide_cancelled(e, subscription.ends_at)
        case SubscriptionStatus.CANCELLING:
            return Wait(Cause.ON_ITS_WAY, "The vendor is at work on the subscription.")
        case SubscriptionStatus.UNFINISHED:
            return Hold(Cause.UNFINISHED, subscription.detail or "See to the order at the vendor.")
        case SubscriptionStatus.NOT_STARTED | SubscriptionStatus.SUSPENDED:
            status = subscription.status.value
            return _hold(f"The subscription is {status} at the vendor, and not active.")


def _wants_second_look(e: Evidence) -> bool:
    """Whether one look is too little: the subscription was cancelled when it was scheduled."""
    is_active = e.shown is not None and e.shown.status is SubscriptionStatus.ACTIVE
    return e.looks < 2 and not (is_active and e.standing())


def _decide_cancelled(e: Evidence, ends_at: datetime | None) -> Step:
    if ends_at is None or e.seconds_until(ends_at) <= 0:
        return _decide_ended(e, ends_at)
    match e.attempt:
        case NotTried():
            return _decide_untried(e)
        case NotOurTurn() | NoMarkKept():
            return _wait_for_undo(e)
        case Sent(accepted, why):
            may = "The vendor has accepted" if accepted else "The vendor may have got"
            return wait_for_result(e, f"{may} that the cancellation is taken back. {why}")
        case Refusal():
            return _decide_refusal(e, e.attempt)
        case NotNow():
            return _decide_conflict(e, e.attempt)
        case IdNotKnown():
            why = (
                "The vendor shows the subscription, and answers as if it did not know it when asked"
                f" to take the cancellation back. {e.advice.address_of_undo}"
            )
            return Wait(Cause.CONFIGURATION, why, needs_person=True)


def _decide_ended(e: Evidence, ends_at: datetime | None) -> Step:
    if isinstance(e.attempt, Sent) or any(map(e.is_live, e.standing())):
        return _wait_for_undo(e)
    when = f"has ended on {ends_at:%Y-%m-%d}" if ends_at else "is shown without an end to come"
    return _hold(f"The subscription {when} at the vendor.")


def _decide_untried(e: Evidence) -> Step:
    if not e.was_ours():
        return _hold("No cancellation at the vendor is known to be this request's.")
    if not e.can_take_back and any(map(e.is_live, e.standing())):
        # The variables were another vendor's, or had another call, when it was sent.
        return _wait_for_undo(e)
    return Undo() if e.can_take_back else _hold(e.advice.cannot_take_back)


def _wait_for_undo(e: Evidence) -> Step:
    return wait_for_result(e, "The cancellation is being taken back, or may have been.")


def _decide_refusal(e: Evidence, refusal: Refusal) -> Step:
    if isinstance(e.history, History) and e.history.definite_answers > e.definite_answers:
        # The vendor may have repeated the answer that it had stored for the key.
        return Undo()
    if e.standing():
        why = (
            "An earlier attempt to take the cancellation back has an unknown outcome; the vendor"
            " refuses another one. Check the subscription at the vendor."
        )
        said = refusal.reason or refusal.hint
        return Wait(Cause.REFUSED_LATER, why, needs_person=True, vendor_says=said)
    because = f": {refusal.reason}" if refusal.reason else f". {refusal.hint}".rstrip()
    return _hold(f"The vendor refuses{because}")


def _decide_conflict(e: Evidence, conflict: NotNow) -> Step:
    lasts = isinstance(e.history, History) and believes_conflict(e.history, e.settle_seconds)
    if lasts and not e.repeats_answers:
        return _decide_refusal(e, Refusal(conflict.reason))
    why = "The vendor cannot take the cancellation back at the moment."
    if lasts:
        # The call with the same key may still be under way, or a stored answer be repeated.
        why = f"{why} It has said so for long: check the subscription at the vendor."
    pause = max(conflict.retry_after or 0.0, e.settle_seconds / CONFLICTS_ASKED)
    return Wait(Cause.CONFLICT, why, lasts, retry_after=pause, vendor_says=conflict.reason)


def _hold(why: str) -> Hold:
    what = "The request is revoked, and the cancellation is not taken back."
    return Hold(Cause.NOT_TAKEN_BACK, f"{what} {why.rstrip('.')}. {_BY_HAND}")
