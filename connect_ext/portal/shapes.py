"""The shapes that a variable's text can have: JSON, a URL, a word that is safe to show."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

_PLACEHOLDER = re.compile(r"changeme|<.*>", re.IGNORECASE)
_ORIGIN_OF_URL = re.compile(r"^https?://[A-Za-z0-9._:-]+", re.IGNORECASE)
"""Everybody may see it: a host is no key, whatever digits are in it."""

_IN_BRACES = re.compile(r"\{[\w:.-]*\}")
_NAME_OF_A_KEY = re.compile(
    r"key|token|secret|pass(?:w|phrase|code|$)|pwd|signature|sig$|hmac|jwt|session|auth|credential",
    re.IGNORECASE,
)
# What every reader of addresses takes for the same host.
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
# A misspelt word or a number; a mix of letters and digits could be a token in the wrong place.
_SHOWABLE = re.compile(r"[A-Za-z_-]{1,20}|[0-9.,-]{1,8}")


def is_placeholder(text: str) -> bool:
    """Whether a value still asks to be filled in: ``changeme`` or ``<your key>``."""
    return _PLACEHOLDER.fullmatch(text) is not None


def is_showable(text: str) -> bool:
    """Whether a text looks like a misspelt word or a number, and not like a secret."""
    return _SHOWABLE.fullmatch(text) is not None


def parsed_json(text: str) -> Any:
    """The value of a JSON text, or None if it is not valid JSON."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    # Brackets alone can exhaust the parser's stack.
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float:
    """Python reads NaN, Infinity and 1e999, and would write them, which is not JSON."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def texts_within(parsed: Any) -> Iterator[str]:
    """Every text within a JSON value, at any depth; keys are not among them."""
    left = [parsed]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value


def beside_placeholders(text: str) -> list[str]:
    """What stands around the placeholders in a text: a key may."""
    return [piece.strip() for piece in _IN_BRACES.split(text)]


def keys_within(text: str) -> Iterator[str]:
    """What may be a key in an address or in a JSON body: by its name, or by its looks."""
    parsed, text = parsed_json(text), _ORIGIN_OF_URL.sub("", text)
    named = (part.rpartition("=") for part in re.split(r"[/?&\s]", text))
    pairs = _named_texts(parsed) if parsed is not None else ((n, value) for n, _, value in named)
    for name, whole in pairs:
        # "Bearer abc" holds the key "abc".
        pieces = beside_placeholders(whole)
        if _NAME_OF_A_KEY.search(name):
            pieces += [piece.partition(" ")[2].strip() for piece in pieces]
            yield from (piece for piece in pieces if len(piece) >= 4)
        else:
            yield from filter(_looks_like_a_key, pieces)


def _looks_like_a_key(piece: str) -> bool:
    return len(piece) >= 8 and any(map(str.isdigit, piece)) and not re.search(r"[{}\s]", piece)


def _named_texts(parsed: Any) -> Iterator[tuple[str, str]]:
    """Every text within a JSON value, with the names of the members that it is in.

    A long number counts only in a member that is named like a key.
    """
    left = [("", parsed)]
    while left:
        name, value = left.pop()
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict):
            left += [
                (f"{name} {key}" if _NAME_OF_A_KEY.search(name) else key, item)
                for key, item in value.items()
            ]
        elif isinstance(value, list):
            left += [(name, item) for item in value]
        elif type(value) is int and value >= 10**7 and _NAME_OF_A_KEY.search(name):
            yield name, str(value)


def problem_of_url(value: str) -> str:
    """The problem of a base URL, or an empty text; never the URL, which may hold a password."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host or not _HOST.fullmatch(host) or not re.fullmatch(r"[!-~]+", value):
        return "is not a URL"
    if parts.username is not None or parts.password is not None:
        return "has a user or a password in it"
    if "?" in value or "#" in value:
        return "has a ? or # in it"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return ""
    # What stands before a colon may be a user, or the beginning of a key.
    return "is a URL of the scheme 'http'" if parts.scheme == "http" else "is not a https URL"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
