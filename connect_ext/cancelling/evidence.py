"""The evidence that the rules decide on: everything known about a request at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from connect_ext.cancelling.marks import History, Mark, State
from connect_ext.cancelling.request import FoundId
from connect_ext.cause import Cause
from connect_ext.portal.policy import Policy
from connect_ext.vendors.base import Advice, Subscription

CLOCK_SECONDS = 1800.0
"""How far this machine's clock may be ahead, where Connect's time is not known."""


@dataclass(frozen=True)
class NotTried:
    """This walk has not tried to send the cancellation."""


@dataclass(frozen=True)
class NotOurTurn:
    """Another attempt owns the sending."""


@dataclass(frozen=True)
class NoMarkKept:
    """Connect refuses to keep a mark, and nothing may be sent without one."""


@dataclass(frozen=True)
class Sent:
    """The cancellation was sent, but its result does not show yet."""

    accepted: bool
    why: str = ""
    """Why the outcome is not known."""
    retry_after: float | None = None


@dataclass(frozen=True)
class Refusal:
    """The vendor refuses; ``reason`` may be shown, or is empty, and then ``hint`` helps."""

    reason: str = ""
    hint: str = ""

    @property
    def said(self) -> str:
        """The reason, or else the hint."""
        return self.reason or self.hint

    def after(self, what: str) -> str:
        """The sentence ``what``, given without its full stop, with the reason or the hint."""
        return f"{what}: {self.reason}" if self.reason else f"{what}. {self.hint}".rstrip()


@dataclass(frozen=True)
class NotNow:
    """The vendor says that it cannot cancel the subscription at the moment."""

    reason: str = ""
    retry_after: float | None = None


@dataclass(frozen=True)
class IdNotKnown:
    """The vendor answers the cancellation as if it did not know the id."""

    times: int = 1


Attempt = NotTried | NotOurTurn | NoMarkKept | Sent | Refusal | NotNow | IdNotKnown
"""The result of this walk's own attempt to send the cancellation."""


@dataclass(frozen=True)
class Unreadable:
    """The notes on the conversation cannot be read."""

    cause: Cause
    why: str
    needs_person: bool


@dataclass(frozen=True)
class Evidence:
    """Everything known about one request."""

    now: datetime
    policy: Policy
    parameter: FoundId
    """The vendor's subscription id, as the request's parameter gives it."""
    parameter_id: str
    settle_seconds: float
    """How long the vendor may take to show what it has accepted."""
    blocks_for: float
    """How long a mark keeps others from sending: ``settle_seconds`` and the time for sending."""
    can_be_asked: bool = True
    can_take_back: bool = False
    is_repeatable: bool = False
    """Whether no mark is needed."""
    repeats_answers: bool = False
    """Whether the vendor stores its answer to an idempotency key and repeats it."""
    leaves_orders: bool = False
    """Whether a look can tell the result of an attempt whose answer was lost."""
    advice: Advice = field(default_factory=Advice)
    shown: Subscription | None = None
    """The subscription as the vendor shows it; None if nobody has looked, or nobody can."""
    looks: int = 0
    """How many looks in a row have shown the same."""
    was_looked_for: bool = False
    """Whether the last look also searched for orders that earlier attempts have left."""
    attempt: Attempt = field(default_factory=NotTried)
    void_attempt: str = ""
    """An attempt of this process that certainly had no effect."""
    definite_answers: int = 0
    """The count of refusals that the last idempotency key was made with."""
    history: History | Unreadable | None = None
    """The attempts by earlier walks and by other instances; None: not read yet."""
    planned: datetime | None = None
    """When Connect was to return the request; None if it was not scheduled."""
    is_proven: bool | None = None
    """Whether a cancellation of the product was ever approved; None: not asked yet."""

    def later(self, now: datetime, seconds: float) -> Evidence:
        """The same evidence after a call that took ``seconds``."""
        history = self.history
        if isinstance(history, History):
            history = history.later(seconds)
        return replace(self, now=now, history=history)

    def standing(self) -> tuple[Mark, ...]:
        """The marks under which a cancellation was, or may have been, sent."""
        if not isinstance(self.history, History):
            return ()
        return self.history.standing(self.void_attempt)

    def age_seconds(self, mark: Mark) -> float:
        """The age of a mark, by Connect's clock."""
        return self.history.age_seconds(mark) if isinstance(self.history, History) else 0.0

    def answers_heard(self) -> int:
        """How often the vendor is known to have given a definite answer."""
        if not isinstance(self.history, History):
            return 0
        history, attempt = self.history, self.void_attempt
        return history.definite_answers if self.repeats_answers else history.answers_heard(attempt)

    def seconds_until(self, moment: datetime) -> float:
        """Seconds until a moment, by this machine's clock or Connect's, whichever gives more.

        If the request may be scheduled until then, and Connect's time is not known, our clock may
        be wrong by half an hour.
        """
        if isinstance(self.history, History):
            return (moment - min(self.now, self.history.now)).total_seconds()
        left = (moment - self.now).total_seconds()
        return left + CLOCK_SECONDS if self.policy.schedules else left

    @property
    def has_unfinished(self) -> bool:
        """Whether an attempt is known to have left an order that the vendor does not carry out."""
        marks = (*self.standing(), *self.cancelling())
        return any(mark.state is State.UNFINISHED for mark in marks)

    def cancelling(self) -> tuple[Mark, ...]:
        """For an undo: the marks under which the cancellation was, or may have been, sent."""
        if not isinstance(self.history, History):
            return ()
        return tuple(mark for mark in self.history.cancelling if mark.stands)

    def may_still_cancel(self) -> bool:
        """For an undo: whether a cancellation may still take effect after what the vendor shows.

        One whose answer was lost may still be under way. One that was answered may not show yet,
        unless an undo was sent: nothing is taken back before the cancellation shows.
        """
        has_shown = isinstance(self.attempt, Sent) or bool(self.standing())
        live = [mark for mark in self.cancelling() if self.is_live(mark)]
        return any(mark.state is State.SENDING or not has_shown for mark in live)

    def is_live(self, mark: Mark) -> bool:
        """Whether the vendor may still be working on the call that was sent under the mark."""
        return self.age_seconds(mark) <= self.blocks_for
