"""Finds personal values in a text, in any order and spelling of their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from unicodedata import normalize

from connect_ext.redaction.reading import (
    SHORT_VALUE,
    Range,
    Reading,
    ShortValues,
    places,
    skeleton,
)

MOST_WORDS = 5
"""A value with more words is searched for only in its own order."""

SHORTEST_PART, MOST_PARTS = 3, 8
"""The parts of a list are searched for separately, those of a sentence or a table are not."""

CUT_SHORT = 12
"""This many letters, if they are half of a value or more, are that value cut short by a vendor."""

TELEPHONE = 9
"""A number with this many digits may be written with other digits before its last eight."""

_SEPARATOR = re.compile(r"[,;|\r\n]+")
_WORD = re.compile(r"[^\W_]+")
_UMLAUT = re.compile("[äöü]", re.IGNORECASE)


@dataclass
class Values:
    """Personal values, in all the forms in which they may be written."""

    long: set[str] = field(default_factory=set)
    short: ShortValues = field(default_factory=ShortValues)

    def add(self, value: str) -> None:
        """Add a value, its words in other orders, and other forms that a vendor may write."""
        for part in {value, *_parts(value)}:
            for text in {part, _without_umlauts(part)}:
                for written in {text, *_in_other_orders(text)}:
                    self._add(written)

    def _add(self, text: str) -> None:
        bones = skeleton(text)
        if len(bones) >= SHORT_VALUE:
            self.long.add(bones)
            if len(bones) >= TELEPHONE and bones.isdigit():
                self.long.add(bones[-SHORT_VALUE:])
        elif bones:
            self.short.add(text)


def _parts(value: str) -> list[str]:
    """The lines of an address, or the names in a list."""
    parts = [part.strip() for part in _SEPARATOR.split(value)]
    return (
        [part for part in parts if len(part) >= SHORTEST_PART] if len(parts) <= MOST_PARTS else []
    )


def _without_umlauts(text: str) -> str:
    """``Mueller`` for ``Müller``; folding already covers ``Muller``."""
    return _UMLAUT.sub(lambda found: normalize("NFD", found[0])[0] + "e", normalize("NFC", text))


def _in_other_orders(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    if 1 < len(words) <= MOST_WORDS:
        yield " ".join(reversed(words))
        for first in range(1, len(words)):
            yield " ".join(words[first:] + words[:first])


def values_of(values: Iterable[str]) -> Values:
    """The forms of all values."""
    found = Values()
    for value in values:
        found.add(value)
    return found


def values_in(reading: Reading, values: Values, shortest: int = 0) -> Iterator[Range]:
    """The ranges that contain values: long ones anywhere, short ones as words.

    In decoded text, which has a ``shortest``, short ones may be anywhere as well.
    """
    short = values.short
    yield from short.within(reading, shortest) if shortest else short.found_in(reading)
    for value in values.long:
        beginning = value[: max(CUT_SHORT, (len(value) + 1) // 2)]
        for start in places(beginning, reading.skeleton):
            yield reading.of_skeleton(start, _end(value, beginning, reading.skeleton, start))


def _end(value: str, beginning: str, text: str, start: int) -> int:
    """The position where the text, which has the value's beginning, stops matching the value."""
    if text.startswith(value, start):
        return start + len(value)
    length = len(beginning)
    while text[start + length : start + length + 1] == value[length]:
        length += 1
    return start + length
