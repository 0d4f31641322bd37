"""The places for calls under way, and the queue of calls that wait for one."""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """A bounded number of places, given out first come, first served.

    ``asyncio.Semaphore`` with ``asyncio.wait_for`` will not do: on Python 3.10 and 3.11, a place
    that becomes free at the moment of a time-out or a cancellation can be lost for ever.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._queue: deque[asyncio.Future[bool]] = deque()

    async def take(self, most_seconds: float) -> bool:
        """Take a place, waiting at most ``most_seconds`` for it; False if none became free."""
        if self._free:
            self._free -= 1
            return True
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._queue.append(waiter)
        timer = loop.call_later(most_seconds, _settle, waiter, False)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.result():
                self.give_back()
            raise
        finally:
            timer.cancel()

    def give_back(self) -> None:
        """Pass the place on to the next in the queue."""
        while self._queue:
            if _settle(self._queue.popleft(), True):
                return
        self._free += 1


def _settle(waiter: asyncio.Future[bool], got_place: bool) -> bool:
    """Tell a waiter, unless it is gone; returns whether it was still there."""
    if waiter.done():
        return False
    waiter.set_result(got_place)
    return True
