"""Counts the calls that a piece of work makes, to vendors and to Connect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


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


def count_call() -> None:
    """Note that a call begins."""
    for counter in _counters.get():
        counter.calls += 1
