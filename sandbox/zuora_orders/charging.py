"""What a cancellation bills: a credit for invoiced days, or a charge for days not invoiced yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sandbox.zuora_orders.records import Cancellation, Subscription

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Billed:
    """A charge for service from `start` to the last day `end`: its amount without tax, and its tax.
    A credit is negative.
    """

    start: date
    end: date
    amount: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """The amount with tax."""
        return self.amount + self.tax

    def turned(self) -> Billed:
        """The same with the other sign, as a credit memo shows it."""
        return Billed(self.start, self.end, -self.amount, -self.tax)


def billed(
    cancellation: Cancellation, tax_rate: Decimal, *, until: date | None = None
) -> Billed | None:
    """What a cancellation bills; days not invoiced yet only up to `until`."""
    return billed_to(cancellation.subscription, cancellation.effective_date, tax_rate, until=until)


def billed_to(
    base: Subscription, effective: date, tax_rate: Decimal, *, until: date | None = None
) -> Billed | None:
    """What a subscription that ends on this day bills, with days of a thirtieth of a month."""
    invoiced = base.invoiced_through
    if invoiced is None:
        return None
    end = effective
    if effective > invoiced:
        end = max(invoiced, min(effective, until or effective))
    if end == invoiced:
        return None
    amount = (base.monthly_price * (end - invoiced).days / 30).quantize(CENT)
    first, last = sorted((end, invoiced))
    tax = (amount * tax_rate).quantize(CENT) + 0  # never minus zero
    return Billed(first, last - timedelta(days=1), amount, tax)
