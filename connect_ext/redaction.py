"""Keeps secrets and personal data out of the texts that leave the extension."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "[…]"
MAX_REASON_CHARACTERS = 255
MAX_INPUT_CHARACTERS = 2000
MAX_OUTPUT_CHARACTERS = 1000
"""Well below the input's bound: a value that the input's bound cuts in two is cut off here."""

SHORT_VALUE = 8
"""A confidential value of at least this length is masked inside a longer word as well."""

_PATTERNS = (
    re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+"),  # an e-mail address
    re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S+", re.IGNORECASE),  # a URL
    re.compile(r"\b(?:bearer|basic|apikey|token)\s+\S{8,}", re.IGNORECASE),  # a credential
    re.compile(r"(?<!\w)(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{32,}(?!\w)"),  # a key or a session
    re.compile(r"(?:\+\d|\(\d{2,5}\))[\d\s()/.-]{5,}\d"),  # a telephone number
)

_PUNCTUATION = ".,;:!?'\"()[]"

# Written by a program for programs.
_NOT_FOR_PEOPLE = re.compile(
    r"traceback \(most recent|<\s*(?:!doctype|html|body|head|script)\b|\n\s+at \S+\(|exception in",
    re.IGNORECASE,
)


def redact(text: str, confidential: Iterable[str], keep: str = "") -> str:
    """One line of the text with every confidential value, address and credential masked.

    ``keep`` (the subscription id) stays readable even where it looks like one of these. A page of
    HTML or a stack trace is dropped whole, and the result is an empty string.
    """
    # The bound keeps the patterns quick on an answer of megabytes.
    text = text[:MAX_INPUT_CHARACTERS]
    if _NOT_FOR_PEOPLE.search(text):
        return ""
    line = _one_line(text)
    values = {_one_line(value) for value in (*confidential, keep)} - {""}
    return _without_patterns(_without_values(line, values, keep), keep)[:MAX_OUTPUT_CHARACTERS]


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _without_values(line: str, values: set[str], keep: str) -> str:
    """The longest value comes first: a short id must not break up a secret that holds it."""
    if not values:
        return line
    alternatives = [_alternative(v, keep) for v in sorted(values, key=len, reverse=True)]
    either = re.compile("|".join(alternatives), re.IGNORECASE)
    return either.sub(lambda found: found[0] if _is_same(found[0], keep) else MASK, line)


def _alternative(value: str, keep: str) -> str:
    if len(value) >= SHORT_VALUE and value != keep:
        return re.escape(value)
    return rf"(?<!\w){re.escape(value)}(?!\w)"


def _without_patterns(line: str, keep: str) -> str:
    for pattern in _PATTERNS:
        line = pattern.sub(
            lambda found: found[0] if _is_same(found[0].strip(_PUNCTUATION), keep) else MASK, line
        )
    return line


def _is_same(text: str, keep: str) -> bool:
    return text.casefold() == keep.casefold()


def shortened(text: str, most: int = MAX_REASON_CHARACTERS) -> str:
    """The text, cut at ``most`` characters with an ellipsis as its last one."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
