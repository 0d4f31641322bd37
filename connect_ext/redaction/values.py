"""Finds personal values in a text, in whatever order and spelling their words are written."""

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
"""A value of more words is not looked for in another order."""

SHORTEST_PART, MOST_PARTS = 3, 8
"""Parts of a value that is a list are looked for, those of a sentence or a table are not."""

CUT_SHORT = 12
"""So many letters, and at least half of a value, are that value, cut by a vendor's own bound."""

TELEPHONE = 9
"""A number of so many digits may be written with other digits before its last eight."""

_SEPARATOR = re.compile(r"[,;|\r\n]+")
_WORD = re.compile(r"[^\W_]+")
_UMLAUT = re.compile("[äöü]", re.IGNORECASE)


@dataclass
class Values:
    """Personal values as they may be written."""

    long: set[str] = field(default_factory=set)
    short: ShortValues = field(default_factory=ShortValues)

    def add(self, value: str) -> None:
        """Add a value, its words in another order, and what else a vendor may make of it."""
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
    """The lines of an address, the names of a list."""
    parts = [part.strip() for part in _SEPARATOR.split(value)]
    return (
        [part for part in parts if len(part) >= SHORTEST_PART] if len(parts) <= MOST_PARTS else []
    )


def _without_umlauts(text: str) -> str:
    """``Mueller`` for ``Müller``; that it may be ``Muller`` as well needs no other value."""
    return _UMLAUT.sub(lambda found: normalize("NFD", found[0])[0] + "e", normalize("NFC", text))


def _in_other_orders(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    if 1 < len(words) <= MOST_WORDS:
        yield " ".join(reversed(words))
        for first in range(1, len(words)):
            yield " ".join(words[first:] + words[:first])


def values_of(values: Iterable[str]) -> Values:
    """The values as they may be written."""
    found = Values()
    for value in values:
        found.add(value)
    return found


def values_in(reading: Reading, values: Values, shortest: int = 0) -> Iterator[Range]:
    """Where values stand: long ones anywhere, short ones as words.

    Within what was decoded, that is with a ``shortest``, short ones stand anywhere as well.
    """
    short = values.short
    yield from short.within(reading, shortest) if shortest else short.found_in(reading)
    for value in values.long:
        beginning = value[: max(CUT_SHORT, (len(value) + 1) // 2)]
        for start in places(beginning, reading.skeleton):
            yield reading.of_skeleton(start, _end(value, beginning, reading.skeleton, start))


def _end(value: str, beginning: str, text: str, start: int) -> int:
    """Where the text ceases to say the value, whose beginning it has said."""
    if text.startswith(value, start):
        return start + len(value)
    length = len(beginning)
    while text[start + length : start + length + 1] == value[length]:
        length += 1
    return start + length
