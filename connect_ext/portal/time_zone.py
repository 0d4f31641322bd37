"""Reads ``VENDOR_TIME_ZONE``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from connect_ext.portal.reader import VariableReader

NAME = "VENDOR_TIME_ZONE"


def read_time_zone(read: VariableReader, initial: str) -> str:
    """The IANA name of a time zone that is known here; ``initial`` for nothing."""
    value = read.text(NAME) or initial
    try:
        ZoneInfo(value)
    # Of a folder of zones, such as America, the error is the operating system's.
    except (KeyError, ValueError, OSError):
        read.report(NAME)
        return initial
    return value
