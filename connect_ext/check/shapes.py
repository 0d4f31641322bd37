"""The shape of an answer: keys and types, but never a value or a key that may be a name."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from connect_ext.http.client import Answer
from connect_ext.vendors.words import is_known_name

MOST_LINES, MOST_KEYS = 60, 200
MOST_DEPTH = 8
WIDTH = 92
MOST_MARKUP = 200_000

_ELEMENT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,60}:)?([A-Za-z_][\w.-]{0,60})[\s/>]", re.ASCII)
_HTML = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def shape_of(answer: Answer) -> tuple[str, ...]:
    """Describe an answer in indented lines with keys and types; ``MOST_LINES`` at most."""
    if not answer.body.strip():
        return ("(empty)",)
    document = answer.json()
    lines = list(_of_text(answer) if document is None else _lines(document, 0))
    if not lines:
        return ("an object without keys",)
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"({len(lines) - MOST_LINES} more lines)"]
    return tuple(lines)


def hidden_names(document: Any) -> frozenset[str]:
    """The keys of a JSON document that may be names."""
    found, left = set(), [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            found |= {key for key in value if not is_known_name(key)}
            left += value.values()
        elif isinstance(value, list):
            left += value
    return frozenset(found)


def _lines(value: Any, depth: int) -> Iterator[str]:
    if depth == MOST_DEPTH:
        yield "  " * depth + "…"
    elif isinstance(value, dict):
        yield from _members(value, depth)
    elif isinstance(value, list) and depth == 0:
        yield _kind(value)
        yield from _within(value, 1)
    elif not isinstance(value, list):
        yield "  " * depth + _kind(value)


def _members(owner: dict[str, Any], depth: int) -> Iterator[str]:
    """Describe members: simple ones first, grouped by type."""
    known = [key for key in owner if is_known_name(key)]
    by_kind: dict[str, list[str]] = {}
    deeper = []
    for key in known[:MOST_KEYS]:
        if isinstance(owner[key], (dict, list)) and owner[key]:
            deeper.append(key)
        else:
            by_kind.setdefault(_kind(owner[key]), []).append(key)
    for kind, keys in by_kind.items():
        yield from _wrapped(keys, f": {kind}", depth)
    for key in deeper:
        yield f"{'  ' * depth}{key}: {_kind(owner[key])}"
        yield from _within(owner[key], depth + 1)
    if len(known) > MOST_KEYS:
        yield f"{'  ' * depth}({len(known) - MOST_KEYS} more keys)"
    if hidden := len(owner) - len(known):
        more = "1 key that may be a name" if hidden == 1 else f"{hidden} keys that may be names"
        yield f"{'  ' * depth}({more})"


def _within(value: Any, depth: int) -> Iterator[str]:
    """Describe the members of an object, or of the first object in a list."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict) and first:
        yield from _lines(first, depth)


def _wrapped(names: Iterable[str], end: str, depth: int) -> list[str]:
    indent = "  " * depth
    return textwrap.wrap(
        ", ".join(names) + end,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "number"
        case list():
            return f"list of {len(value)}"
        case _:
            return "object"


def _of_text(answer: Answer) -> Iterator[str]:
    """Describe XML by its elements, each once; anything else only by its length."""
    text = answer.body[:MOST_MARKUP].decode("utf-8", "replace")
    size = f"{len(answer.body)} bytes"
    if _HTML.match(text):
        yield f"HTML of {size}"
    elif text.lstrip()[:1] != "<":
        yield f"not JSON: a text of {size}"
    else:
        yield f"XML of {size}, with the elements"
        names = dict.fromkeys(filter(is_known_name, _ELEMENT.findall(text)))
        yield from _wrapped(list(names)[:MOST_KEYS], "", 1)
