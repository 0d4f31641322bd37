"""The days of a REST vendor: what its answers say, and when a cancellation takes effect.

A date without a time zone is the vendor's (``VENDOR_TIME_ZONE``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timezone, tzinfo
from typing import Any

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Cancellation, Subscription

_NO_YEARS = (1, 9999)


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with the days that its cancellation may need; None for one that it lacks."""

    term_ends: date | None = None
    charged_through: date | None = None


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """A date, a date with time or seconds since 1970, in the zone; None otherwise.

    Some write the first day of the calendar for none, and the last one for never: both are None.
    """
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, timezone.utc)
        elif isinstance(value, str):
            found = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    if found.year in _NO_YEARS:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=zone)
    # A midnight that the clocks skip equals nothing until it is written as what it means.
    return found.astimezone(timezone.utc).astimezone(zone)


def is_nothing(value: Any) -> bool:
    """Whether a value says that there is no date, rather than something that is none."""
    year = re.match(r"\s*(\d{4})-\d\d-\d\d", value, re.ASCII) if isinstance(value, str) else None
    return value is None or value == "" or bool(year and int(year[1]) in _NO_YEARS)


def day(value: Any, zone: tzinfo) -> date | None:
    """The day of a date or of a moment, in the zone; None for anything else."""
    found = moment(value, zone)
    return found.date() if found else None


def effective_day(
    cancellation: Cancellation, subscription: Subscription | None, zone: tzinfo
) -> date:
    """The first day without service: today, or later if ``CANCELLATION_DATE`` says so.

    Where nothing was charged in advance, the end of what was charged is today.
    """
    today = cancellation.asked_at.astimezone(zone).date()
    if not isinstance(subscription, ShownSubscription):
        return today
    term_ends, charged = subscription.term_ends, subscription.charged_through
    match cancellation.when:
        case CancellationDate.IMMEDIATE:
            return today
        case CancellationDate.END_OF_TERM:
            return max(today, term_ends or today)
        case CancellationDate.END_OF_INVOICED_PERIOD:
            until = charged or today
            return max(today, min(until, term_ends or until))
