"""Reads the ``Retry-After`` header (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

MAX_CHARACTERS = 100
MAX_RETRY_AFTER_SECONDS = 24 * 3600.0


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Seconds until the moment that the header names; None if it is absent or unreadable.

    The result is never negative and at most a day, so that no server can park a request for ever.
    """
    # The reader of dates takes long over long texts.
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
