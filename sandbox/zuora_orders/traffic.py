"""Locks on subscriptions, and the limit on concurrent orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sandbox.zuora_orders.errors import ZuoraError


class Traffic:
    """The orders and previews running at the moment; each locks its subscriptions."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self.running = 0
        self.locked: set[str] = set()

    @contextmanager
    def passing(self, numbers: Iterable[str]) -> Iterator[None]:
        """Run an order. Raises ZuoraError if a subscription is locked or too many run already."""
        wanted = set(numbers)
        if self.running >= self.concurrency:
            headers = {"Retry-After": "30"}
            raise ZuoraError(70, "concurrency", headers=headers, limit=self.concurrency)
        if wanted & self.locked:
            raise ZuoraError(50, "locked")
        self.running += 1
        self.locked |= wanted
        try:
            yield
        finally:
            self.running -= 1
            self.locked -= wanted
