"""Pauses the calls to a vendor that is down, or that asks to be left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

FAILURES_IN_A_ROW = 5
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 5.0, 300.0
MAX_ASKED_PAUSE_SECONDS = 3600.0
"""A vendor's ``Retry-After`` may be meant for one subscription: it never stops all for longer."""


class State(IntEnum):
    """What becomes of the next call, the worst last."""

    CLOSED = 0
    TRIAL = 1
    """It is let through alone, or waits for the one that is."""
    PAUSED = 2


@dataclass(frozen=True, order=True)
class Standing:
    """A breaker as it stands in one moment; the greater is the worse."""

    state: State = State.CLOSED
    seconds: float = 0.0
    """Left of the pause."""


@dataclass(frozen=True, eq=False)
class Begun:
    """A call under way, given back to the breaker at its end."""

    subject: str


class CircuitBreaker:
    """Counts the subjects that a vendor fails to serve, and says when it may be called.

    After failures of ``FAILURES_IN_A_ROW`` different subjects, with no success between them,
    nothing is called for 5 seconds; then one call is let through as a trial. If it fails, the pause
    doubles, up to 5 minutes; if it succeeds, the count begins again. A subscription that the vendor
    never serves counts once, however often it fails. A vendor's own ``Retry-After`` pauses all
    calls as well.

    Written here because no library at hand knows the growing pause and the vendor's own; it keeps
    no task and no timer.
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
        # One trial at a time: the others come back when its outcome is known.
        return MIN_PAUSE_SECONDS if self._trial is not None else 0.0

    @property
    def standing(self) -> Standing:
        """How it stands now."""
        left = self._paused_until - self._clock()
        if left > 0:
            return Standing(State.PAUSED, left)
        return Standing(State.TRIAL if self._pause_seconds else State.CLOSED)

    def begin(self, subject: str = "") -> Begun:
        """Note that a call about a subject begins."""
        call = Begun(subject)
        if self._pause_seconds:
            self._trial = call
        return call

    def abandoned(self, call: Begun) -> None:
        """The call has ended and says nothing about the vendor."""
        if call is self._trial:
            self._trial = None

    def succeeded(self, call: Begun) -> None:
        """The vendor has answered."""
        if self._pause_seconds and call is not self._trial:
            # It began before the pause did: its news is older than what is known.
            return
        self._failed_subjects.clear()
        self._pause_seconds, self._trial = 0.0, None

    def failed(self, call: Begun) -> None:
        """The vendor could not be reached, or did not serve the call."""
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
        """The vendor has said for how long it does not want to be called."""
        self.abandoned(call)
        self._pause_until(min(seconds, MAX_ASKED_PAUSE_SECONDS))

    def _pause_until(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock() + seconds)
