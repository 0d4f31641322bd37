"""Recognises the shapes of a variable's text: JSON, a URL, a word that is safe to show."""

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
"""Everybody may see it: a host is not a key, even if it has digits."""

_IN_BRACES = re.compile(r"\{[\w:.-]*\}")
_NAME_OF_A_KEY = re.compile(
    r"key|token|secret|pass(?:w|phrase|code|$)|pwd|signature|sig$|hmac|jwt|session|auth|credential",
    re.IGNORECASE,
)
# All URL parsers agree on a host of these characters.
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
# A misspelt word or a number; a mix of letters and digits could be a token in the wrong place.
_SHOWABLE = re.compile(r"[A-Za-z_-]{1,20}|[0-9.,-]{1,8}")


def is_placeholder(text: str) -> bool:
    """Whether a value still has to be filled in: ``changeme`` or ``<your key>``."""
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
    """A finite number: Python reads and writes NaN, Infinity and 1e999, which are not JSON."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def texts_within(parsed: Any) -> Iterator[str]:
    """Every text within a JSON value, at any depth, but no keys."""
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
    """The parts of a text around its placeholders: one may be a key."""
    return [piece.strip() for piece in _IN_BRACES.split(text)]


def keys_within(text: str) -> Iterator[str]:
    """The parts of an address or a JSON body that may be keys, by their names or their looks."""
    parsed, text = parsed_json(text), _ORIGIN_OF_URL.sub("", text)
    named = map(_name_and_value, re.split(r"[/?&\s]", text))
    for name, whole in _named_texts(parsed) if parsed is not None else named:
        # "Bearer abc" holds the key "abc".
        pieces = beside_placeholders(whole)
        if _NAME_OF_A_KEY.search(name):
            pieces += [piece.partition(" ")[2].strip() for piece in pieces]
            yield from (piece for piece in pieces if len(piece) >= 4)
        else:
            yield from filter(_looks_like_a_key, pieces)


def _name_and_value(part: str) -> tuple[str, str]:
    """The name and the value of a part of an address; a key may end in ``=``."""
    name, is_pair, value = part.partition("=")
    return (name, value) if is_pair else ("", part)


def _looks_like_a_key(piece: str) -> bool:
    return len(piece) >= 8 and any(map(str.isdigit, piece)) and not re.search(r"[{}\s]", piece)


def _named_texts(parsed: Any) -> Iterator[tuple[str, str]]:
    """Every text within a JSON value, with the names of the members around it.

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
        return "contains a user or a password"
    if "?" in value or "#" in value:
        return "contains a ? or #"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return ""
    # The text before the colon may be a user, or the beginning of a key: it is not quoted.
    return "is an http URL" if parts.scheme == "http" else "is not an https URL"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
