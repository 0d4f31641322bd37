"""How many calls a command makes in a minute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from connect_ext.http.counted import counting

Item = TypeVar("Item")

CALLS_OF_A_WALK = 16
"""More than a walk makes as a rule; one that makes more is made up for afterwards."""

CALLS_OF_A_LOOK = 4
"""The look itself, a session or a token before it, and a check of what it shows."""

LEAST_CALLS_PER_MINUTE, MOST_CALLS_PER_MINUTE = 30, 60_000

MOST_SECONDS = 1.0
SLACK_SECONDS = 0.001
"""So that a sum of fractions does not fall short by the last of its digits."""


class Pace:
    """At most so many calls in any minute.

    Whoever begins something takes all the calls that it may need, and gives back the others at its
    end. So nothing has to wait between two of its calls, least of all between a mark and the
    cancellation. What was made beyond that is made up for afterwards.
    """

    def __init__(
        self,
        calls_per_minute: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        # What may be made at once, and what comes back in a minute, are the bound together.
        self._most = max(CALLS_OF_A_WALK, calls_per_minute // 8)
        self._per_second = (calls_per_minute - self._most) / 60
        self._clock, self._sleep = clock, sleep
        self._left = float(self._most)
        self._at = clock()
        self._line = asyncio.Lock()

    @asynccontextmanager
    async def taking(self, calls: int) -> AsyncIterator[None]:
        """Wait until so many calls may be made, and count those that are made within."""
        async with self._line:
            await self._wait_for(calls)
            self._left -= calls
        with counting() as counted:
            try:
                yield
            finally:
                self._left = min(self._left + calls - counted.calls, self._most)

    async def each(self, items: AsyncIterator[Item]) -> AsyncIterator[Item]:
        """The items, to each of which a look's calls lead."""
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
            # Others may give back what they have taken.
            await self._sleep(min(missing + SLACK_SECONDS, MOST_SECONDS))
