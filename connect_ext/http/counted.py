"""Counts the calls to vendors and to Connect, for the work that makes them and for both sides."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from connect_ext.http.call_times import CallTimes

Answer = TypeVar("Answer")


@dataclass
class CallCounter:
    """The number of calls that were begun so far; each repeat is one."""

    calls: int = 0


_counters: ContextVar[tuple[CallCounter, ...]] = ContextVar("connect_ext_counters", default=())


@contextmanager
def counting() -> Iterator[CallCounter]:
    """Count the calls made within, also by the tasks that are started within.

    Work that others had begun, and that is only waited for here, is counted there.
    """
    counter = CallCounter()
    token = _counters.set((*_counters.get(), counter))
    try:
        yield counter
    finally:
        _counters.reset(token)


async def counted(call: Awaitable[Answer], times: CallTimes) -> Answer:
    """Await a call, which counts from its beginning; at its end, note how long it took."""
    for counter in _counters.get():
        counter.calls += 1
    began, is_answered = time.monotonic(), False
    try:
        answer = await call
        is_answered = True
        return answer
    finally:
        times.note(time.monotonic() - began, is_answered=is_answered)
