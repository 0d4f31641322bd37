"""Prepares a text for the comparison with confidential values.

The comparison uses *skeletons*: letters and digits only, without case, accents and fonts. So
blanks, line breaks, hyphens, capitals and look-alikes hide nothing, and base64 and its URL-safe
form are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import category, normalize

Range = tuple[int, int]
"""The first position, and the one after the last."""

Part = tuple[str, "Range | list[Range] | None"]
"""A text and the range of the line that it was decoded from, or a range for each character; None if
the text is the line itself."""

SHORT_VALUE = 8
"""A value with at least this many letters and digits is also found inside longer words."""

_WALL = "\n"
"""Separates two parts; no value contains it."""

# Letters that look like an unrelated Latin letter, or are often written as one.
_LOOKALIKES = str.maketrans(
    "аеорсухікјѕһԁԛԝмтвнαοενκρτυχιıøłđðħŧ",
    "aeopcyxikjshdqwmtbhaoevkptuxiiolddht",
) | {start + n: chr(ord("a") + n) for start in (0x1F150, 0x1F170, 0x1F1E6) for n in range(26)}
_NO_LETTERS = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=8192)
def folded(character: str) -> str:
    """A character in the form for comparison: several letters, one, a blank or nothing."""
    # A zero byte is half of a letter in UTF-16.
    if character.isspace() or (character < " " and character != "\0"):
        return " "
    plain = normalize("NFKD", normalize("NFKD", character).casefold())
    # Marks, such as accents, and control characters.
    shown = "".join(letter for letter in plain if category(letter)[0] not in "MC")
    return shown.translate(_LOOKALIKES)


def skeleton(value: str) -> str:
    """The letters and digits of a value, folded."""
    if value.isascii():
        return _NO_LETTERS.sub("", value.lower())
    return "".join(filter(str.isalnum, "".join(map(folded, value))))


def dense(value: str) -> str:
    """A value folded, without its blanks."""
    return "".join(map(folded, value)).replace(" ", "")


@dataclass
class Word:
    """A run of letters or digits, as a place in the skeleton."""

    start: int
    end: int
    is_apart: bool
    """Whether a non-letter precedes it; else only the case or the script changes there."""


class Reading:
    """The line, or texts decoded from it, with a mapping back to positions in the line."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._dense: list[str] = []
        self._letters: list[str] = []
        self._places_of_dense: list[Range] = []
        self._places: list[Range] = []
        self.words: list[Word] = []
        for text, place in parts:
            self._read(text, place)
            self._add(_WALL, place if isinstance(place, tuple) else (0, 0))
        self.dense, self.skeleton = "".join(self._dense), "".join(self._letters)

    def _read(self, text: str, place: Range | list[Range] | None) -> None:
        before = ""
        for position, character in enumerate(text):
            at = place[position] if isinstance(place, list) else place
            at = at or (position, position + 1)
            for letter in folded(character):
                if letter.isalnum():
                    self._begin_or_go_on(before, character)
                    before = character
                else:
                    before = ""
                if letter != " ":
                    self._add(letter, at)

    def _begin_or_go_on(self, before: str, character: str) -> None:
        here = len(self._letters)
        if before and not _turns(before, character):
            self.words[-1].end = here + 1
        else:
            self.words.append(Word(here, here + 1, not before))

    def _add(self, letter: str, place: Range) -> None:
        self._dense.append(letter)
        self._places_of_dense.append(place)
        if letter.isalnum() or letter == _WALL:
            self._letters.append(letter)
            self._places.append(place)

    def of_skeleton(self, start: int, end: int) -> Range:
        """The range of the line for a range of the skeleton."""
        return self._places[start][0], self._places[end - 1][1]

    def of_dense(self, start: int, end: int) -> Range:
        """The range of the line for a range of ``dense``."""
        return self._places_of_dense[start][0], self._places_of_dense[end - 1][1]

    def phrases(self) -> Iterator[tuple[str, int, set[int]]]:
        """Every run of consecutive words that is shorter than a long value.

        Each comes with its place in the skeleton, and the positions of the gaps between its words.
        """
        for number, first in enumerate(self.words):
            end, gaps = first.start, set()
            for word in self.words[number : number + SHORT_VALUE]:
                if word.start != end or word.end - first.start >= SHORT_VALUE:
                    break
                if word.is_apart and word is not first:
                    gaps.add(word.start - first.start)
                end = word.end
                yield self.skeleton[first.start : end], first.start, gaps


class ShortValues:
    """Values that are found only as words: inside a longer word, they would be an accident."""

    def __init__(self) -> None:
        self._gaps: dict[str, set[int]] = {}
        """For each value, the positions at which its letters may be apart."""

    def add(self, value: str) -> None:
        """Add a value; its words may be written apart or together."""
        reading = Reading([(value, None)])
        gaps = self._gaps.setdefault(skeleton(value), set())
        gaps.update(word.start for word in reading.words)

    def found_in(self, reading: Reading) -> Iterator[Range]:
        """The ranges of the line that contain values."""
        for text, start, gaps in reading.phrases() if self._gaps else ():
            may_be = self._gaps.get(text)
            if may_be is not None and gaps <= may_be:
                yield reading.of_skeleton(start, start + len(text))

    def within(self, reading: Reading, shortest: int) -> Iterator[Range]:
        """The same for decoded text, where anything may precede or follow a value."""
        for value in self._gaps:
            for start in places(value, reading.skeleton) if len(value) >= shortest else ():
                yield reading.of_skeleton(start, start + len(value))


def _turns(before: str, character: str) -> bool:
    """Whether a word ends between two letters: ``janeDoe``, ``jane7``, a script without blanks."""
    if before.isdigit() != character.isdigit():
        return True
    if before.islower() and character.isupper():
        return True
    return not (character.isdigit() or character.islower() or character.isupper())


def places(part: str, whole: str) -> Iterator[int]:
    """Every position of a part, including overlapping ones."""
    start = whole.find(part) if part else -1
    while start >= 0:
        yield start
        start = whole.find(part, start + 1)
