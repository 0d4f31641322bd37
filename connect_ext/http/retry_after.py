"""Reads how long a server does not want to be called."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

MAX_CHARACTERS = 100
MAX_RETRY_AFTER_SECONDS = 24 * 3600.0


SECONDS_SINCE_1970 = 10**8
"""A larger number of seconds is a moment in time."""


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Seconds until the moment that ``Retry-After`` names (RFC 9110, 10.2.3); None if it is absent
    or unreadable.

    The result is never negative and at most a day, so a server cannot delay a request for ever.
    """
    # Parsing a long text as a date is slow.
    value = value[:MAX_CHARACTERS].strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return min(max(0.0, (moment - now).total_seconds()), MAX_RETRY_AFTER_SECONDS)


def reset_seconds(value: str, now: datetime) -> float | None:
    """Seconds until the moment that ``RateLimit-Reset`` names; None if it is absent or unreadable.

    It never became a standard: most servers mean seconds from now, some mean seconds since 1970.
    """
    value = value.strip()
    if not (value.isascii() and value.isdigit()) or len(value) > 12:
        return None
    seconds = float(value)
    if seconds >= SECONDS_SINCE_1970:
        seconds -= now.timestamp()
    return min(max(0.0, seconds), MAX_RETRY_AFTER_SECONDS)
