"""Calls at each interval, and once more when the process ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from multiprocessing.util import Finalize


class Ticker:
    """Calls ``tick`` at each interval from its beginning on, and with True when it ends.

    It ends with the process: the runner stops a worker's event loop and cancels nothing, so that a
    task would never learn of it, and calls ``on_shutdown`` in only one of its workers, maybe
    another one (docs/facts.md, Connect 5.2). Not ``atexit``: by then the threads have gone that
    bring the log to Connect.
    """

    def __init__(self, seconds: float, tick: Callable[[bool], None]) -> None:
        self._seconds, self._tick = seconds, tick
        self._timer: asyncio.TimerHandle | None = None
        self._at_end: Finalize | None = None

    def begin(self) -> None:
        """Begin, if it has not begun yet, on the running event loop."""
        if self._timer is None:
            self._set()
            self._at_end = Finalize(None, self.end, exitpriority=0)

    def end(self) -> None:
        """Tick for the last time, if it has begun."""
        if self._timer is not None and self._at_end is not None:
            self._timer.cancel()
            self._at_end.cancel()
            self._timer = self._at_end = None
            self._tick(True)

    def _set(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._ring)

    def _ring(self) -> None:
        # First: whatever becomes of this tick, there is a next one.
        self._set()
        self._tick(False)
