"""A heartbeat in an event loop shows how long the loop stood still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

BEAT_SECONDS = 0.005

MOST_LATE_SECONDS = 0.4
"""The longest delay allowed for a beat, even on a slow day of a machine with two cores.

The worst answers to all calls at once delay it by 0.2 there.
"""

TRIES = 3
"""The machine may stand still too; the best of this many tries is the loop's own."""


class Heartbeat:
    """Beats in the running loop from entry to exit."""

    def __init__(self) -> None:
        self.latest = 0.0
        """The longest delay of a beat, in seconds."""

    async def __aenter__(self) -> Heartbeat:
        self._beating = asyncio.ensure_future(self._beat())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_error: object) -> None:
        # One more beat, since the loop may stand still to the end.
        await asyncio.sleep(2 * BEAT_SECONDS)
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            due = time.monotonic() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            self.latest = max(self.latest, time.monotonic() - due)


async def at_best(once: Callable[[], Awaitable[float]], enough: float = MOST_LATE_SECONDS) -> float:
    """The smallest delay of some tries; stops at the first that is ``enough``."""
    latest = [await once()]
    while latest[-1] > enough and len(latest) < TRIES:
        latest.append(await once())
    return min(latest)
