"""Puts the amounts of a vendor's preview into words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal


def in_words(
    amount: Decimal, tax: Decimal | None, currency: str, period: tuple[date, date] | None
) -> str:
    """Describe the bill as the end of a sentence.

    For example, 'would credit 42.50 USD for 12 March to 31 March 2026'.

    ``amount`` includes ``tax``, and is negative for a credit to the customer; ``currency`` may be
    empty. ``period`` holds the first and last day of the service billed.
    """
    if not float(_figure(amount)):
        return "would bill nothing"
    verb = "credit" if amount < 0 else "charge"
    said = f"would {verb} {_sum(amount, currency)}"
    if period:
        said += f" for {_period(*sorted(period))}"
    if tax and _is_part(tax, amount):
        said += f", {_sum(tax, currency)} of which is tax"
    return said


def _is_part(tax: Decimal, amount: Decimal) -> bool:
    """Whether the tax can be part of the amount: a charge contains no credit."""
    return bool(float(_figure(tax))) and tax * amount > 0 and abs(tax) <= abs(amount)


def _sum(amount: Decimal, currency: str) -> str:
    return f"{_figure(amount)} {currency}".rstrip()


def _figure(amount: Decimal) -> str:
    return f"{abs(amount):.2f}"


def _period(first: date, last: date) -> str:
    if first == last:
        return _day(last)
    start = _day_of_month(first) if first.year == last.year else _day(first)
    return f"{start} to {_day(last)}"


def _day(day: date) -> str:
    return f"{_day_of_month(day)} {day.year}"


def _day_of_month(day: date) -> str:
    return f"{day.day} {day:%B}"
