"""When a schedule triggers by itself: once, at intervals, or by a cron expression. Shapes:
docs/facts.md, Connect 5.3.

Where the facts are unknown, the sandbox refuses a date in the past, reads cron expressions in UTC,
and lets a recurring trigger without a start begin one period from now.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox.connect.cron import Cron
from sandbox.connect.moments import parse
from sandbox.connect.refusals import Refusal, invalid

Json = dict[str, Any]

MOST_CRON_CHARACTERS = 30
MOST_AMOUNT = 32_767


class Trigger(Protocol):
    """Tells when it is due."""

    def after(self, moment: datetime) -> datetime | None:
        """The first time after this moment that it is due, or None if there is none."""
        ...


@dataclass(frozen=True)
class OneTime:
    """Triggers on its date."""

    date: datetime

    def after(self, moment: datetime) -> datetime | None:
        """Its date, until it has passed."""
        return self.date if self.date > moment else None


@dataclass(frozen=True)
class Recurring:
    """Triggers at its start, then again each time a number of units has passed.

    `scale` shortens the units, as it does the countdowns of tasks.
    """

    unit: str
    amount: int
    start: datetime | None
    end: datetime | None
    scale: float = 1.0

    def after(self, moment: datetime) -> datetime | None:
        """Its start, or else one period after the moment."""
        if self.start is not None and self.start > moment:
            return _until(self.end, self.start)
        period = PERIODS[self.unit](moment, self.amount) - moment
        return _until(self.end, moment + period * self.scale)


@dataclass(frozen=True)
class Advanced:
    """Triggers when its cron expression says, from its start on."""

    cron: Cron
    start: datetime | None
    end: datetime | None

    def after(self, moment: datetime) -> datetime | None:
        """The expression's next moment."""
        return _until(self.end, self.cron.after(max(moment, self.start or moment)))


def read_trigger(body: Any, now: datetime, scale: float = 1.0) -> Trigger:
    """Read the `trigger` of a call. Raises the platform's refusal."""
    if not isinstance(body, dict):
        raise invalid("trigger: This field is required.")
    readers: dict[Any, Callable[[], Trigger]] = {
        "onetime": lambda: _one_time(body, now),
        "recurring": lambda: _recurring(body, scale),
        "advanced": lambda: _advanced(body),
    }
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in readers:
        raise invalid(f"trigger.type: Expected one of {', '.join(readers)}.")
    return readers[kind]()


def _one_time(body: Json, now: datetime) -> OneTime:
    date = parse("trigger.date", body.get("date"))
    if date <= now:
        raise invalid("trigger.date: The date must be in the future.")
    return OneTime(date)


def _recurring(body: Json, scale: float) -> Recurring:
    unit, amount = body.get("unit"), body.get("amount")
    if not isinstance(unit, str) or unit not in PERIODS:
        raise invalid(f"trigger.unit: Expected one of {', '.join(PERIODS)}.")
    if type(amount) is not int or not 1 <= amount <= MOST_AMOUNT:
        raise invalid(f"trigger.amount: Expected a number from 1 to {MOST_AMOUNT}.")
    return Recurring(unit, amount, _date(body, "start"), _date(body, "end"), scale)


def _advanced(body: Json) -> Advanced:
    expression = body.get("cron_expression")
    if not isinstance(expression, str) or len(expression) > MOST_CRON_CHARACTERS:
        raise _bad_expression()
    try:
        cron = Cron.parse(expression)
    except ValueError as error:
        raise _bad_expression() from error
    return Advanced(cron, _date(body, "start"), _date(body, "end"))


def _bad_expression() -> Refusal:
    return invalid(
        "trigger.cron_expression: Expected a cron expression of five fields, in at most "
        f"{MOST_CRON_CHARACTERS} characters."
    )


def _date(body: Json, name: str) -> datetime | None:
    return None if body.get(name) is None else parse(f"trigger.{name}", body[name])


def _until(end: datetime | None, moment: datetime | None) -> datetime | None:
    return None if moment is None or (end is not None and moment > end) else moment


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))


PERIODS: dict[str, Callable[[datetime, int], datetime]] = {
    "hours": lambda moment, amount: moment + timedelta(hours=amount),
    "days": lambda moment, amount: moment + timedelta(days=amount),
    "weeks": lambda moment, amount: moment + timedelta(weeks=amount),
    "months": _months_later,
}
