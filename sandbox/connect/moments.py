"""Dates as Connect writes and accepts them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.connect.refusals import invalid

# docs/facts.md, Connect 2.1; the official document's own example has a space instead of the T.
_FORMAT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})?$"
)
WRONG_FORMAT = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


def now() -> datetime:
    """The current time of this machine, in UTC."""
    return datetime.now(timezone.utc)


class Clock:
    """Connect's own clock; `ahead` is its difference from this machine's.

    Moving it on makes everything written so far that much older. If it passes the time of something
    planned, that happens at once.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._listeners: list[Callable[[], object]] = []

    @property
    def ahead(self) -> timedelta:
        """The difference from this machine's clock."""
        return self._ahead

    @ahead.setter
    def ahead(self, ahead: timedelta) -> None:
        self._ahead = ahead
        for listener in self._listeners:
            listener()

    def when_moved(self, listener: Callable[[], object]) -> None:
        """Call the listener whenever somebody moves the clock."""
        self._listeners.append(listener)

    def now(self) -> datetime:
        """The current time in Connect, in UTC."""
        return now() + self._ahead


def written(moment: datetime, timespec: str = "seconds") -> str:
    """A moment as Connect writes it, by default to the second."""
    return moment.isoformat(timespec=timespec)


def parse(field: str, value: Any) -> datetime:
    """Read a date from a call, in UTC if it has no offset.

    Raises the platform's refusal for anything else.
    """
    match = _FORMAT.match(value) if isinstance(value, str) else None
    if match is None:
        raise invalid(f"{field}: {WRONG_FORMAT}")
    day, minute, second, fraction, offset = match.groups()
    offset = "+00:00" if offset in (None, "Z") else offset
    text = f"{day}T{minute}{second or ':00'}.{(fraction or '').ljust(6, '0')}{offset}"
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"{field}: {WRONG_FORMAT}") from error
