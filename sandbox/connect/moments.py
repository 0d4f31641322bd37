"""Dates as Connect writes and accepts them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from sandbox.connect.refusals import invalid

# facts/connect.md 2.1; the space in place of the T is in the official document's own example.
_FORMAT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})?$"
)
WRONG_FORMAT = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(timezone.utc)


def written(moment: datetime) -> str:
    """A moment as Connect writes it, to the second."""
    return moment.isoformat(timespec="seconds")


def parse(field: str, value: Any) -> datetime:
    """Read a date from a call's body; without an offset it is UTC. Raises the platform's
    refusal for what is not one."""
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
