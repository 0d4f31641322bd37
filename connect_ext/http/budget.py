"""The time that one walk has, as every call below it sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Budget:
    """The calls of one walk: until when they must have ended, and what about."""

    ends_at: float
    """On the event loop's clock. A call that could last longer is not begun."""
    subject: str = ""
    """The subscription that the calls are about; the circuit breaker counts different ones."""
    request_id: str = ""
    """Connect's id of the request that the calls are for; the log names it."""
    last_status: int | None = None
    """The HTTP status of the vendor's last answer."""

    @contextmanager
    def shortened_to(self, ends_at: float) -> Iterator[None]:
        """Let the calls made within end by ``ends_at`` at the latest."""
        before = self.ends_at
        self.ends_at = min(before, ends_at)
        try:
            yield
        finally:
            self.ends_at = before


_budget: ContextVar[Budget | None] = ContextVar("connect_ext_budget", default=None)


def current_budget() -> Budget | None:
    """The budget of the walk that makes the call; None outside of one."""
    return _budget.get()


@contextmanager
def spending(budget: Budget) -> Iterator[Budget]:
    """Make this the budget of every call made within."""
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)
