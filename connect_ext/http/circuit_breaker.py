"""Pauses the calls to a vendor that is down, or that asks to be left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

FAILURES_IN_A_ROW = 5
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 5.0, 300.0
MAX_ASKED_PAUSE_SECONDS = 3600.0
"""The longest pause for a vendor's ``Retry-After``, which may be about one subscription only."""


class State(IntEnum):
    """What happens to the next call, the worst last."""

    CLOSED = 0
    TRIAL = 1
    """One call is let through alone as a trial."""
    PAUSED = 2


@dataclass(frozen=True, order=True)
class Standing:
    """A breaker's state at one moment; a greater one is worse."""

    state: State = State.CLOSED
    seconds: float = 0.0
    """How much of the pause is left."""


@dataclass(frozen=True, eq=False)
class Begun:
    """A call under way, to be returned to the breaker at its end."""

    subject: str


class CircuitBreaker:
    """Counts the subjects that a vendor fails to serve, and says when it may be called.

    After failures for ``FAILURES_IN_A_ROW`` different subjects, with no success in between, all
    calls stop for 5 seconds; then one call is let through as a trial. If it fails, the pause
    doubles, up to 5 minutes; if it succeeds, the count begins again. A subscription that the vendor
    never serves counts once, however often it fails. A vendor's own ``Retry-After`` pauses all
    calls as well.

    It is written here because no available library supports both the growing pause and the
    vendor's own; it needs no task and no timer.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed_subjects: set[str] = set()
        self._pause_seconds = 0.0
        self._paused_until = 0.0
        self._trial: Begun | None = None

    def pause_seconds(self) -> float:
        """Seconds for which nothing may be called; 0 if the vendor may be called now."""
        left = self._paused_until - self._clock()
        if left > 0:
            return left
        # One trial at a time: the other calls come back when its outcome is known.
        return MIN_PAUSE_SECONDS if self._trial is not None else 0.0

    @property
    def standing(self) -> Standing:
        """The breaker's state now."""
        left = self._paused_until - self._clock()
        if left > 0:
            return Standing(State.PAUSED, left)
        return Standing(State.TRIAL if self._pause_seconds else State.CLOSED)

    def begin(self, subject: str = "") -> Begun:
        """Record that a call about a subject begins."""
        call = Begun(subject)
        if self._pause_seconds:
            self._trial = call
        return call

    def abandoned(self, call: Begun) -> None:
        """Record that the call has ended and says nothing about the vendor."""
        if call is self._trial:
            self._trial = None

    def succeeded(self, call: Begun) -> None:
        """Record that the vendor has answered."""
        if self._pause_seconds and call is not self._trial:
            # The call began before the pause, so its result is out of date.
            return
        self._failed_subjects.clear()
        self._pause_seconds, self._trial = 0.0, None

    def failed(self, call: Begun) -> None:
        """Record that the vendor could not be reached, or did not serve the call."""
        if self._pause_seconds and call is not self._trial:
            return
        self._trial = None
        if not self._pause_seconds:
            self._failed_subjects.add(call.subject)
        if len(self._failed_subjects) >= FAILURES_IN_A_ROW:
            doubled = max(MIN_PAUSE_SECONDS, self._pause_seconds * 2)
            self._pause_seconds = min(doubled, MAX_PAUSE_SECONDS)
            self._pause_until(self._pause_seconds)

    def asked_to_wait(self, call: Begun, seconds: float) -> None:
        """Record how long the vendor does not want to be called."""
        self.abandoned(call)
        self._pause_until(min(seconds, MAX_ASKED_PAUSE_SECONDS))

    def _pause_until(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock() + seconds)
