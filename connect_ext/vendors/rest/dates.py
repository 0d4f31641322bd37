"""The days of a REST vendor: what its answers say, and when a cancellation takes effect.

A date without a time zone is the vendor's (``VENDOR_TIME_ZONE``).
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
"""As seconds they would lie in the year 5138."""

_SINCE_1970 = re.compile(r"[0-9]{9,13}")
"""Shorter texts of digits are dates, such as 20250101."""

_DAY = re.compile(r"\s*(\d{4})(-?)\d\d\2\d\d(?!\d)", re.ASCII)

_ISO_8601 = re.compile(
    r"""(?P<year>\d{4})(?P<dash>-?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)
    (?:[Tt ](?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,12}))?)?
    \s?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?)?""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with what its cancellation may need; None for a day that it lacks."""

    term_ends: date | None = None
    charged_through: date | None = None
    looked_up: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What the answer has for each name of ``REST_LOOKED_UP``; None where nothing can be sent."""


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """A date, a date with time, or seconds or milliseconds since 1970; in the zone. Else None.

    Some write the first day of the calendar for none, and the last one for never: both are None.
    """
    try:
        found = _instant(value)
    except (ValueError, OverflowError, OSError):
        return None
    if found is None or found.year in _NO_YEARS:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=zone)
    # A midnight that the clocks skip equals nothing until it is written as what it means.
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
    """Python 3.10 itself reads neither other fractions than of 3 and 6 digits nor ``+0000``."""
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
    """Whether a value says that there is no date, rather than something that is none."""
    day = _DAY.match(value) if isinstance(value, str) else None
    return value is None or value == "" or bool(day and int(day[1]) in _NO_YEARS)


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
