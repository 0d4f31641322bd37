"""Counts the calls to vendors and to Connect, by the work that makes them and by side."""

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
    """The number of calls begun so far; each repeat counts."""

    calls: int = 0


_counters: ContextVar[tuple[CallCounter, ...]] = ContextVar("connect_ext_counters", default=())


@contextmanager
def counting() -> Iterator[CallCounter]:
    """Count the calls made in this context, including those by tasks that are started in it.

    Work that was begun elsewhere, and is only awaited here, is counted there.
    """
    counter = CallCounter()
    token = _counters.set((*_counters.get(), counter))
    try:
        yield counter
    finally:
        _counters.reset(token)


async def counted(call: Awaitable[Answer], times: CallTimes) -> Answer:
    """Await a call; count it when it begins, and record its time when it ends."""
    for counter in _counters.get():
        counter.calls += 1
    began, is_answered = time.monotonic(), False
    try:
        answer = await call
        is_answered = True
        return answer
    finally:
        times.note(time.monotonic() - began, is_answered=is_answered)
