"""The time that one walk has, visible to every call that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Budget:
    """One walk's limit for its calls, and what they are about."""

    ends_at: float
    """On the event loop's clock. A call that could take longer is not started."""
    subject: str = ""
    """The subscription that the calls are about; the circuit breaker counts distinct ones."""
    request_id: str = ""
    """Connect's id of the request that the calls are for; the log names it."""
    last_status: int | None = None
    """The HTTP status of the vendor's last answer."""

    @contextmanager
    def shortened_to(self, ends_at: float) -> Iterator[None]:
        """Make the calls within this context end by ``ends_at`` at the latest."""
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
    """Make this the budget of every call within this context."""
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)
