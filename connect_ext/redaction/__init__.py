"""Keeps secrets and personal data out of the texts that leave the extension."""

from __future__ import annotations

from collections.abc import Iterable

from connect_ext.redaction.canonical import MAX_INPUT_CHARACTERS, canonical
from connect_ext.redaction.finding import Range, View, folded, secrets_in, values_in
from connect_ext.redaction.looks import looks_like_a_credential, ranges_that_look_personal

MASK = "[…]"
MAX_REASON_CHARACTERS = 255
MAX_OUTPUT_CHARACTERS = 1000
CUT_OFF_CHARACTERS = 40
"""What the end of a text loses if the input's bound has cut it: it may be the half of a key."""

_PUNCTUATION = ".,;:!?'\"()[]"


def redact(text: str, secrets: Iterable[str], keep: str = "", personal: Iterable[str] = ()) -> str:
    """One line of the text with every confidential value, address and credential masked.

    Secrets are found in their encoded forms and in parts, ``personal`` values whole; ``keep`` (the
    subscription id) stays readable where nothing more than it would be masked. A page of HTML, a
    stack trace, and what still looks like a credential are dropped whole: an empty string.
    """
    line = canonical(text)
    is_cut = len(text) > MAX_INPUT_CHARACTERS
    cut = max(0, len(line) - CUT_OFF_CHARACTERS) if is_cut else len(line)
    view = View(line)
    kept = tuple(view.places(folded(keep), whole=True)) if keep else ()
    covered = [
        *secrets_in(view, (secret for secret in secrets if secret != keep)),
        *values_in(view, (value for value in personal if value != keep)),
        *ranges_that_look_personal(line),
    ]
    masked = _masked(line, _merged(covered), kept, cut)
    if looks_like_a_credential(masked, keep):
        return ""
    return masked[:MAX_OUTPUT_CHARACTERS].strip()


def _masked(line: str, covered: list[Range], kept: tuple[Range, ...], cut: int) -> str:
    parts, position = [], 0
    for start, end in covered:
        inner = _without_punctuation(line, start, end)
        if any(first <= inner[0] and inner[1] <= last for first, last in kept):
            continue
        if start >= cut:
            break
        parts += [line[position:start], MASK]
        position = end
    return "".join([*parts, line[position:cut]])


def _without_punctuation(line: str, start: int, end: int) -> Range:
    """A range without the punctuation that a pattern has taken with it."""
    text = line[start:end]
    return end - len(text.lstrip(_PUNCTUATION)), start + len(text.rstrip(_PUNCTUATION))


def _merged(ranges: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def shortened(text: str, most: int = MAX_REASON_CHARACTERS) -> str:
    """The text, cut at ``most`` characters with an ellipsis as its last one."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
