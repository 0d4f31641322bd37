"""The days of a cancellation, in the tenant's time zone (docs/facts.md, Orders 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Days:
    """The days that an order to cancel names."""

    ordered: date
    effective: date
    """The first day without service."""


def days_of(
    asked_at: datetime, zone: ZoneInfo, begins: date | None, term_ends: date | None
) -> Days:
    """Today in the tenant's zone, or as near to it as Zuora allows.

    Zuora refuses any day before the subscription's first or after its term's last.
    """
    today = asked_at.astimezone(zone).date()
    ordered = max(today, begins or today)
    return Days(ordered, min(ordered, term_ends or ordered))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins in the tenant's zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(timezone.utc)
