"""The vendor's clock, and its calendar."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo


class VendorClock:
    """The clock by which subscriptions change; `ahead` is its difference from this machine's.

    Its days follow an IANA time zone.
    """

    def __init__(self, time_zone: str = "UTC") -> None:
        self.ahead = timedelta()
        self._zone: tzinfo = timezone.utc if time_zone == "UTC" else ZoneInfo(time_zone)

    def seconds(self) -> float:
        """Seconds from a fixed moment."""
        return time.monotonic() + self.ahead.total_seconds()

    def today(self) -> date:
        """The current day in the vendor's time zone."""
        return (datetime.now(timezone.utc) + self.ahead).astimezone(self._zone).date()
