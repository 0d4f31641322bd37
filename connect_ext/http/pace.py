"""Limits how many calls a command makes in a minute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from connect_ext.http.counted import counting

Item = TypeVar("Item")

CALLS_OF_A_WALK = 16
"""More calls than most walks make; if one makes more, the next ones wait longer."""

CALLS_OF_A_LOOK = 4
"""The look itself, a session or a token before it, and a check of the result."""

LEAST_CALLS_PER_MINUTE, MOST_CALLS_PER_MINUTE = 30, 60_000

MOST_SECONDS = 1.0
SLACK_SECONDS = 0.001
"""Keeps a sum of fractions from falling short by a rounding error."""


class Pace:
    """At most ``calls_per_minute`` calls in any minute.

    A piece of work takes all the calls that it may need before it begins, and returns the unused
    ones at its end. So it never waits between two of its calls, least of all between a mark and the
    cancellation. If it makes more calls than it took, later work waits longer.
    """

    def __init__(
        self,
        calls_per_minute: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        # The calls at once and the calls regained in a minute add up to the limit.
        self._most = max(CALLS_OF_A_WALK, calls_per_minute // 8)
        self._per_second = (calls_per_minute - self._most) / 60
        self._clock, self._sleep = clock, sleep
        self._left = float(self._most)
        self._at = clock()
        self._line = asyncio.Lock()

    @asynccontextmanager
    async def taking(self, calls: int) -> AsyncIterator[None]:
        """Wait until ``calls`` may be made, and count those made in this context."""
        async with self._line:
            await self._wait_for(calls)
            self._left -= calls
        with counting() as counted:
            try:
                yield
            finally:
                self._left = min(self._left + calls - counted.calls, self._most)

    async def each(self, items: AsyncIterator[Item]) -> AsyncIterator[Item]:
        """The items, each after a wait for the calls that its look needs."""
        while True:
            async with self.taking(CALLS_OF_A_LOOK):
                item = await anext(items, None)
            if item is None:
                return
            yield item

    async def _wait_for(self, calls: int) -> None:
        while True:
            now = self._clock()
            self._left = min(self._left + (now - self._at) * self._per_second, self._most)
            self._at = now
            if self._left >= calls:
                return
            missing = (calls - self._left) / self._per_second
            # Other work may return calls earlier.
            await self._sleep(min(missing + SLACK_SECONDS, MOST_SECONDS))
