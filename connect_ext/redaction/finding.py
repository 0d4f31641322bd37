"""Finds confidential values in a text, whatever they are disguised as.

A text is looked at as its *skeleton*: letters and digits alone, without case. So blanks, line
breaks, hyphens and another case hide nothing, and what base64 and its URL-safe form differ in is
not there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize

from connect_ext.redaction.canonical import one_line

Range = tuple[int, int]
"""The first position, and the one after the last."""

SHORT_VALUE = 8
"""A value of at least so many letters and digits is found inside of longer words as well."""

SHORT_FORM = 6
"""The same for the encoded form of a secret, which no word is."""

FRAGMENT = 12
"""So many characters of a secret, with a digit among them, give it away: a part of a key."""

LONG_FORM, STRIDE = 128, 4
"""Of a longer form only every fourth fragment is kept: of a token of 16 kB they are many."""


class View:
    """A line as it is compared: folded, as a skeleton, and with the way back to its positions."""

    def __init__(self, line: str) -> None:
        folded, self._of_folded = [], []
        for position, character in enumerate(line):
            for letter in character.casefold():
                folded.append(letter)
                self._of_folded.append(position)
        self.folded = "".join(folded)
        letters = [(c, p) for c, p in zip(folded, self._of_folded, strict=True) if c.isalnum()]
        self.skeleton = "".join(letter for letter, _ in letters)
        self._of_skeleton = [position for _, position in letters]

    def of_skeleton(self, start: int, end: int) -> Range:
        """The range of the line for a range of the skeleton."""
        return self._of_skeleton[start], self._of_skeleton[end - 1] + 1

    def places(self, value: str, *, whole: bool) -> Iterator[Range]:
        """Where a folded value stands, maybe only as whole words."""
        for start in _places(value, self.folded):
            end = start + len(value)
            before, after = self.folded[:start][-1:], self.folded[end : end + 1]
            if not (whole and (_is_of_a_word(before) or _is_of_a_word(after))):
                yield self._of_folded[start], self._of_folded[end - 1] + 1


@dataclass(frozen=True)
class Forms:
    """A secret as it may be written."""

    skeletons: tuple[str, ...]
    """The ones that are looked for inside of words."""
    word: str
    """The secret, folded, if it has too few letters and digits to be looked for by these alone."""
    fragments: Mapping[str, tuple[str, int]]
    """Parts of the skeletons: for each its skeleton, and its position there."""


@lru_cache(maxsize=4096)
def forms_of(secret: str) -> Forms:
    """The forms of a secret: itself, its bytes in hexadecimal, and in base64 at each alignment."""
    raw = secret.encode(errors="replace")
    own = skeleton(secret)
    encoded = [raw.hex(), *(skeleton(form) for form in _base64(raw))]
    longest = [form for form in encoded if len(form) >= SHORT_FORM]
    if len(own) >= SHORT_VALUE:
        longest.append(own)
    fragments: dict[str, tuple[str, int]] = {}
    for form in longest:
        for start in range(0, len(form) - FRAGMENT + 1, STRIDE if len(form) > LONG_FORM else 1):
            part = form[start : start + FRAGMENT]
            if any(map(str.isdigit, part)):
                fragments.setdefault(part, (form, start))
    word = "" if len(own) >= SHORT_VALUE else folded(secret)
    return Forms(tuple(longest), word, fragments)


def secrets_in(view: View, secrets: Iterable[str]) -> Iterator[Range]:
    """Where secrets stand, whole or in part, in any of their forms."""
    parts: dict[str, list[int]] = {}
    for start in range(len(view.skeleton) - FRAGMENT + 1):
        parts.setdefault(view.skeleton[start : start + FRAGMENT], []).append(start)
    for forms in map(forms_of, secrets):
        for form in forms.skeletons:
            yield from _of_skeleton(view, form)
        if forms.word:
            yield from view.places(forms.word, whole=len(forms.word) < SHORT_VALUE)
        for part, (form, at) in forms.fragments.items():
            for start in parts.get(part, ()):
                yield view.of_skeleton(*_extended(view.skeleton, start, form, at))


def values_in(view: View, values: Iterable[str]) -> Iterator[Range]:
    """Where values stand: long ones anywhere, short ones as whole words."""
    for value in values:
        bones = skeleton(value)
        if len(bones) >= SHORT_VALUE:
            yield from _of_skeleton(view, bones)
        elif word := folded(value):
            yield from view.places(word, whole=len(word) < SHORT_VALUE)


def folded(value: str) -> str:
    """A value in the form in which whole words are compared."""
    return one_line(normalize("NFKC", value)).casefold()


def skeleton(value: str) -> str:
    """The letters and digits of a value, without case."""
    return "".join(filter(str.isalnum, normalize("NFKC", value).casefold()))


def _of_skeleton(view: View, bones: str) -> Iterator[Range]:
    for start in _places(bones, view.skeleton):
        yield view.of_skeleton(start, start + len(bones))


def _places(part: str, whole: str) -> Iterator[int]:
    start = whole.find(part) if part else -1
    while start >= 0:
        yield start
        start = whole.find(part, start + 1)


def _extended(text: str, start: int, form: str, at: int) -> Range:
    """The range for a fragment, with what the text shares with the secret around it.

    The next fragment is at most a stride away, so that no more needs to be compared.
    """
    end, form_end = start + FRAGMENT, at + FRAGMENT
    for _ in range(STRIDE - 1):
        if start and at and text[start - 1] == form[at - 1]:
            start, at = start - 1, at - 1
        if end < len(text) and form_end < len(form) and text[end] == form[form_end]:
            end, form_end = end + 1, form_end + 1
    return start, end


def _base64(raw: bytes) -> Iterator[str]:
    """What of the base64 of a longer text does not depend on the rest of it."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        yield encoded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]


def _is_of_a_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"
