"""The evidence that the rules decide on: all that is known of one request at a moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from connect_ext.cancelling.marks import History, Mark, State
from connect_ext.cancelling.request import FoundId
from connect_ext.cause import Cause
from connect_ext.portal.policy import Policy
from connect_ext.vendors.base import Advice, Subscription

CLOCK_SECONDS = 1800.0
"""By how much this machine's clock may be fast, where nothing tells the time by Connect's."""


@dataclass(frozen=True)
class NotTried:
    """This walk has not tried to send the cancellation."""


@dataclass(frozen=True)
class NotOurTurn:
    """Another attempt owns the sending."""


@dataclass(frozen=True)
class NoMarkKept:
    """Connect refuses to keep a mark, and nothing can be sent without one."""


@dataclass(frozen=True)
class Sent:
    """The cancellation was sent, and its result does not show yet."""

    accepted: bool
    why: str = ""
    """Why the outcome is not known."""
    retry_after: float | None = None


@dataclass(frozen=True)
class Refusal:
    """The vendor refuses; ``reason`` is fit to be shown, or empty, and then ``hint`` helps."""

    reason: str = ""
    hint: str = ""

    @property
    def said(self) -> str:
        """What there is to be shown."""
        return self.reason or self.hint

    def after(self, what: str) -> str:
        """The sentence, which has no full stop yet, with what there is to be shown."""
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
"""What became of this walk's own attempt to send the cancellation."""


@dataclass(frozen=True)
class Unreadable:
    """The notes on the conversation cannot be read."""

    cause: Cause
    why: str
    needs_person: bool


@dataclass(frozen=True)
class Evidence:
    """All that is known of one request."""

    now: datetime
    policy: Policy
    parameter: FoundId
    """What the request says at the parameter for the vendor's subscription id."""
    parameter_id: str
    settle_seconds: float
    """For how long the vendor may take until it shows what it has got."""
    blocks_for: float
    """For how long a mark keeps others from sending: that, and the time until it is sent."""
    can_be_asked: bool = True
    can_take_back: bool = False
    is_repeatable: bool = False
    """Whether nothing needs a mark."""
    repeats_answers: bool = False
    """Whether the vendor repeats the answer that it has stored for an idempotency key."""
    leaves_orders: bool = False
    """Whether a look can tell what became of an attempt whose answer was lost."""
    advice: Advice = field(default_factory=Advice)
    shown: Subscription | None = None
    """The subscription as the vendor shows it; None if nobody has looked, or nobody can."""
    looks: int = 0
    """How many looks were made that say the same."""
    was_looked_for: bool = False
    """Whether the last look also went for what earlier attempts have left."""
    attempt: Attempt = field(default_factory=NotTried)
    void_attempt: str = ""
    """An attempt of this process under which certainly nothing was done."""
    definite_answers: int = 0
    """The count of refusals that the last idempotency key was made with."""
    history: History | Unreadable | None = None
    """The attempts of earlier walks and of other instances; None: not read yet."""
    planned: datetime | None = None
    """When Connect was to bring the request back; None if it was not scheduled."""
    is_proven: bool | None = None
    """Whether a cancellation of the product was ever approved; None: not asked yet."""

    def later(self, now: datetime, seconds: float) -> Evidence:
        """The same evidence after a call that has taken so many seconds."""
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
        """For how long a mark has been there, by Connect's clock."""
        return self.history.age_seconds(mark) if isinstance(self.history, History) else 0.0

    def answers_heard(self) -> int:
        """How often the vendor has given a definite answer, by all that is known."""
        if not isinstance(self.history, History):
            return 0
        history, attempt = self.history, self.void_attempt
        return history.definite_answers if self.repeats_answers else history.answers_heard(attempt)

    def seconds_until(self, moment: datetime) -> float:
        """Seconds until a moment, by this machine's clock or by Connect's: what is longer.

        Where a request is scheduled until then, and Connect's is not known, ours has to be right
        only within half an hour.
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
        """Of an undo: the marks under which the cancellation was, or may have been, sent."""
        if not isinstance(self.history, History):
            return ()
        return tuple(mark for mark in self.history.cancelling if mark.stands)

    def may_still_cancel(self) -> bool:
        """Of an undo: whether a cancellation may still have its effect, after what shows now.

        One whose answer was lost may still be under way. One that was answered may be ahead of
        what shows, unless it has shown since: nothing is taken back before.
        """
        has_shown = isinstance(self.attempt, Sent) or bool(self.standing())
        live = [mark for mark in self.cancelling() if self.is_live(mark)]
        return any(mark.state is State.SENDING or not has_shown for mark in live)

    def is_live(self, mark: Mark) -> bool:
        """Whether the vendor may still be at work on what was sent under the mark."""
        return self.age_seconds(mark) <= self.blocks_for
