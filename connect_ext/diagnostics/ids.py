"""Connect's ids, shown only if they consist of digits, so that none can be a name."""

from __future__ import annotations

import re
from typing import Any

PRODUCT_ID = re.compile(r"PRD(-[0-9]{1,9}){1,9}")
REQUEST_ID = re.compile(r"PR(-[0-9]{1,9}){1,9}")


def id_of(owner: Any, pattern: re.Pattern[str]) -> str:
    """The id of an object in Connect; empty for text in any other form."""
    found = owner.get("id") if isinstance(owner, dict) else None
    return found if isinstance(found, str) and pattern.fullmatch(found) else ""
