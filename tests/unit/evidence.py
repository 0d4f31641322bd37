"""Evidence for the tests of the rules, and a step's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from connect_ext.cancelling.evidence import Evidence, NotTried, Sent, Unreadable
from connect_ext.cancelling.marks import History, Mark, State
from connect_ext.cancelling.steps import Approve, Hold, Reject, Wait
from connect_ext.cause import Cause
from connect_ext.portal.policy import Policy
from connect_ext.vendors.base import Advice, Subscription, SubscriptionStatus
from tests.unit.builders import ID, NOW

SETTLE, BLOCKS_FOR = 1200.0, 1300.0
ADVICE = Advice(
    "Mend the address.",
    "It is mute.",
    "It says nothing.",
    "Mend the body.",
    "Resume it.",
    "It cannot go back.",
    "Mend the way back.",
)
ACTIVE, CANCELLING, CANCELLED, NOT_STARTED, SUSPENDED, UNKNOWN = (
    Subscription(status)
    for status in (
        SubscriptionStatus.ACTIVE,
        SubscriptionStatus.CANCELLING,
        SubscriptionStatus.CANCELLED,
        SubscriptionStatus.NOT_STARTED,
        SubscriptionStatus.SUSPENDED,
        SubscriptionStatus.UNKNOWN_ID,
    )
)
UNFINISHED = Subscription(SubscriptionStatus.UNFINISHED, detail="The order O-1 lies there.")
ORDERS = {"leaves_orders": True}
MAYBE, ACCEPTED = Sent(accepted=False, why="Lost."), Sent(accepted=True)
BROKEN = Unreadable(Cause.CONNECT, "Connect is down.", needs_person=False)
FORBIDDEN = Unreadable(Cause.CONFIGURATION, "Connect says no.", needs_person=True)


WORDS = ("why", "reason", "note", "vendor_says")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def mark(state: State, age_seconds: float = 60.0, attempt: str = "aaaaaaaa") -> Mark:
    return Mark(attempt, ago(age_seconds), state)


def history(*marks: Mark, conflicts: tuple[float, ...] = ()) -> History:
    return History(marks, NOW, tuple(map(ago, conflicts)))


SENDING, TAKEN, SHOWN = mark(State.SENDING), mark(State.ACCEPTED), mark(State.CANCELLED)
LEFT, UNSEEN = mark(State.UNFINISHED), replace(ACTIVE, orders_unseen=True)
STALE = mark(State.SENDING, BLOCKS_FOR + 1)
REFUSED = mark(State.REFUSED, attempt="eeeeeeee")
NOTHING = history()
LONG_CONFLICT = history(conflicts=(SETTLE + 1, 500, 1))


def known(shown=None, attempt=None, notes=None, **fields) -> Evidence:
    """The evidence if the vendor can be asked; by default, the product is proven."""
    given = Evidence(
        now=NOW,
        policy=Policy(),
        parameter=ID,
        parameter_id="subscription_id",
        settle_seconds=SETTLE,
        blocks_for=BLOCKS_FOR,
        advice=ADVICE,
        shown=shown,
        looks=2,
        attempt=attempt or NotTried(),
        history=notes,
        is_proven=True,
    )
    return replace(given, **fields)


def mute(attempt=None, notes=None, **fields) -> Evidence:
    """The evidence if the vendor cannot be asked."""
    return known(None, attempt, notes, can_be_asked=False, **fields)


def words(step) -> str:
    """A step's words for people, with the vendor's own words at the end."""
    said = [getattr(step, name, "") for name in WORDS]
    assert all(isinstance(each, str) for each in said)
    return " ".join(filter(None, said))


def bare(step):
    """The step without its words."""
    return replace(step, **{name: "" for name in WORDS if hasattr(step, name)})


def approve(cause, effective_date=None):
    return Approve(cause, effective_date)


def reject(cause):
    return Reject(cause, "")


def hold(cause):
    return Hold(cause, "")


def wait(cause, **fields):
    return Wait(cause, "", **fields)


SENT_A_MINUTE_AGO = wait(Cause.SENT, since=ago(60))
