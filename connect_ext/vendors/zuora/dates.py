"""The days of a cancellation, in the tenant's time zone (docs/facts.md, Orders 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from connect_ext.portal.policy import CancellationDate

SPECIFIC_DATE, END_OF_TERM = "SpecificDate", "EndOfCurrentTerm"
END_OF_INVOICED_PERIOD = "EndOfLastInvoicePeriod"

_LAST_ZONE = timezone(timedelta(hours=-12))
"""The zone in which each day begins last."""


@dataclass(frozen=True)
class Days:
    """The days of an order to cancel."""

    ordered: date
    policy: str
    """Zuora's policy for finding the last day (docs/facts.md, Orders 4)."""
    effective: date | None
    """The first day without service; None if only Zuora knows it."""

    @property
    def named(self) -> date | None:
        """That day, if the order states it; an order with another policy does not."""
        return self.effective if self.policy == SPECIFIC_DATE else None


def days_of(
    asked_at: datetime,
    zone: ZoneInfo,
    begins: date | None,
    term_ends: date | None,
    when: CancellationDate,
) -> Days:
    """Choose today in the tenant's zone or the nearest day allowed; for a later end, a policy.

    Zuora refuses days before the subscription's first or after its term's last.
    """
    today = asked_at.astimezone(zone).date()
    ordered = max(today, begins or today)
    match when:
        case CancellationDate.IMMEDIATE:
            return Days(ordered, SPECIFIC_DATE, min(ordered, term_ends or ordered))
        case CancellationDate.END_OF_TERM:
            return Days(ordered, END_OF_TERM, term_ends)
        case CancellationDate.END_OF_INVOICED_PERIOD:
            return Days(ordered, END_OF_INVOICED_PERIOD, None)


def begun_everywhere(days: Days, asked_at: datetime, begins: date | None) -> Days:
    """Change the order date to a day that has begun everywhere on earth.

    Zuora accepts order dates in the past, but hardly any in the future.
    """
    today = asked_at.astimezone(_LAST_ZONE).date()
    return replace(days, ordered=min(days.ordered, max(today, begins or today)))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The start of a day in the tenant's zone."""
    return datetime.combine(day, time(), zone)
