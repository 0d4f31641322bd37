"""The lexical forms of the schema's simple types, by version."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timezone, tzinfo

from sandbox.zuora.fields import LAST_WITH_TIMES

_WHITE_SPACE = " \t\r\n"
_ZONE = r"(Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
_DAY = r"(\d{4})-(\d\d)-(\d\d)"
_DATE = re.compile(_DAY + _ZONE, re.ASCII)
_DATE_TIME = re.compile(_DAY + r"T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?" + _ZONE, re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_PATTERNS = {
    "boolean": re.compile(r"true|false|1|0"),
    "decimal": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII),
}
_BITS = {"int": 31, "long": 63}
_ID = re.compile(r"[a-zA-Z0-9]{32}|\d+", re.ASCII)
_OLD_ID = re.compile(r"[a-zA-Z0-9]{32}")
# Up to this version an Id is 32 letters and digits; later it may be a number.
LAST_WITH_LONG_IDS = 19.0


def type_at(version: float, kind: str) -> str:
    """The simple type of a field's kind in a version."""
    if kind == "day":
        return "dateTime" if version <= LAST_WITH_TIMES else "date"
    return kind


def is_valid(version: float, kind: str, text: str) -> bool:
    """Whether the text is a value of the kind."""
    kind = type_at(version, kind)
    if kind == "string":
        return True
    if kind == "ID":
        pattern = _OLD_ID if version <= LAST_WITH_LONG_IDS else _ID
        return pattern.fullmatch(text) is not None
    if kind in ("date", "dateTime"):
        # No white space around it: the reference validator rejects it too.
        return _is_moment(kind, text)
    text = text.strip(_WHITE_SPACE)
    if kind in _BITS:
        limit = 1 << _BITS[kind]
        return _INTEGER.fullmatch(text) is not None and -limit <= int(text) < limit
    return _PATTERNS[kind].fullmatch(text) is not None


def _is_moment(kind: str, text: str) -> bool:
    try:
        _parse(kind, text, timezone.utc)
    except ValueError:
        return False
    return True


def moment(version: float, text: str, zone: tzinfo) -> datetime:
    """The moment of a valid `day`; without a time it is midnight, and without a zone of its own
    it is in this one."""
    return _parse(type_at(version, "day"), text, zone)


def _parse(kind: str, text: str, zone: tzinfo) -> datetime:
    match = (_DATE if kind == "date" else _DATE_TIME).fullmatch(text)
    if match is None:
        raise ValueError(f"not a {kind}")
    if kind == "date":
        # A day's zone is ignored; the day counts as written.
        return datetime.combine(date(*map(int, match.groups()[:3])), time(), zone)
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    microsecond = int(((match[7] or "") + "000000")[:6])
    named = _zone(match[8]) if match[8] else zone
    return datetime(year, month, day, hour, minute, second, microsecond, named)


def _zone(text: str) -> tzinfo | None:
    return datetime.strptime(text.replace("Z", "+00:00"), "%z").tzinfo


def is_true(text: str | None) -> bool:
    """Whether a valid boolean is true; None is not."""
    return text is not None and text.strip(_WHITE_SPACE) in ("true", "1")


def day_of(value: date, zone: tzinfo) -> date:
    """The day of a moment in the zone; a day stays itself."""
    return value.astimezone(zone).date() if isinstance(value, datetime) else value


def day_text(version: float, day: date, zone: tzinfo) -> str:
    """A day as the version writes it."""
    if version > LAST_WITH_TIMES:
        return day.isoformat()
    return datetime.combine(day, time(), zone).isoformat(timespec="milliseconds")
