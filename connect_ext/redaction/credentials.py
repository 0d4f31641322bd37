"""Finds secrets in a text: whole, in part, and encoded."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connect_ext.redaction.canonical import unescaped
from connect_ext.redaction.reading import (
    SHORT_VALUE,
    Range,
    Reading,
    ShortValues,
    dense,
    places,
    skeleton,
)

GRAM = 6
"""Forms and the text are first compared by pieces of this many letters."""

FRAGMENT = 12
"""This many letters of a secret, including a digit, give it away as part of a key."""

LETTERS_ALONE, MIXED = 16, 8
"""The same for a part without a digit, which may be an ordinary word, and for a part that mixes
letters and digits as no ordinary text does."""

MOST_CHANGES = 2
"""An ordinary number within words changes this often between letters and digits."""

LONG_FORM, LONG_FRAGMENT = 512, 32
"""A few letters of a token with thousands of them give nothing away."""

_CHANGE = re.compile(r"(?<=[0-9])(?=[^0-9])|(?<=[^0-9])(?=[0-9])")

REACH = LONG_FRAGMENT - GRAM
"""How far around a matching gram the text is compared with the form."""


@dataclass
class Forms:
    """Secrets, in all the forms in which they may be written."""

    skeletons: set[str] = field(default_factory=set)
    """Forms that are found in part as well."""
    dense: set[str] = field(default_factory=set)
    """Forms with too few letters and digits to be found by those alone."""
    words: ShortValues = field(default_factory=ShortValues)
    """Short forms that are a single word or number, and so look ordinary."""

    def add(self, secret: str) -> None:
        """Add the forms of a secret: itself, in hexadecimal, and in base64 at each alignment."""
        # Texts are unescaped before the comparison, and a secret may contain an escape.
        for own in {secret, unescaped(secret)}:
            self._add_own(own)
        raw = secret.encode(errors="replace")
        for form in (raw.hex(), *_base64(raw)):
            bones = skeleton(form)
            if len(bones) >= GRAM:
                self.skeletons.add(bones)

    def _add_own(self, secret: str) -> None:
        bones, whole = skeleton(secret), dense(secret)
        if len(bones) >= SHORT_VALUE:
            self.skeletons.add(bones)
        elif len(secret.split()) == 1 and (whole.isalpha() or whole.isdigit()):
            self.words.add(secret)
        else:
            self.dense.add(whole)


def _base64(raw: bytes) -> Iterator[str]:
    """The parts of a longer text's base64 that do not depend on the rest of that text."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        yield encoded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]


def forms_of(secrets: Iterable[str]) -> Forms:
    """The forms of all secrets."""
    forms = Forms()
    for secret in secrets:
        forms.add(secret)
    return forms


def secrets_in(reading: Reading, forms: Forms) -> Iterator[Range]:
    """The ranges of the line that contain secrets."""
    for whole in forms.dense:
        for start in places(whole, reading.dense):
            yield reading.of_dense(start, start + len(whole))
    yield from forms.words.found_in(reading)
    grams: dict[str, list[int]] = {}
    for start in range(len(reading.skeleton) - GRAM + 1):
        grams.setdefault(reading.skeleton[start : start + GRAM], []).append(start)
    for form in forms.skeletons:
        for start, end in _parts_of(form, reading.skeleton, grams):
            yield reading.of_skeleton(start, end)


def _parts_of(form: str, text: str, grams: dict[str, list[int]]) -> Iterator[Range]:
    """The ranges in which a text and a form have enough in common.

    Each has at least one of the form's grams, although only a few of them are looked up.
    """
    least = LONG_FRAGMENT if len(form) > LONG_FORM else min(len(form), MIXED)
    last = len(form) - GRAM
    for at in {*range(0, last, least - GRAM + 1), last}:
        for start in grams.get(form[at : at + GRAM], ()):
            first, end = _extended(text, start, form, at)
            if end - first >= least and _gives_away(text[first:end], form):
                yield first, end


def _gives_away(part: str, form: str) -> bool:
    """Whether a part of a form could not be an ordinary word or number."""
    length = len(part)
    if length == len(form) or length >= LETTERS_ALONE:
        return True
    if length >= max(MIXED, min(FRAGMENT, len(form) * 3 // 4)):
        return any(map(str.isdigit, part))
    return length >= MIXED and len(_CHANGE.findall(part)) > MOST_CHANGES


def _extended(text: str, start: int, form: str, at: int) -> Range:
    """The range of a matching gram, extended as far as the text and the form are the same."""
    end, form_end = start + GRAM, at + GRAM
    for _ in range(REACH):
        if not (start and at and text[start - 1] == form[at - 1]):
            break
        start, at = start - 1, at - 1
    for _ in range(REACH):
        if not (end < len(text) and form_end < len(form) and text[end] == form[form_end]):
            break
        end, form_end = end + 1, form_end + 1
    return start, end
