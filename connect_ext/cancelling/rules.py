"""The rules for a pending request: evidence in, one step out. Pure, with no clock and no I/O.

They are the tables under 'What happens in each case' in docs/how-it-works.md.
"""

from __future__ import annotations

from connect_ext.cancelling.conflicts import wait_for_vendor
from connect_ext.cancelling.ending import decide_cancelled, ends_later
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
from connect_ext.cancelling.marks import State
from connect_ext.cancelling.request import BlankParameter, NoParameter, NotAnId
from connect_ext.cancelling.steps import (
    Approve,
    Cancel,
    Hold,
    Lack,
    Learn,
    Reject,
    Step,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.portal.policy import CancellationDate, OnNoTermEnd, OnNotFound, OnRefusal
from connect_ext.vendors.base import SubscriptionId, SubscriptionStatus

SECOND_LOOK_SECONDS = 120.0
"""One bad gateway must neither approve, reject nor hold."""

_NOW = CancellationDate.IMMEDIATE

_UNFINISHED = (
    "The vendor has an order from this request to cancel the subscription, but has not carried it"
    " out. No other order is sent. Cancel the subscription at the vendor, then resubmit the task."
)


def decide(e: Evidence) -> Step:
    """The one thing to do next."""
    match e.parameter:
        case NoParameter():
            why = (
                f"The request has no fulfillment parameter '{e.parameter_id}' with a text, or has"
                " two different ones: check SUBSCRIPTION_ID_PARAMETER and the product's parameters."
            )
            return Wait(Cause.CONFIGURATION, why, needs_person=True)
        case BlankParameter():
            reason = (
                f"The subscription cannot be cancelled: its parameter '{e.parameter_id}', which"
                " should hold the vendor's subscription id, is blank."
            )
            check = "Check the variable SUBSCRIPTION_ID_PARAMETER and the parameter."
            return _reject_if_proven(e, Reject(Cause.BLANK_PARAMETER, reason), check)
        case NotAnId():
            why = f"The parameter '{e.parameter_id}' does not match SUBSCRIPTION_ID_PATTERN, or"
            why += " contains '..' or an invisible character. Nothing was sent: correct the id or"
            return Hold(Cause.ID_PATTERN, f"{why} the pattern, then resubmit the task.")
        case SubscriptionId():
            return _decide_on_id(e)


def _decide_on_id(e: Evidence) -> Step:
    if e.shown is None:
        return Learn(Lack.LOOK) if e.can_be_asked else _decide_unseen(e)
    match e.shown.status:
        case SubscriptionStatus.CANCELLED:
            return decide_cancelled(e, e.shown)
        case SubscriptionStatus.CANCELLING if e.policy.schedules and ends_later(e):
            return decide_cancelled(e, e.shown)
        case SubscriptionStatus.CANCELLING:
            why = "The vendor is cancelling the subscription and has not finished."
            return Wait(Cause.ON_ITS_WAY, why)
        case SubscriptionStatus.UNKNOWN_ID:
            return _decide_unknown_id(e)
        case SubscriptionStatus.NOT_STARTED:
            return _decide_not_started(e)
        case SubscriptionStatus.SUSPENDED:
            return _decide_suspended(e)
        case SubscriptionStatus.UNFINISHED:
            return Hold(Cause.UNFINISHED, e.shown.detail or _UNFINISHED)
        case SubscriptionStatus.ACTIVE:
            return _decide_active(e)


def _decide_active(e: Evidence) -> Step:
    match e.attempt:
        case NotTried():
            return _decide_date(e)
        case NotOurTurn() if e.leaves_orders and e.standing() and not e.was_looked_for:
            return Learn(Lack.ORDER)
        case NotOurTurn() if e.has_unfinished and e.shown and e.shown.orders_unseen:
            return Hold(Cause.UNFINISHED, _UNFINISHED)
        case NotOurTurn() | NoMarkKept():
            return wait_for_earlier(e)
        case Sent(accepted, why):
            may = "The vendor has accepted" if accepted else "The vendor may have received"
            return wait_for_result(e, f"{may} the cancellation. {why}")
        case Refusal():
            return _decide_refusal(e, e.attempt)
        case NotNow():
            return _decide_conflict(e, e.attempt)
        case IdNotKnown():
            why = (
                "The vendor shows the subscription, but answers the cancellation as if it did not"
                f" know the id. {e.advice.address_of_cancellation}"
            )
            return Wait(Cause.CONFIGURATION, why, needs_person=True)


def _decide_date(e: Evidence) -> Step:
    """Cancel, unless that needs the end of a term that the subscription does not have."""
    doubt = e.shown.doubt if e.shown else ""
    if not _lacks_a_term(e) or (e.policy.on_no_term_end is OnNoTermEnd.IMMEDIATE and not doubt):
        return _cancel(e)
    if (lacking := without_marks(e)) is not None:
        return lacking
    if any(map(e.is_live, e.standing())):
        return wait_for_earlier(e)
    if doubt and e.policy.on_no_term_end is not OnNoTermEnd.HOLD:
        return Wait(Cause.CONFIGURATION, doubt, needs_person=True)
    what = "The subscription cannot be cancelled at the end of its term: it has none."
    if e.policy.on_no_term_end is OnNoTermEnd.REJECT and not e.standing():
        check = "Check the variables CANCELLATION_DATE and ON_NO_TERM_END."
        return _reject_if_proven(e, Reject(Cause.NO_TERM_END, what), check)
    do = "Cancel it at the vendor, or set ON_NO_TERM_END; then resubmit the task."
    return Hold(Cause.NO_TERM_END, f"{what} {doubt} {do}".replace("  ", " "))


def _lacks_a_term(e: Evidence) -> bool:
    wants_one = e.policy.cancellation_date is CancellationDate.END_OF_TERM
    return wants_one and e.shown is not None and e.shown.is_evergreen


def _cancel(e: Evidence, pause: float = 0.0) -> Cancel:
    """Cancel on the chosen date, or at once if that is the end of a term that does not exist."""
    return Cancel(pause, _NOW if _lacks_a_term(e) else e.policy.cancellation_date)


def wait_for_earlier(e: Evidence) -> Wait:
    """Wait for the result of another attempt's cancellation."""
    return wait_for_result(e, "A cancellation was, or may have been, sent before.")


def wait_for_result(e: Evidence, what: str) -> Wait:
    """Wait for the result of the call that was sent; the first waits after it are short."""
    since = max((mark.created for mark in e.standing()), default=None)
    retry_after = e.attempt.retry_after if isinstance(e.attempt, Sent) else None
    why = f"{what.strip()} The vendor does not show the result yet."
    return Wait(Cause.SENT, why, since=since, retry_after=retry_after)


def _decide_not_started(e: Evidence) -> Step:
    if (lacking := without_marks(e)) is not None:
        return lacking
    if e.standing() or isinstance(e.attempt, Sent):
        return wait_for_result(e, "The subscription is shown as not started.")
    reason = "The subscription cannot be cancelled: at the vendor it is a draft or not yet active."
    return _reject_if_proven(e, Reject(Cause.NOT_STARTED, reason), e.advice.refusal)


def _decide_suspended(e: Evidence) -> Step:
    if (lacking := without_marks(e)) is not None:
        return lacking
    if isinstance(e.attempt, Sent) or any(map(e.is_live, e.standing())):
        return wait_for_result(e, "The subscription is shown as suspended.")
    why = "The subscription is suspended at the vendor, and cannot be cancelled while it is."
    return Hold(Cause.SUSPENDED, f"{why} {e.advice.suspended} Then resubmit the task.")


def _decide_unknown_id(e: Evidence) -> Step:
    if e.looks < 2:
        return Learn(Lack.SECOND_LOOK)
    if (lacking := without_marks(e)) is not None:
        return lacking
    accepted = any(mark.state in (State.ACCEPTED, State.CANCELLED) for mark in e.standing())
    if accepted or (isinstance(e.attempt, Sent) and e.attempt.accepted):
        # It was there when the cancellation was sent, or nothing would have been sent.
        note = "The vendor removed the subscription after the cancellation."
        return Approve(Cause.GONE, note=note)
    if isinstance(e.attempt, Sent) or any(map(e.is_live, e.standing())):
        return wait_for_result(e, "The cancellation may have been carried out.")
    return _on_not_found(e, after_a_cancellation=bool(e.standing()))


def _on_not_found(e: Evidence, *, after_a_cancellation: bool) -> Step:
    if e.is_repeatable and isinstance(e.attempt, NotTried):
        # There is no mark of an earlier cancellation; the vendor's answer to the same key shows it.
        return _cancel(e)
    match e.policy.on_not_found:
        case OnNotFound.APPROVE:
            note = "The vendor does not know the subscription; approved all the same."
            return Approve(Cause.GONE, note=note)
        case OnNotFound.REJECT if after_a_cancellation:
            # It may be gone because of us: a rejection would revive it in Connect.
            why = "The vendor does not know the subscription, but a cancellation was sent before."
            return Hold(Cause.UNKNOWN_ID, f"{why} Approve the request if it is cancelled there.")
        case OnNotFound.REJECT:
            reason = "The subscription cannot be cancelled: the vendor does not know its id."
            return _reject_if_proven(e, Reject(Cause.UNKNOWN_ID, reason), e.advice.refusal)
        case OnNotFound.HOLD:
            why = f"The vendor does not know the subscription id. {e.advice.unknown_id}"
            return Hold(Cause.UNKNOWN_ID, f"{why} Then resubmit the task.")


def _decide_unseen(e: Evidence) -> Step:
    """Decide by the vendor's answers to the cancellation: there is no other evidence."""
    match e.attempt:
        case NotTried():
            return _cancel(e)
        case NoMarkKept():
            why = "Connect keeps no note on this request: without one, it could be cancelled twice."
            return Hold(Cause.NO_MARK, f"{why} {e.advice.cannot_be_asked} Check the permissions.")
        case NotOurTurn():
            return _decide_unseen_before(e)
        case Sent():
            return _decide_unseen_sent(e, e.attempt)
        case Refusal():
            return _decide_refusal(e, e.attempt)
        case NotNow():
            return _decide_conflict(e, e.attempt)
        case IdNotKnown(times=1):
            return _cancel(e, second_look_seconds(e.settle_seconds))
        case IdNotKnown():
            # Without marks, nobody knows whether another process's cancellation was accepted.
            may_be_sent = e.is_repeatable or bool(e.standing())
            return without_marks(e) or _on_not_found(e, after_a_cancellation=may_be_sent)


def _decide_unseen_sent(e: Evidence, sent: Sent) -> Step:
    if sent.accepted or not e.is_repeatable:
        return _hold_sent(e, accepted=sent.accepted)
    why = f"The vendor has not answered the cancellation; it is sent again. {sent.why}".rstrip()
    return Wait(Cause.SENT, why, retry_after=sent.retry_after)


def _decide_unseen_before(e: Evidence) -> Step:
    """Another walk has sent, or may have sent, the cancellation."""
    states = {mark.state for mark in e.standing()}
    if State.CANCELLED in states:
        # The vendor cannot be asked, so this is its last word; later changes are unknown.
        return Approve(Cause.CANCELLED)
    if State.ACCEPTED in states:
        return _hold_sent(e, accepted=True)
    if not e.standing() or any(map(e.is_live, e.standing())):
        return wait_for_result(e, "A cancellation is being sent, or was just sent.")
    return _hold_sent(e, accepted=False)


def _hold_sent(e: Evidence, *, accepted: bool) -> Hold:
    unknown = f"Its outcome is unknown. {e.advice.cannot_be_asked}"
    why = f"The vendor has accepted it. {e.advice.no_status_in_answer}" if accepted else unknown
    what = "Check the subscription at the vendor, and approve the request if it is cancelled."
    return Hold(Cause.SENT, f"The cancellation was sent to the vendor. {why} {what}")


def _decide_refusal(e: Evidence, refusal: Refusal) -> Step:
    if (lacking := without_marks(e)) is not None:
        return lacking
    if e.answers_heard() > e.definite_answers:
        # The vendor may have repeated an answer that it had stored for the key.
        return _cancel(e)
    return _believe_refusal(e, refusal)


def _believe_refusal(e: Evidence, refusal: Refusal) -> Step:
    if e.standing():
        why = (
            "An earlier cancellation was sent, its outcome is unknown, and the vendor refuses"
            " another one. Check the subscription at the vendor, and approve or reject the request."
        )
        return Wait(Cause.REFUSED_LATER, why, needs_person=True, vendor_says=refusal.said)
    reason = refusal.after("The vendor refuses to cancel the subscription")
    if e.policy.on_refusal is OnRefusal.HOLD:
        return Hold(Cause.REFUSED, reason)
    return _reject_if_proven(e, Reject(Cause.REFUSED, reason), e.advice.refusal)


def _decide_conflict(e: Evidence, conflict: NotNow) -> Step:
    if (lacking := without_marks(e)) is not None:
        return lacking
    waits = wait_for_vendor(e, conflict, "cancel the subscription")
    return waits or _believe_refusal(e, Refusal(conflict.reason))


def _reject_if_proven(e: Evidence, reject: Reject, check: str) -> Step:
    """Reject, unless no cancellation of the product was ever approved: it may be our mistake."""
    if e.is_proven is not False:
        return reject if e.is_proven else Learn(Lack.PRECEDENT)
    return Hold(
        Cause.UNPROVEN,
        f"{reject.reason} The request is not rejected: no cancellation of this product was ever"
        f" approved, so this could also be a mistake in the configuration. {check} Then resubmit"
        " the task, or reject the request.",
    )


def without_marks(e: Evidence) -> Step | None:
    """The step if the marks have not been read or cannot be; None if they have."""
    if isinstance(e.history, Unreadable):
        return Wait(e.history.cause, e.history.why, needs_person=e.history.needs_person)
    return Learn(Lack.MARKS) if e.history is None else None


def second_look_seconds(settle_seconds: float) -> float:
    """The pause between the two looks that must both find the id unknown."""
    return min(SECOND_LOOK_SECONDS, settle_seconds)
