"""Reads ``VENDOR_TIME_ZONE``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from connect_ext.portal.reader import VariableReader

NAME = "VENDOR_TIME_ZONE"


def read_time_zone(read: VariableReader, initial: str) -> str:
    """The IANA name of a known time zone; ``initial`` if the variable is empty."""
    value = read.text(NAME) or initial
    try:
        ZoneInfo(value)
    # A folder of zones, such as America, raises an OSError.
    except (KeyError, ValueError, OSError):
        read.report(NAME)
        return initial
    return value
