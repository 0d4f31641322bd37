"""Connect's ids as they may be shown: of digits alone, so that none can be a name."""

from __future__ import annotations

import re
from typing import Any

PRODUCT_ID = re.compile(r"PRD(-[0-9]{1,9}){1,9}")
REQUEST_ID = re.compile(r"PR(-[0-9]{1,9}){1,9}")


def id_of(owner: Any, pattern: re.Pattern[str]) -> str:
    """The id of an object of Connect's; empty for a text of any other shape."""
    found = owner.get("id") if isinstance(owner, dict) else None
    return found if isinstance(found, str) and pattern.fullmatch(found) else ""
