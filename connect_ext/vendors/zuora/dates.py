"""The days of a cancellation, in the tenant's time zone (docs/facts.md, Orders 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from connect_ext.portal.policy import CancellationDate

SPECIFIC_DATE, END_OF_TERM = "SpecificDate", "EndOfCurrentTerm"
END_OF_INVOICED_PERIOD = "EndOfLastInvoicePeriod"

_LAST_ZONE = timezone(timedelta(hours=-12))
"""The one in which each day begins last."""


@dataclass(frozen=True)
class Days:
    """The days of an order to cancel."""

    ordered: date
    policy: str
    """Zuora's word for how the last day is found (docs/facts.md, Orders 4)."""
    effective: date | None
    """The first day without service; None where only Zuora knows it."""

    @property
    def named(self) -> date | None:
        """The same, as far as the order names it: a policy of Zuora's is all that it needs."""
        return self.effective if self.policy == SPECIFIC_DATE else None


def days_of(
    asked_at: datetime,
    zone: ZoneInfo,
    begins: date | None,
    term_ends: date | None,
    when: CancellationDate,
) -> Days:
    """Today in the tenant's zone, or as near to it as Zuora allows; for a later end, its policy.

    Zuora refuses any day before the subscription's first or after its term's last.
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
    """The same, ordered on a day that is the future nowhere on earth.

    Zuora takes orders with a date in the past, and hardly one in the future.
    """
    today = asked_at.astimezone(_LAST_ZONE).date()
    return replace(days, ordered=min(days.ordered, max(today, begins or today)))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins in the tenant's zone."""
    return datetime.combine(day, time(), zone)
