"""The subscription's orders, in a Zuora with orders."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from connect_ext.http.client import Answer
from tests.model.virtual_time import seconds

OPEN = ("Pending", "Draft", "Scheduled")
"""Somebody can still act on an order with one of these statuses."""

EXECUTING = "Executing"


@dataclass
class Kept:
    """The entry for an idempotency key; without an answer, the first call is still unanswered."""

    at: float
    answer: Answer | None = None


@dataclass
class Order:
    """An order to cancel the subscription, for a request."""

    number: str
    request_id: str
    text: str
    """Its description, and the reason of its action."""
    effective: date
    ends_at: float
    status: str = EXECUTING


class OrderBook:
    """All orders; ``ends_as`` is an order's status once Zuora has finished its work."""

    def __init__(self, ends_as: str) -> None:
        self._ends_as = ends_as
        self.placed: list[Order] = []
        self.lies_since = self._lay_until = -math.inf
        self.kept: dict[str, Kept] = {}
        """By idempotency key; later events of an order do not change it."""
        self.is_followed = False
        """Whether another order followed the last one, so that nobody can delete it."""
        self.given = 0
        """How many numbers Zuora has assigned."""

    @property
    def is_at_work(self) -> bool:
        """Whether Zuora is at work on an order."""
        return any(order.status == EXECUTING for order in self.placed)

    @property
    def lying(self) -> Order | None:
        """The order that waits until somebody acts on it."""
        return next((order for order in self.placed if order.status in OPEN), None)

    def lay_within(self, span: float) -> bool:
        """Whether an order waits, or did some seconds ago."""
        return self.lying is not None or seconds() - self._lay_until <= span

    @property
    def dropped(self) -> set[str]:
        """The fates of the orders that somebody ended: ``Deleted``, ``Cancelled``."""
        return {order.status for order in self.placed} & {"Deleted", "Cancelled"}

    def has_lain_for(self, span: float, request_id: str) -> bool:
        """Whether an order of the request has been waiting for this many seconds."""
        lying = self.lying
        is_its_own = lying is not None and lying.request_id == request_id
        return is_its_own and seconds() - self.lies_since > span

    def finish(self) -> bool:
        """End the work on the orders; returns whether that cancels the subscription."""
        for order in self.placed:
            if order.status == EXECUTING:
                order.status = self._ends_as
                self.lies_since = seconds()
        return self._ends_as not in OPEN

    def close(self, status: str) -> None:
        """Give the waiting order its final status."""
        if self.lying:
            self.lying.status, self._lay_until = status, seconds()

    def revert(self) -> None:
        """Undo the effect of the orders."""
        for order in self.placed:
            if order.status == "Completed":
                order.status = "Reverted"

    def shown(self, *, with_work: bool) -> list[Order]:
        """The orders that can be read, oldest first."""
        hidden = ("Deleted",) if with_work else ("Deleted", EXECUTING)
        return [order for order in self.placed if order.status not in hidden]

    def is_taken(self, number: str, *, frees: bool) -> bool:
        """Whether an order has the number, or had it before it was deleted."""
        return any(
            order.number == number and not (frees and order.status == "Deleted")
            for order in self.placed
        )
