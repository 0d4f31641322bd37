"""Limits on values from outside, from a vendor or a parameter, that may be sent on."""

from __future__ import annotations

from math import isfinite
from typing import Any

MOST_CHARACTERS = 64 * 1024
"""For all texts and numbers in a value; a whole subscription as JSON has a few thousand."""

DEEPEST = 32
"""Levels of objects and lists."""

MOST_BODY_BYTES = 512 * 1024
"""A longer body would block the event loop while it is sent."""


def can_be_sent(value: Any) -> bool:
    """Whether a JSON value is valid JSON and UTF-8, and small enough to send at once."""
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
    """Whether the text can be encoded: JSON may contain half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
