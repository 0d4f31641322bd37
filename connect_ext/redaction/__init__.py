"""Keeps secrets and personal data out of all texts that leave the extension."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby

from connect_ext.portal.secret import MASK
from connect_ext.redaction.canonical import (
    MAX_INPUT_CHARACTERS,
    across_breaks,
    canonical,
    one_line,
)
from connect_ext.redaction.credentials import forms_of, secrets_in
from connect_ext.redaction.encodings import SHORTEST_DECODED, stretches_decoded, words_decoded
from connect_ext.redaction.escapes import without_escapes
from connect_ext.redaction.looks import looks_like_a_credential, ranges_that_look_personal
from connect_ext.redaction.reading import Part, Range, Reading
from connect_ext.redaction.values import values_in, values_of

MAX_REASON_CHARACTERS = 255
MAX_OUTPUT_CHARACTERS = 1000
CUT_OFF_CHARACTERS = 256
"""How much is dropped at the end of a text that was cut to size: it may be half of a key."""

MOST_RANGES = 50_000
"""A vendor's sentence has about ten."""

_PUNCTUATION = ".,;:!?'\"()[]"


def redact(text: str, secrets: Iterable[str], keep: str = "", personal: Iterable[str] = ()) -> str:
    """The text on one line, with every confidential value, address and credential masked.

    Secrets are also found encoded and in parts, ``personal`` values in any order of their words.
    ``keep`` (the subscription id) stays readable wherever it alone would be masked. The result is
    empty if the text is a page of HTML or a stack trace, cannot be searched, or still looks like a
    credential.
    """
    line, keep = canonical(text), one_line(keep)
    readings = _readings(text, line) if line else None
    if readings is None:
        return ""
    covered = bytearray(len(line))
    found = _confidential(
        readings, [s for s in secrets if s != keep], [p for p in personal if p != keep]
    )
    looks = ranges_that_look_personal(line)
    for count, (start, end) in enumerate(chain(found, looks)):
        if count == MOST_RANGES:
            return ""
        covered[start:end] = b"\1" * (end - start)
    is_cut = len(text) >= MAX_INPUT_CHARACTERS
    cut = max(0, len(line) - CUT_OFF_CHARACTERS) if is_cut else len(line)
    masked = _masked(line, covered, _reach(line, _kept((line, None), keep)), cut)
    rest = re.sub(_whole(keep), " ", masked, flags=re.IGNORECASE) if keep else masked
    if looks_like_a_credential(rest):
        return ""
    return masked[:MAX_OUTPUT_CHARACTERS].strip()


def without_secrets(
    text: str, secrets: Iterable[str], keep: Sequence[str] = (), personal: Iterable[str] = ()
) -> str:
    """A text of our own with the confidential values in it masked, except ``keep``.

    A vendor has not written it: only the escapes of addresses, JSON and XML can disguise a value,
    and texts that merely look confidential stay.
    """
    covered = bytearray(len(text))
    parts: list[Part] = [(text, None), *without_escapes(text)]
    found = _confidential(
        [(Reading(parts), 0)],
        [s for s in secrets if s not in keep],
        [p for p in personal if p not in keep],
    )
    for count, (start, end) in enumerate(found):
        if count == MOST_RANGES:
            return ""
        covered[start:end] = b"\1" * (end - start)
    kept = (place for part in parts for each in keep for place in _kept(part, each))
    return _masked(text, covered, _reach(text, kept), len(text))


def _readings(text: str, line: str) -> list[tuple[Reading, int]] | None:
    """The line and the texts decoded from it, each with the least length of a value in it.

    None if there is more encoded text than can be searched.
    """
    words, stretches = words_decoded(line), stretches_decoded(line)
    if words is None or stretches is None:
        return None
    as_it_is: list[Part] = [(line, None), *words]
    # Its place in the line is unknown, so it stands for the whole line.
    joined: list[Part] = [(across_breaks(text), (0, len(line)))]
    return [(Reading(as_it_is), 0), (Reading(stretches + joined), SHORTEST_DECODED)]


def _confidential(
    readings: list[tuple[Reading, int]], secrets: Iterable[str], personal: Iterable[str]
) -> Iterator[Range]:
    forms, values = forms_of(secrets), values_of(personal)
    for reading, shortest in readings:
        yield from secrets_in(reading, forms)
        yield from values_in(reading, values, shortest)


def _whole(keep: str) -> str:
    return rf"(?<!\w){re.escape(keep)}(?!\w)"


def _kept(part: Part, keep: str) -> Iterator[Range]:
    """The ranges of the line that contain the text to keep."""
    text, places = part
    # A lookahead consumes nothing, so overlapping matches are found as well.
    for found in re.finditer(f"(?={_whole(keep)})", text, re.IGNORECASE) if keep else ():
        start, end = found.start(), found.start() + len(keep)
        yield (places[start][0], places[end - 1][1]) if isinstance(places, list) else (start, end)


def _reach(line: str, kept: Iterable[Range]) -> list[int]:
    """For each position, how far the kept text that covers it reaches."""
    ends = [0] * (len(line) + 1)
    for start, end in kept:
        ends[start] = max(ends[start], end)
    return list(accumulate(ends, max))


def _masked(line: str, covered: bytearray, kept: list[int], cut: int) -> str:
    parts, end = [], 0
    for is_covered, run in groupby(covered):
        start, end = end, end + sum(1 for _ in run)
        first, last = _without_punctuation(line, start, end)
        if start >= cut:
            break
        is_masked = is_covered and not last <= kept[min(first, len(line))]
        parts.append(MASK if is_masked else line[start : min(end, cut)])
    return "".join(parts)


def _without_punctuation(line: str, start: int, end: int) -> Range:
    """A range without the trailing punctuation that a pattern has matched."""
    text = line[start:end]
    return end - len(text.lstrip(_PUNCTUATION)), start + len(text.rstrip(_PUNCTUATION))


def shortened(text: str, most: int = MAX_REASON_CHARACTERS) -> str:
    """The text, cut to ``most`` characters that end in an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
