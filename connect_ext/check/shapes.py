"""The shape of an answer: keys and types, never a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connect_ext.http.client import Answer

MOST_LINES = 80
MOST_DEPTH = 8

_KEY = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$@:.-]{0,40}")
_DIGITS = re.compile(r"\d{3}")
_ELEMENT = re.compile(r"<([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)[\s/>]", re.ASCII)


def shape_of(answer: Answer) -> tuple[str, ...]:
    """Lines with the keys and types of an answer, indented by their depth; at most some dozens."""
    if not answer.body.strip():
        return ("(empty)",)
    document = answer.json()
    if document is None:
        return tuple(_of_text(answer))
    lines = list(_lines(document, 0))
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"({len(lines) - MOST_LINES} more lines)"]
    return tuple(lines)


def kind_of(value: Any) -> str:
    """A JSON type in words."""
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


def _lines(value: Any, depth: int) -> Iterator[str]:
    if depth == MOST_DEPTH:
        yield "  " * depth + "…"
    elif isinstance(value, dict):
        yield from _members(value, depth)
    elif isinstance(value, list):
        # The first stands for all.
        yield from _lines(value[0], depth) if value else ()
    else:
        yield "  " * depth + kind_of(value)


def _members(value: dict[str, Any], depth: int) -> Iterator[str]:
    hidden = 0
    for key, item in value.items():
        if not _can_be_shown(key):
            hidden += 1
            continue
        yield f"{'  ' * depth}{key}: {kind_of(item)}"
        if isinstance(item, (dict, list)) and item:
            first = item[0] if isinstance(item, list) else item
            yield from _lines(first, depth + 1) if isinstance(first, (dict, list)) else ()
    if hidden:
        yield f"{'  ' * depth}({hidden} keys that are not shown)"


def _can_be_shown(key: str) -> bool:
    """A key may be a customer's: an address, a number, a name."""
    return _KEY.fullmatch(key) is not None and not _DIGITS.search(key) and "@" not in key[1:]


def _of_text(answer: Answer) -> Iterator[str]:
    """Of XML the elements, each once; of anything else only how long it is."""
    text = answer.body[:200_000].decode("utf-8", "replace")
    if not text.lstrip().startswith("<"):
        yield f"no JSON: a text of {len(answer.body)} bytes"
        return
    names = dict.fromkeys(name for name in _ELEMENT.findall(text) if not _DIGITS.search(name))
    yield f"XML or HTML of {len(answer.body)} bytes, with the elements"
    yield from (f"  {name}" for name in list(names)[:MOST_LINES])
