"""Calls a function at each interval, and once more when the process ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from multiprocessing.util import Finalize


class Ticker:
    """Calls ``tick`` at each interval once it has begun, and with True when it ends.

    It ends with the process. The runner stops a worker's event loop without cancelling anything, so
    a task would never notice; and it calls ``on_shutdown`` in only one of its workers, which may be
    another one (docs/facts.md, Connect 5.2). ``atexit`` is too late: the threads that send the log
    to Connect are gone by then.
    """

    def __init__(self, seconds: float, tick: Callable[[bool], None]) -> None:
        self._seconds, self._tick = seconds, tick
        self._timer: asyncio.TimerHandle | None = None
        self._at_end: Finalize | None = None

    def begin(self) -> None:
        """Begin on the running event loop, unless it has begun already."""
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
        # First, so that there is a next tick even if this one fails.
        self._set()
        self._tick(False)
