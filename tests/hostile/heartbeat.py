"""A heartbeat in an event loop: it tells for how long the loop stood still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

BEAT_SECONDS = 0.005

MOST_LATE_SECONDS = 0.25
"""The most by which a beat may ever be late."""

TRIES = 3
"""A busy machine makes every computation longer: the best of so many is the loop's own."""


class Heartbeat:
    """Beats in the running loop from entry to exit."""

    def __init__(self, cpu_seconds: Callable[[], float] = time.process_time) -> None:
        """``cpu_seconds`` tells the processor time that counts as ours."""
        self.latest = 0.0
        """The most seconds by which a beat was late while we ourselves were busy.

        A machine that has no time for us makes every beat late, but uses none of our time.
        """
        self._cpu_seconds = cpu_seconds

    async def __aenter__(self) -> Heartbeat:
        self._beating = asyncio.ensure_future(self._beat())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_error: object) -> None:
        # One beat more: the loop may stand still to the end.
        await asyncio.sleep(2 * BEAT_SECONDS)
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            due, busy = time.monotonic() + BEAT_SECONDS, self._cpu_seconds()
            await asyncio.sleep(BEAT_SECONDS)
            late, busy = time.monotonic() - due, self._cpu_seconds() - busy
            self.latest = max(self.latest, min(late, busy))
