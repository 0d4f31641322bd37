"""Pauses the calls to a vendor that is down, or that asks to be left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

FAILURES_IN_A_ROW = 5
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 5.0, 300.0


class CircuitBreaker:
    """Counts a vendor's failures in a process and says when it may be called.

    After ``FAILURES_IN_A_ROW`` nothing is called for 5 seconds, then one call is let through as a
    trial: if it fails, the pause doubles, up to 5 minutes; if it succeeds, all is as before. A
    vendor's own ``Retry-After`` is a pause as well, for all calls and not only for the one.

    Written here because no library at hand knows the growing pause and the vendor's own; it keeps
    no task and no timer.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._pause_seconds = 0.0
        self._paused_until = 0.0
        self._trial: object | None = None

    def pause_seconds(self) -> float:
        """Seconds for which nothing may be called; 0 if the vendor may be called now."""
        left = self._paused_until - self._clock()
        if left > 0:
            return left
        # One trial at a time: the others come back when its outcome is known.
        return MIN_PAUSE_SECONDS if self._trial is not None else 0.0

    def begin(self) -> object:
        """Note that a call begins; what comes back belongs to it and is given back at its end."""
        call = object()
        if self._pause_seconds:
            self._trial = call
        return call

    def abandoned(self, call: object) -> None:
        """The call has ended and says nothing of the vendor."""
        if call is self._trial:
            self._trial = None

    def succeeded(self, call: object) -> None:
        """The vendor has answered."""
        if self._pause_seconds and call is not self._trial:
            # It began before the pause did: what it says is older than what is known.
            return
        self._failures, self._pause_seconds, self._trial = 0, 0.0, None

    def failed(self, call: object) -> None:
        """The vendor could not be reached, or did not serve the call."""
        if self._pause_seconds and call is not self._trial:
            return
        self._trial = None
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            doubled = max(MIN_PAUSE_SECONDS, self._pause_seconds * 2)
            self._pause_seconds = min(doubled, MAX_PAUSE_SECONDS)
            self._pause_until(self._pause_seconds)

    def asked_to_wait(self, call: object, seconds: float) -> None:
        """The vendor has said for how long it does not want to be called."""
        self.abandoned(call)
        self._pause_until(seconds)

    def _pause_until(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock() + seconds)
