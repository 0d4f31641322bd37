"""The rules: what to do with a cancel request, from what is known of it. Pure, with no I/O.

What is known comes in as values, what to do goes out as a value, and the clock and the dice are
arguments. The rules are the table in the README under 'What happens in each case'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from connect_ext.settings import OnNotFound, OnRefusal, Policy
from connect_ext.vendors.base import Subscription, SubscriptionStatus

MIN_WAIT_SECONDS, MAX_WAIT_SECONDS = 30.0, 1800.0
MIN_WAIT_FOR_CONFIGURATION_SECONDS = 300.0


class Sent(Enum):
    """What has become of the cancellation that was sent to the vendor for this request."""

    NOTHING = "nothing was sent"
    ACCEPTED = "the vendor accepted it"
    UNKNOWN = "no answer came"
    REFUSED = "the vendor refused it"
    UNKNOWN_ID = "the vendor did not know the id"


@dataclass(frozen=True)
class Knowledge:
    """All that is known of one request at this moment."""

    subscription: Subscription | None
    """What the vendor shows; None if the vendor cannot be asked."""
    sent: Sent = Sent.NOTHING
    reason: str = ""
    """The vendor's reason for a refusal, fit to be shown; or why nobody knows what it did."""
    conflict: bool = False
    """Whether the vendor called its refusal a conflict: the first of two may be under way."""
    repeatable: bool = False
    """Whether the vendor takes the same cancellation twice without a second effect."""


@dataclass(frozen=True)
class Cancel:
    """Send the cancellation to the vendor."""


@dataclass(frozen=True)
class Approve:
    """Approve the request; ``note`` says what Connect does not show by itself, if anything."""

    effective_date: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Reject:
    """Reject the request, with a reason for the customer's side."""

    reason: str


@dataclass(frozen=True)
class Wait:
    """Look again later."""

    why: str


@dataclass(frozen=True)
class Misconfigured:
    """Look again later; somebody has to mend something first."""

    why: str


@dataclass(frozen=True)
class Hold:
    """Leave the request to a person."""

    why: str


Step = Cancel | Approve | Reject | Wait | Misconfigured | Hold


def decide(known: Knowledge, policy: Policy, now: datetime) -> Step:
    """The one thing to do next."""
    if known.subscription is None:
        return _decide_unseen(known, policy)
    match known.subscription.status:
        case SubscriptionStatus.CANCELLED:
            return _approve(known.subscription, known.sent, now)
        case SubscriptionStatus.UNKNOWN_ID:
            return _decide_not_found(known, policy)
        case SubscriptionStatus.NOT_STARTED:
            return _decide_not_started(known)
        case SubscriptionStatus.ACTIVE:
            return _decide_active(known, policy)


def _approve(subscription: Subscription, sent: Sent, now: datetime) -> Approve:
    ends_at = subscription.ends_at
    notes = []
    if sent is Sent.NOTHING:
        notes.append("The subscription was cancelled at the vendor already.")
    if ends_at is not None and ends_at > now:
        # Connect refuses an effective date in the future.
        notes.append(f"It ends at the vendor on {ends_at:%Y-%m-%d}.")
        ends_at = None
    return Approve(ends_at, " ".join(notes))


def _decide_active(known: Knowledge, policy: Policy) -> Step:
    match known.sent:
        case Sent.NOTHING:
            return Cancel()
        case Sent.REFUSED:
            return _refused(known, policy)
        case Sent.ACCEPTED:
            return Wait("the vendor has accepted the cancellation and still shows it as active")
        case Sent.UNKNOWN:
            why = "it is not known what the cancellation did, and the vendor shows it as active"
            return Wait(f"{why}. {known.reason}".rstrip())
        case Sent.UNKNOWN_ID:
            return Misconfigured(
                "The vendor shows the subscription, and answers the cancellation as if it did not"
                " know the id: check the address of the cancellation (REST_CANCEL_REQUEST)."
            )


def _decide_not_started(known: Knowledge) -> Step:
    if known.sent in (Sent.ACCEPTED, Sent.UNKNOWN):
        return Wait("the vendor shows the subscription as not started after a cancellation")
    return Reject(
        "The subscription cannot be cancelled: at the vendor it is a draft or not yet active."
    )


def _decide_not_found(known: Knowledge, policy: Policy) -> Step:
    if known.sent is Sent.ACCEPTED:
        # It was there when the cancellation was sent, or nothing would have been sent.
        return Approve(note="The vendor has removed the subscription after the cancellation.")
    if known.sent is Sent.UNKNOWN and policy.on_not_found is OnNotFound.REJECT:
        # It may be gone because of us: a rejection would bring it back to life in Connect.
        return Hold(
            "The vendor does not know the subscription, after a cancellation was sent to it."
            " Check it at the vendor, and approve the request if it is cancelled."
        )
    match policy.on_not_found:
        case OnNotFound.REJECT:
            return Reject("The subscription cannot be cancelled: the vendor does not know its id.")
        case OnNotFound.APPROVE:
            return Approve(note="The vendor does not know the subscription; approved as it is.")
        case OnNotFound.HOLD:
            return Hold(
                "The vendor does not know the subscription id. Check the id in the parameter and"
                " the vendor's address in the variables, then resubmit the task."
            )


def _decide_unseen(known: Knowledge, policy: Policy) -> Step:
    """The vendor cannot be asked: its answers to the cancellation are all there is."""
    match known.sent:
        case Sent.NOTHING:
            return Cancel()
        case Sent.REFUSED:
            return _refused(known, policy)
        case Sent.UNKNOWN_ID:
            return _decide_not_found(known, policy)
        case Sent.UNKNOWN if known.repeatable:
            return Wait("the vendor has not answered the cancellation; it is sent again")
        case Sent.UNKNOWN:
            return Hold(
                "The cancellation was sent to the vendor and nobody knows what became of it: the"
                " vendor cannot be asked (REST_STATUS_REQUEST is empty), and must not get it twice"
                " (REST_REPEATABLE is false). Check the subscription at the vendor."
            )
        case Sent.ACCEPTED:
            return Hold(
                "The vendor has accepted the cancellation, but its answer shows no cancelled"
                " status (REST_STATUS_PATH) and it cannot be asked (REST_STATUS_REQUEST is empty)."
                " Check the subscription at the vendor, then approve the request."
            )


def decide_at_work(known: Knowledge, earlier: Sent, policy: Policy, now: datetime) -> Step:
    """What to do instead of a rejection where the cancellation has been sent once before.

    ``earlier`` is what became of it then: accepted, or unknown. A conflict will pass, and what is
    gone may have been removed; of anything else nobody knows what the vendor still does, so that a
    person looks.
    """
    gone = known.subscription and known.subscription.status is SubscriptionStatus.UNKNOWN_ID
    if gone or known.conflict:
        return decide(replace(known, sent=earlier), policy, now)
    before = "accepted before" if earlier is Sent.ACCEPTED else "sent to the vendor before"
    return Hold(
        f"The cancellation was {before}, and the vendor does not take it now"
        f"{': ' + known.reason if known.reason else '.'} Check the subscription at the vendor, and"
        " approve the request if it is cancelled, or reject it."
    )


def _refused(known: Knowledge, policy: Policy) -> Step:
    because = f": {known.reason}" if known.reason else "."
    if policy.on_refusal is OnRefusal.HOLD:
        return Hold(f"The vendor refuses to cancel the subscription{because}")
    return Reject(f"The vendor refuses to cancel the subscription{because}")


def check_subscription_id(subscription_id: str | None, parameter_id: str) -> Step | None:
    """The step for an id that cannot be used, or None for one that can.

    A parameter that is there and blank is the request's fault; one that no request has is a
    misspelt variable, which must not reject anybody's request.
    """
    if subscription_id is None:
        return Misconfigured(
            f"The request has no parameter '{parameter_id}' with a text: check the variable"
            " SUBSCRIPTION_ID_PARAMETER and the product's parameters."
        )
    if not subscription_id:
        return Reject(
            f"The subscription cannot be cancelled: its parameter '{parameter_id}', which should"
            " hold the vendor's subscription id, is blank or no usable id."
        )
    return None


def wait_seconds(age_seconds: float, dice: float, retry_after: float | None = None) -> int:
    """Seconds until the next look: a quarter of the request's age, within 30 s and 30 min.

    ``dice``, from 0 to 1, spreads requests by a fifth either way, so that those that began to wait
    together do not come back together. Never before the vendor's ``retry_after``.
    """
    quarter = min(max(age_seconds / 4, MIN_WAIT_SECONDS), MAX_WAIT_SECONDS)
    spread = quarter * (0.8 + 0.4 * dice)
    wait = min(max(spread, MIN_WAIT_SECONDS), MAX_WAIT_SECONDS)
    # Rounded up: a second too early would be before the vendor's Retry-After.
    return max(round(wait), math.ceil(retry_after or 0.0))


def configuration_wait_seconds(age_seconds: float, dice: float) -> int:
    """Seconds until the next look where somebody has to mend something first: 5 to 30 min."""
    return max(wait_seconds(age_seconds, dice), int(MIN_WAIT_FOR_CONFIGURATION_SECONDS))
