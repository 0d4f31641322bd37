"""The rules for a revoked request, whose cancellation is taken back. Pure.

They are the table under 'When a customer changes their mind' in docs/how-it-works.md.
"""

from __future__ import annotations

from datetime import datetime

from connect_ext.cancelling.conflicts import wait_for_vendor
from connect_ext.cancelling.evidence import (
    Evidence,
    IdNotKnown,
    NoMarkKept,
    NotNow,
    NotOurTurn,
    NotTried,
    Refusal,
    Sent,
    Unreadable,
)
from connect_ext.cancelling.request import BlankParameter, NoParameter, NotAnId
from connect_ext.cancelling.rules import wait_for_result, without_marks
from connect_ext.cancelling.steps import Confirm, Hold, Lack, Learn, Step, Undo, Wait
from connect_ext.cause import Cause
from connect_ext.vendors.base import Subscription, SubscriptionId, SubscriptionStatus

_TAKE_BACK = "Take the cancellation back at the vendor, then resubmit the task."
_UNFINISHED = (
    "The request is revoked, but the vendor has an order from this request that it has not carried"
    " out: make sure that it never does. Then resubmit the task."
)
_TOO_LATE = (
    "Agree with the customer whether they need a new subscription, and settle the request in"
    " Connect by hand."
)


def decide(e: Evidence) -> Step:
    """The one thing to do next."""
    match e.parameter:
        case NoParameter() | BlankParameter() | NotAnId():
            return _hold(
                f"The request's fulfillment parameter '{e.parameter_id}' holds no subscription id:"
                " check SUBSCRIPTION_ID_PARAMETER, SUBSCRIPTION_ID_PATTERN and the parameter.",
                "Then resubmit the task.",
            )
        case SubscriptionId():
            return _decide_on_id(e)


def _decide_on_id(e: Evidence) -> Step:
    if not e.can_be_asked:
        return _hold(e.advice.cannot_be_asked)
    if e.shown is None:
        return Learn(Lack.LOOK)
    is_active = e.shown.status is SubscriptionStatus.ACTIVE
    if is_active and isinstance(e.history, Unreadable) and _is_undone_now(e):
        # Connect kept no mark, so the vendor's own answer is the only evidence.
        return Confirm(Cause.REVOKED)
    return without_marks(e) or _decide_shown(e, e.shown)


def _is_undone_now(e: Evidence) -> bool:
    """Whether this walk saw the cancellation, and the vendor then took it back."""
    return isinstance(e.attempt, Sent) and e.attempt.accepted


def _decide_shown(e: Evidence, subscription: Subscription) -> Step:
    match subscription.status:
        case SubscriptionStatus.ACTIVE:
            return _decide_active(e)
        case SubscriptionStatus.UNKNOWN_ID if e.looks < 2:
            return Learn(Lack.SECOND_LOOK)
        case SubscriptionStatus.UNKNOWN_ID:
            return _hold("The vendor no longer knows the subscription id.", _TOO_LATE)
        case SubscriptionStatus.CANCELLED:
            return _decide_cancelled(e, subscription.ends_at)
        case SubscriptionStatus.CANCELLING if subscription.ends_at:
            return _decide_cancelled(e, subscription.ends_at)
        case SubscriptionStatus.CANCELLING:
            return Wait(Cause.ON_ITS_WAY, "The vendor is still changing the subscription.")
        case SubscriptionStatus.UNFINISHED:
            return Hold(Cause.UNFINISHED, _UNFINISHED)
        case SubscriptionStatus.NOT_STARTED | SubscriptionStatus.SUSPENDED:
            status = subscription.status.value
            return _hold(f"The subscription is {status} at the vendor, not active.")


def _decide_active(e: Evidence) -> Step:
    """Confirm once it is certain: the subscription was cancelled when the request was scheduled."""
    if e.may_still_cancel():
        return wait_for_result(e, "The cancellation was sent, and may still take effect.")
    if _is_undone_now(e):
        return Confirm(Cause.REVOKED)
    if e.looks < 2:
        return Learn(Lack.SECOND_LOOK)
    if e.leaves_orders and e.cancelling() and not e.was_looked_for:
        return Learn(Lack.ORDER)
    if e.has_unfinished and e.shown and e.shown.orders_unseen:
        return Hold(Cause.UNFINISHED, _UNFINISHED)
    return Confirm(Cause.REVOKED)


def _decide_cancelled(e: Evidence, ends_at: datetime | None) -> Step:
    if ends_at is None or e.seconds_until(ends_at) <= 0:
        return _decide_ended(e, ends_at)
    match e.attempt:
        case NotTried():
            return _decide_untried(e)
        case NotOurTurn() | NoMarkKept():
            return wait_for_undo(e)
        case Sent(accepted, why):
            may = "has accepted" if accepted else "may have received"
            what = f"The vendor {may} the call that takes the cancellation back."
            return wait_for_result(e, f"{what} {why}")
        case Refusal():
            return _decide_refusal(e, e.attempt)
        case NotNow():
            return _decide_conflict(e, e.attempt)
        case IdNotKnown():
            why = (
                "The vendor shows the subscription, but answers the call that takes the"
                f" cancellation back as if it did not know the id. {e.advice.address_of_undo}"
            )
            return Wait(Cause.CONFIGURATION, why, needs_person=True)


def _decide_ended(e: Evidence, ends_at: datetime | None) -> Step:
    if isinstance(e.attempt, Sent) or any(map(e.is_live, e.standing())):
        return wait_for_undo(e)
    when = f"ended on {ends_at:%Y-%m-%d}" if ends_at else "is cancelled, with no end date,"
    return _hold(f"The subscription {when} at the vendor.", _TOO_LATE)


def _decide_untried(e: Evidence) -> Step:
    if not e.cancelling():
        return _hold("No cancellation at the vendor is known to come from this request.")
    if e.can_take_back:
        return Undo()
    is_under_way = any(map(e.is_live, e.standing()))
    return wait_for_undo(e) if is_under_way else _hold(e.advice.cannot_take_back)


def wait_for_undo(e: Evidence) -> Wait:
    """Wait for the result of another attempt to take the cancellation back."""
    return wait_for_result(e, "The cancellation is being taken back, or may have been.")


def _decide_refusal(e: Evidence, refusal: Refusal) -> Step:
    if e.answers_heard() > e.definite_answers:
        # The vendor may have repeated an answer that it had stored for the key.
        return Undo()
    return _believe_refusal(e, refusal)


def _believe_refusal(e: Evidence, refusal: Refusal) -> Step:
    if e.standing():
        why = (
            "An earlier attempt to take the cancellation back has an unknown outcome, and the"
            " vendor refuses another one. Check the subscription at the vendor."
        )
        return Wait(Cause.REFUSED_LATER, why, needs_person=True, vendor_says=refusal.said)
    return _hold(refusal.after("The vendor refuses"))


def _decide_conflict(e: Evidence, conflict: NotNow) -> Step:
    waits = wait_for_vendor(e, conflict, "take the cancellation back")
    return waits or _believe_refusal(e, Refusal(conflict.reason))


def _hold(why: str, do: str = _TAKE_BACK) -> Hold:
    what = "The request is revoked, but the cancellation has not been taken back."
    return Hold(Cause.NOT_TAKEN_BACK, f"{what} {why.rstrip('.')}. {do}")
