"""Connect's dates, as values."""

from __future__ import annotations

from datetime import datetime, timezone


def read_moment(value: object) -> datetime | None:
    """Read an ISO 8601 text, as UTC if it has no zone; None if it is not a date."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        # Python 3.10 does not read the Z.
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
