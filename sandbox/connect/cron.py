"""Cron expressions: minute, hour, day of the month, month, day of the week, in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")
# The 29th of February can be eight years away.
DAYS_AHEAD = 8 * 366


@dataclass(frozen=True)
class Cron:
    """The moments of an expression of numbers, ranges, lists, steps and stars, without names.

    If both days are given, either may match, as in cron itself.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    needs_both_days: bool

    @classmethod
    def parse(cls, expression: str) -> Cron:
        """Read an expression. Raises ValueError."""
        fields = expression.split()
        if len(fields) != len(LIMITS):
            raise ValueError("an expression has five fields")
        minutes, hours, days, months, weekdays = (
            _numbers(field, *limits) for field, limits in zip(fields, LIMITS, strict=True)
        )
        sundays_as_0 = frozenset(weekday % 7 for weekday in weekdays)
        return cls(minutes, hours, days, months, sundays_as_0, "*" in (fields[2][0], fields[4][0]))

    def after(self, moment: datetime) -> datetime | None:
        """The first moment after this one, or None if there is none."""
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        for number in range(DAYS_AHEAD):
            day = midnight + timedelta(days=number)
            if self._has(day):
                found = next((each for each in self._moments(day) if each > moment), None)
                if found is not None:
                    return found
        return None

    def _has(self, day: datetime) -> bool:
        fits = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return day.month in self.months and (all(fits) if self.needs_both_days else any(fits))

    def _moments(self, day: datetime) -> Iterator[datetime]:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                yield day.replace(hour=hour, minute=minute)


def _numbers(field: str, lowest: int, highest: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        match = PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part} is not a number, a range or a star")
        first, last, step = match.groups()
        start = int(first or lowest)
        end = int(last or (first if first and not step else highest))
        if not lowest <= start <= end <= highest:
            raise ValueError(f"{part} is not within {lowest} and {highest}")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)
