"""Dates of a REST vendor: reads them from answers, and finds the day a cancellation takes effect.

A date without a time zone is in the vendor's zone (``VENDOR_TIME_ZONE``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Cancellation, Subscription

_NO_YEARS = (1, 9999)

_LEAST_MILLISECONDS = 1e11
"""As seconds, such numbers would be in the year 5138."""

_SINCE_1970 = re.compile(r"[0-9]{9,13}")
"""Shorter strings of digits are dates, such as 20250101."""

_DAY = re.compile(r"\s*(\d{4})(-?)\d\d\2\d\d(?!\d)", re.ASCII)

_ISO_8601 = re.compile(
    r"""(?P<year>\d{4})(?P<dash>-?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)
    (?:[Tt ](?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,12}))?)?
    \s?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?)?""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with the values its cancellation may need; None for a missing day."""

    term_ends: date | None = None
    charged_through: date | None = None
    looked_up: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The answer's value for each name in ``REST_LOOKED_UP``; None if it cannot be sent."""


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """Read a date, a date with a time, or seconds or milliseconds since 1970. Else None.

    Some vendors write the calendar's first day for no date and its last for never: None for both.
    """
    try:
        found = _instant(value)
    except (ValueError, OverflowError, OSError):
        return None
    if found is None or found.year in _NO_YEARS:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=zone)
    # A midnight that the clocks skip compares equal to nothing until it is converted.
    return found.astimezone(timezone.utc).astimezone(zone)


def _instant(value: Any) -> datetime | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _since_1970(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _SINCE_1970.fullmatch(text):
        return _since_1970(int(text))
    match = _ISO_8601.fullmatch(text)
    return _of_iso_8601(match) if match else None


def _since_1970(number: float) -> datetime:
    seconds = number / 1000 if abs(number) >= _LEAST_MILLISECONDS else number
    return datetime.fromtimestamp(seconds, timezone.utc)


def _of_iso_8601(match: re.Match[str]) -> datetime:
    """Python 3.10 reads only fractions of 3 or 6 digits, and not ``+0000``."""
    day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    microsecond = int((match["fraction"] or "")[:6].ljust(6, "0"))
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    at = time(hour, minute, second, microsecond, _zone_of(match["zone"]))
    return datetime.combine(day, at)


def _zone_of(text: str | None) -> timezone | None:
    if not text:
        return None
    if text in "Zz":
        return timezone.utc
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def is_nothing(value: Any) -> bool:
    """Whether a value means that there is no date, as opposed to something that is not a date."""
    day = _DAY.match(value) if isinstance(value, str) else None
    return value is None or value == "" or bool(day and int(day[1]) in _NO_YEARS)


def day(value: Any, zone: tzinfo) -> date | None:
    """The day of a date or moment, in the zone; None for anything else."""
    found = moment(value, zone)
    return found.date() if found else None


def effective_day(
    cancellation: Cancellation, subscription: Subscription | None, zone: tzinfo
) -> date:
    """The first day without service: today, or later if ``CANCELLATION_DATE`` says so.

    If nothing was charged in advance, the charged period ends today.
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
