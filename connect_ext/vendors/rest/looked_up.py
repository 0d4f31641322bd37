"""What may be sent of a text that others have written: a vendor, or whoever fills a parameter."""

from __future__ import annotations

from math import isfinite
from typing import Any

MOST_CHARACTERS = 64 * 1024
"""Of all texts and numbers in a value; a subscription's whole description has a few thousand."""

DEEPEST = 32
"""Levels of objects and lists."""

MOST_BODY_BYTES = 512 * 1024
"""What is longer would keep the event loop busy while it is sent."""


def can_be_sent(value: Any) -> bool:
    """Whether a JSON value is valid as JSON and as UTF-8, and small enough to be sent at once."""
    characters, found = 0, [(value, 0)]
    while found:
        item, depth = found.pop()
        if isinstance(item, (dict, list)):
            parts = [*item, *item.values()] if isinstance(item, dict) else item
            found += [(part, depth + 1) for part in parts]
            text = ""
        elif isinstance(item, float) and not isfinite(item):
            return False
        else:
            text = str(item)
        characters += len(text) + 1
        if depth > DEEPEST or characters > MOST_CHARACTERS or not _is_unicode(text):
            return False
    return True


def _is_unicode(text: str) -> bool:
    """JSON can hold one half of a surrogate pair, which cannot be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
