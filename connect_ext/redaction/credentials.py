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
"""Forms are compared with the text by so many letters first."""

FRAGMENT = 12
"""So many letters of a secret, a digit among them, give it away: a part of a key."""

LETTERS_ALONE, MIXED = 16, 8
"""The same for a part without a digit, which may be an ordinary word, and for one that changes
between letters and digits as nothing else does."""

MOST_CHANGES = 2
"""Those of an ordinary number within words."""

LONG_FORM, LONG_FRAGMENT = 512, 32
"""Of a token of thousands of letters a few give nothing away."""

_CHANGE = re.compile(r"(?<=[0-9])(?=[^0-9])|(?<=[^0-9])(?=[0-9])")

REACH = LONG_FRAGMENT - GRAM
"""How far around an equal gram the text is compared with the form."""


@dataclass
class Forms:
    """Secrets as they may be written."""

    skeletons: set[str] = field(default_factory=set)
    """These are found in part as well."""
    dense: set[str] = field(default_factory=set)
    """Those with too few letters and digits to be found by them alone."""
    words: ShortValues = field(default_factory=ShortValues)
    """Short ones that are a single word or number, as ordinary ones are."""

    def add(self, secret: str) -> None:
        """Add the forms of a secret: itself, in hexadecimal, and in base64 at each alignment."""
        # Texts are unescaped before they are compared, and an escape may stand in a secret.
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
    """What of the base64 of a longer text does not depend on the rest of it."""
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
    """The ranges of the line in which secrets stand."""
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
    """Where a text and a form have enough in common.

    So much in common holds one of the form's grams at least, however few of them are looked up.
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
    """The range of an equal gram, with what the text shares with the form around it."""
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
