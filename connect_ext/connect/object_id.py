"""The ids of Connect's objects, which appear in its addresses and in log lines."""

from __future__ import annotations

import re

MAX_CHARACTERS = 60
"""Connect's own ids have 21."""

_OBJECT_ID = re.compile(r"[A-Z]{2,5}(-[0-9A-Za-z]+)+")


def is_object_id(value: object) -> bool:
    """Whether a value is an id such as PR-1234-5678-9012-001; another text could be a path."""
    is_short = isinstance(value, str) and len(value) <= MAX_CHARACTERS
    return is_short and _OBJECT_ID.fullmatch(str(value)) is not None
