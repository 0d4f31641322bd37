"""A process of the extension, and the line to the world on which its calls get lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from connect.client import ClientError

from connect_ext.shared_state import SharedState
from tests.model.history import MORE_SECONDS, TIMEOUT_SECONDS, Fate
from tests.model.later import moment
from tests.model.virtual_time import seconds

TARDY_SECONDS = 12.0

Result = TypeVar("Result")
_numbers = count()
_KEPT: deque[asyncio.Future[None]] = deque(maxlen=10_000)
"""Keeps what dead processes wait for: if it were garbage-collected, their tasks would complain."""

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
        Fate.CONFLICT,
        Fate.FORGOTTEN,
    }
)

STATUS_OF = {
    Fate.ERROR_BEFORE: 503,
    Fate.ERROR_AFTER: 502,
    Fate.ERROR_AND_WAIT: 503,
    Fate.ERROR_AFTER_AND_WAIT: 504,
    Fate.BUSY: 429,
    Fate.DENIED: 403,
    Fate.UNKNOWN: 404,
    Fate.BAD: 400,
    Fate.CONFLICT: 409,
}
"""The HTTP statuses of the fates for which Connect and the vendor answer alike."""

WITH_RETRY_AFTER = (Fate.ERROR_AND_WAIT, Fate.ERROR_AFTER_AND_WAIT, Fate.BUSY)


class FailedCallError(Exception):
    """A call without a good answer."""

    def __init__(self, fate: Fate, answer: Any = None) -> None:
        """``answer``: only its status can be read."""
        super().__init__(fate.value)
        self.fate, self.answer = fate, answer


class Process:
    """A process: its memory, its own clock, and whether it still lives."""

    def __init__(self, jitter: Callable[[], float], skew: float = 0.0) -> None:
        # Some memory may be kept by endpoint, so a new process gets its own number.
        self.endpoint = f"https://connect-{next(_numbers)}.example/public/v1"
        self._skew = timedelta(seconds=skew)
        self.fates: deque[Fate] = deque()
        self.vendors: dict[Any, Any] = {}
        self._values: dict[str, Any] = {}
        self.is_dry, self.can_ask, self.on_not_found = False, True, ""
        self.schedules = self.can_undo = False
        """The variables when it read them."""
        self.has_looked = False
        """Whether the vendor was asked since it was last sent a cancellation."""
        self.not_found: dict[str, list[float]] = {}
        """By request: the times of uninterrupted answers that do not know the id."""
        loop = asyncio.get_running_loop()
        self.died: asyncio.Future[None] = loop.create_future()
        self.delivered("")
        self.shared = SharedState(now=self.now, jitter=jitter, clock=loop.time)

    def delivered(self, request_id: str, *, is_revoking: bool = False) -> None:
        """Begin a delivery of a request to it."""
        self.request_id, self.is_revoking = request_id, is_revoking
        self.mark_began: float | None = None
        """When it began leaving its last mark in this delivery."""
        self.saw_cancelled = self.saw_end = self.saw_active = False
        """Whether the vendor's last word in this delivery was cancelled, ended as well, or
        active.
        """
        self.saw_end_at: float | None = None
        """The later end in that last word."""
        self.odd_refusals = 0
        """How often Connect refused a message in this delivery without a reason."""

    def saw(self, status: str, ends_at: float | None = None) -> None:
        """Note that the vendor shows it a status, in the twin's words."""
        self.saw_cancelled, self.saw_active = status == "cancelled", status == "active"
        is_later = self.saw_cancelled and ends_at is not None and ends_at > seconds()
        self.saw_end, self.saw_end_at = self.saw_cancelled and not is_later, ends_at

    def now(self) -> datetime:
        """The time on its clock."""
        return now() + self._skew

    def value(self, key: str, make: Callable[[], Result]) -> Result:
        """A value that its vendors share."""
        if key not in self._values:
            self._values[key] = make()
        found: Result = self._values[key]
        return found

    def dies(self) -> None:
        """Stop it for good, without even its clean-up."""
        if not self.died.done():
            self.died.set_result(None)

    def next_fate(self) -> Fate:
        """The fate of its next call."""
        return self.fates.popleft() if self.fates else Fate.FINE

    async def calls(
        self, work: Callable[[], Result], fate: Fate, timeout: float = TIMEOUT_SECONDS
    ) -> Result:
        """Let the other side do the work, subject to the call's fate."""
        await self._moment()
        if fate is Fate.CRASH_BEFORE:
            self.dies()
        elif fate is Fate.CRASH_LATER:
            _carry_out_later(work, timeout)
            self.dies()
        elif fate is Fate.SLOW:
            _carry_out_later(work, timeout)
            await asyncio.sleep(timeout)
        elif fate not in _NOT_DONE:
            return await self._answered(fate, work)
        await self._moment()
        raise FailedCallError(fate)

    async def _answered(self, fate: Fate, work: Callable[[], Result]) -> Result:
        if fate is Fate.TARDY:
            await asyncio.sleep(TARDY_SECONDS)
        error: Exception | None = None
        try:
            answer = work()
        except (ClientError, FailedCallError) as refusal:
            error = refusal
        if fate is Fate.CRASH_AFTER:
            self.dies()
        await self._moment()
        if fate not in (Fate.FINE, Fate.TARDY, Fate.GARBAGE, Fate.STALE):
            raise FailedCallError(fate)
        if error:
            raise error
        if fate is Fate.GARBAGE:
            raise FailedCallError(fate, answer)
        return answer

    async def _moment(self) -> None:
        """A tenth of a second in transit, during which the process may die."""
        if not self.died.done():
            await asyncio.sleep(0.1)
        if self.died.done():
            never = asyncio.get_running_loop().create_future()
            _KEPT.append(never)
            await never


def now() -> datetime:
    """The moment by Connect's clock."""
    return moment(seconds())


def _carry_out_later(work: Callable[[], object], timeout: float) -> None:
    asyncio.get_running_loop().call_later(timeout + MORE_SECONDS, _carried_out, work)


def _carried_out(work: Callable[[], object]) -> None:
    with suppress(ClientError, FailedCallError):
        work()
