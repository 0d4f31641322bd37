"""The days of a cancellation, in the tenant's time zone (docs/facts.md, Orders 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

_LAST_ZONE = timezone(timedelta(hours=-12))
"""The one in which each day begins last."""


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


def begun_everywhere(days: Days, asked_at: datetime, begins: date | None) -> Days:
    """The same, ordered on a day that is the future nowhere on earth.

    Zuora takes orders with a date in the past, and hardly one in the future.
    """
    today = asked_at.astimezone(_LAST_ZONE).date()
    return Days(min(days.ordered, max(today, begins or today)), days.effective)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins in the tenant's zone."""
    return datetime.combine(day, time(), zone)
