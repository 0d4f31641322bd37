"""How far a subscription's charges are invoiced, and what a cancellation bills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.zuora.records import RatePlan, RatePlanCharge, Subscription

CENT = Decimal("0.01")
Layout = tuple[tuple[date | None, ...], ...]
_ONE_CHARGE: Layout = ((None,),)


@dataclass(frozen=True)
class Line:
    """An item of an invoice, for service from `start` to the last day `end`; a credit is
    negative, and `amount` is without `tax`."""

    charge: RatePlanCharge
    start: date
    end: date
    amount: Decimal
    tax: Decimal


def charged(fields: Mapping[str, Any], layout: Layout = _ONE_CHARGE) -> dict[str, Any]:
    """Both `charged_through` and `invoiced_through`, from whichever is given; a single day applies
    to every charge of the layout.
    """
    if "charged_through" in fields:
        given = tuple(tuple(plan) for plan in fields["charged_through"])
        latest = max((day for plan in given for day in plan if day is not None), default=None)
        if fields.get("invoiced_through", latest) != latest:
            raise ValueError("invoiced_through is the latest day of charged_through")
        return {"charged_through": given, "invoiced_through": latest}
    if "invoiced_through" in fields:
        day = fields["invoiced_through"]
        return {
            "charged_through": tuple(tuple(day for _ in plan) for plan in layout),
            "invoiced_through": day,
        }
    return {}


def charges(plan: RatePlan, subscription: Subscription) -> list[RatePlanCharge]:
    """The charges of a rate plan of this version."""
    before = sum(map(len, subscription.charged_through[: plan.position]))
    number = sum(map(len, subscription.charged_through))
    return [
        RatePlanCharge(
            id=f"{plan.id[:28]}{position:04x}",
            rate_plan_id=plan.id,
            charge_number=f"C-{before + position:08d}",
            price=subscription.monthly_price / number,
            charged_through_date=day,
            effective_start_date=subscription.contract_effective_date,
            effective_end_date=subscription.subscription_end_date,
            version=subscription.version,
            created_date=subscription.created_date,
        )
        for position, day in enumerate(subscription.charged_through[plan.position], 1)
    ]


def lines(
    charges: Iterable[RatePlanCharge], effective: date, through: date, tax_rate: Decimal
) -> list[Line]:
    """What a cancellation on this day bills up to and including `through`, with days of a thirtieth
    of a month: days that were invoiced and are no longer served, or that were not invoiced yet.
    """
    found = (_line(each, effective, through, tax_rate) for each in charges)
    return [line for line in found if line is not None]


def _line(charge: RatePlanCharge, effective: date, through: date, tax_rate: Decimal) -> Line | None:
    invoiced = charge.charged_through_date
    if invoiced is None:
        return None
    end = effective if effective < invoiced else max(invoiced, min(effective, through))
    if end == invoiced:
        return None
    amount = (charge.price * (end - invoiced).days / 30).quantize(CENT)
    first, last = sorted((end, invoiced))
    tax = (amount * tax_rate).quantize(CENT) + 0  # never minus zero
    return Line(charge, first, last - timedelta(days=1), amount, tax)
