"""Decodes the escapes in a text of our own, and keeps the place of each character."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from connect_ext.redaction.canonical import text_of
from connect_ext.redaction.reading import Part, Range

MOST_ROUNDS = 3
"""An administrator's template may already be escaped when we escape it."""

_OF_ADDRESSES = r"(?:%[0-9A-Fa-f]{2})+"
_OF_JSON = r"(?:\\u[0-9A-Fa-f]{4})+|\\[\"\\/bfnrt]"
_OF_XML = r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});"

_OF_EACH_KIND = [re.compile(kind) for kind in (_OF_ADDRESSES, _OF_JSON, _OF_XML)]
_OF_ALL_KINDS = re.compile(f"{_OF_ADDRESSES}|{_OF_JSON}|{_OF_XML}")


def without_escapes(text: str) -> Iterator[Part]:
    """The text without the escapes of addresses, JSON and XML, round by round.

    First, each kind is decoded alone: a value may look like an escape of another kind.
    """
    places = [(position, position + 1) for position in range(len(text))]
    for escapes in _OF_EACH_KIND:
        if escapes.search(text):
            yield _without(escapes, text, places)
    for _ in range(MOST_ROUNDS):
        if not _OF_ALL_KINDS.search(text):
            return
        text, places = _without(_OF_ALL_KINDS, text, places)
        yield text, places


def _without(escapes: re.Pattern[str], text: str, places: list[Range]) -> tuple[str, list[Range]]:
    read = list(_characters(escapes, text))
    said = "".join(character for character, _ in read)
    return said, [(places[start][0], places[end - 1][1]) for _, (start, end) in read]


def _characters(escapes: re.Pattern[str], text: str) -> Iterator[tuple[str, Range]]:
    position = 0
    for found in escapes.finditer(text):
        yield from _as_they_are(text, position, found.start())
        yield from _unescaped(found)
        position = found.end()
    yield from _as_they_are(text, position, len(text))


def _as_they_are(text: str, start: int, end: int) -> Iterator[tuple[str, Range]]:
    return ((text[position], (position, position + 1)) for position in range(start, end))


def _unescaped(found: re.Match[str]) -> Iterator[tuple[str, Range]]:
    """The characters of consecutive escapes; one character may take several."""
    escaped, start = found[0], found.start()
    if escaped.startswith("%"):
        raw = bytes.fromhex(escaped.replace("%", ""))
        said, width, encoding = text_of(raw), 3, "utf-8"
        if len(said) == len(raw):
            encoding = "latin-1"
    elif escaped.startswith("\\u"):
        raw = bytes.fromhex(escaped.replace("\\u", ""))
        # Two digits are half a character.
        said, width, encoding = raw.decode("utf-16-be", "replace"), 3, "utf-16-be"
    else:
        yield from ((character, found.span()) for character in _sign(escaped))
        return
    for character in said:
        end = start + width * len(character.encode(encoding))
        yield character, (start, end)
        start = end


def _sign(escaped: str) -> str:
    if escaped.startswith("&"):
        return html.unescape(escaped)
    return escaped[1] if escaped[1] in '"\\/' else " "
