"""A process of the extension, and the line between it and the world, on which calls are lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any, TypeVar

from connect.client import ClientError

from connect_ext.processing import RecentCancellations, Surroundings
from tests.model.history import Fate

BEGINNING = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)
TIMEOUT_SECONDS = 30.0
LATER_SECONDS = 45.0
"""When the other side gets around to a call whose caller has given up."""

Result = TypeVar("Result")
_numbers = count()
_KEPT: deque[asyncio.Future[None]] = deque(maxlen=10_000)
"""What the dead wait for: collected as garbage, their tasks would complain of it."""

_NOT_DONE = frozenset(
    {
        Fate.NOT_SENT,
        Fate.LOST_BEFORE,
        Fate.ERROR_BEFORE,
        Fate.ERROR_AND_WAIT,
        Fate.BUSY,
        Fate.DENIED,
        Fate.UNKNOWN,
        Fate.BAD,
        Fate.FORGOTTEN,
    }
)

STATUS_OF = {
    Fate.ERROR_BEFORE: 503,
    Fate.ERROR_AFTER: 502,
    Fate.ERROR_AND_WAIT: 503,
    Fate.BUSY: 429,
    Fate.DENIED: 403,
    Fate.UNKNOWN: 404,
    Fate.BAD: 400,
}
"""The HTTP statuses of those fates that both sides, Connect and the vendor, answer alike."""


class FailedCallError(Exception):
    """A call that has no good answer."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(fate.value)
        self.fate = fate


class Process:
    """What a process remembers, and whether it still lives. Its clock is that of the loop."""

    def __init__(self, dice: Callable[[], float]) -> None:
        # Modules keep some of their memory by end point: a number of its own is a new process.
        self.endpoint = f"https://connect-{next(_numbers)}.example/public/v1"
        self.fates: deque[Fate] = deque()
        self.vendors: dict[Any, Any] = {}
        self.request_id = ""
        """The request that is delivered to it."""
        self.has_looked = False
        """Whether the vendor was asked since the last cancellation was sent to it."""
        self.accepted_at: dict[str, float] = {}
        """When the vendor told it that it had taken a request's cancellation."""
        loop = asyncio.get_running_loop()
        self.died: asyncio.Future[None] = loop.create_future()
        recent = RecentCancellations(loop.time)
        self.surroundings = Surroundings(now=now, dice=dice, recent=recent)

    async def calls(self, work: Callable[[], Result]) -> Result:
        """Have the other side do the work, and suffer whatever the fate of the call is."""
        await self._lives()
        fate = self.fates.popleft() if self.fates else Fate.FINE
        await asyncio.sleep(0.1)
        await self._lives()
        if fate is Fate.CRASH_BEFORE:
            await self._dies()
        if fate is Fate.SLOW:
            asyncio.get_running_loop().call_later(LATER_SECONDS, _done_in_vain, work)
            await asyncio.sleep(TIMEOUT_SECONDS)
        elif fate not in _NOT_DONE:
            return await self._answered(fate, work)
        await asyncio.sleep(0.1)
        await self._lives()
        raise FailedCallError(fate)

    async def _answered(self, fate: Fate, work: Callable[[], Result]) -> Result:
        error: Exception | None = None
        try:
            answer = work()
        except (ClientError, FailedCallError) as refusal:
            error = refusal
        if fate is Fate.CRASH_AFTER:
            await self._dies()
        await asyncio.sleep(0.1)
        await self._lives()
        if fate is not Fate.FINE:
            raise FailedCallError(fate)
        if error:
            raise error
        return answer

    async def _dies(self) -> None:
        if not self.died.done():
            self.died.set_result(None)
        await self._lives()

    async def _lives(self) -> None:
        """What a dead process would do next never happens; not even its clean-up does."""
        if self.died.done():
            never = asyncio.get_running_loop().create_future()
            _KEPT.append(never)
            await never


def now() -> datetime:
    """The moment, on the clock of the loop."""
    return BEGINNING + timedelta(seconds=asyncio.get_running_loop().time())


def _done_in_vain(work: Callable[[], object]) -> None:
    with suppress(ClientError, FailedCallError):
        work()
