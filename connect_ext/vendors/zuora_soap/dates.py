"""Dates in Zuora's form: days from version 69 on; up to 68, the moments at which they begin.

(docs/facts.md, Zuora 1.4)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo

LAST_WITH_MOMENTS = 68.0

PACIFIC = timezone(timedelta(hours=-8))
"""The later of Pacific time's two offsets: no subscription may seem to have ended early."""

_WRITTEN = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


@dataclass(frozen=True)
class ZuoraDate:
    """A date as Zuora writes it."""

    day: date
    """The day that counts; Zuora may write it as midnight in its own zone."""
    moment: datetime | None = None
    """None for a day without a time; it then begins at midnight in the tenant's zone."""

    def begins(self, zone: tzinfo) -> datetime:
        """The moment at which it begins for a tenant in this zone."""
        return self.moment or midnight(self.day, zone)


def read(text: str) -> ZuoraDate:
    """Read an ``xs:date`` or an ``xs:dateTime``; raises ``ValueError``.

    Zuora treats a dateTime without a zone as Pacific time (docs/facts.md, Zuora 2.3).
    """
    match = _WRITTEN.fullmatch(text)
    if not match:
        raise ValueError("not a date")
    written, at, zone = match.groups()
    day = date.fromisoformat(written)
    if day.year < 2:
        raise ValueError("a day that does not begin in every zone")
    if not at and not zone:
        return ZuoraDate(day)
    return ZuoraDate(day, _moment(f"{written}T{at or '00:00:00'}", zone))


def _moment(written: str, zone: str | None) -> datetime:
    offset = "+00:00" if zone == "Z" else zone or ""
    moment = datetime.fromisoformat(f"{written}{offset}")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)
    try:
        moment.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("a moment before the first one or after the last") from None
    return moment


def midnight(day: date, zone: tzinfo) -> datetime:
    """The start of a day; if clocks skip midnight, the moment at which they do."""
    return datetime.combine(day, time(), zone)


def zone_of(version: float, tenants: tzinfo) -> tzinfo:
    """The zone in which days begin; up to version 68, Zuora's own instead of the tenant's.

    (Zuora's page "Actions before changing time zone")
    """
    return tenants if version > LAST_WITH_MOMENTS else PACIFIC
