"""Decodes the encoded parts of a line, layer by layer: base64 of percent escapes of hexadecimal…"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connect_ext.redaction.canonical import MAX_INPUT_CHARACTERS, text_of, unescaped
from connect_ext.redaction.reading import Part, Range

MOST_LAYERS = 3
MOST_CHARACTERS = 3 * MAX_INPUT_CHARACTERS

SHORTEST_DECODED = 5
"""A shorter text may appear by chance if a sentence is decoded as base64."""

_READABLE = re.compile(
    rb"(?:[\x00\t\r\n\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3}){5,}"
)


@dataclass(frozen=True)
class _Code:
    """A code that writes ``size`` bytes with ``group`` letters."""

    letters: re.Pattern[str]
    """Its letters; anything between them is skipped. Only a group ``x`` counts."""
    decode: Callable[[str], bytes]
    group: int
    size: int
    zero: str = "A"

    def stretches(self, text: str) -> Iterator[tuple[str, Range]]:
        """Every readable text that the letters decode to, wherever the first group begins."""
        found = [match for match in self.letters.finditer(text) if match["x"]]
        stream, places = "".join(match["x"] for match in found), [m.start() for m in found]
        for skipped in range(self.group):
            letters = stream[skipped:]
            raw = self.decode(letters + self.zero * (-len(letters) % self.group))
            for match in _READABLE.finditer(raw):
                first = skipped + match.start() * self.group // self.size
                last = skipped + (match.end() * self.group - 1) // self.size
                end = places[min(last, len(places) - 1)] + 1
                yield match[0].decode(errors="replace"), (places[first], end)


def _from_base64(letters: str) -> bytes:
    return base64.b64decode(letters.translate({ord("-"): "+", ord("_"): "/"}))


def _from_base32(letters: str) -> bytes:
    return base64.b32decode(letters.upper())


_CODES = (
    _Code(re.compile(r"(?P<x>[A-Za-z0-9+/_-])"), _from_base64, group=4, size=3),
    _Code(re.compile(r"(?P<x>[A-Za-z2-7])"), _from_base32, group=8, size=5),
    _Code(re.compile(r"0[xX](?=[0-9A-Fa-f])|(?P<x>[0-9A-Fa-f])"), bytes.fromhex, 2, 1, zero="0"),
)

_QUOTED_PRINTABLE = re.compile(r"\S*=[0-9A-F]{2}\S*")
_PUNYCODE = re.compile(r"\bxn--[a-z0-9-]+", re.IGNORECASE)
_SPELLED = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_])){2,}")
_NUMBERS = re.compile(r"\b\d{2,3}(?:[\s,;]{1,3}\d{2,3}){4,}\b")
_IN_BASE64 = re.compile(r"(?<![\w+/-])[\w+/-]{3,}(?![\w+/-])", re.ASCII)
_IN_HEX = re.compile(r"(?<![^\W_])(?:[0-9A-Fa-f]{2}[ :-]?){2,}(?<=[0-9A-Fa-f])(?![^\W_])", re.ASCII)


def _unquoted(text: str) -> str:
    return unescaped(re.sub(r"=(?=[0-9A-F]{2})", "%", text))


def _from_punycode(text: str) -> str:
    try:
        return text[4:].encode().decode("punycode")
    except UnicodeError:
        return ""


def _joined(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _from_numbers(text: str) -> str:
    return "".join(chr(int(number)) for number in re.findall(r"\d+", text))


def _from_whole_base64(text: str) -> str:
    return "" if len(text) % 4 == 1 else text_of(_from_base64(text + "A" * (-len(text) % 4)))


def _from_whole_hex(text: str) -> str:
    return text_of(bytes.fromhex(re.sub("[ :-]", "", text)))


_WHOLE: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (_QUOTED_PRINTABLE, _unquoted),
    (_PUNYCODE, _from_punycode),
    (_SPELLED, _joined),
    (_NUMBERS, _from_numbers),
    (_IN_BASE64, _from_whole_base64),
    (_IN_HEX, _from_whole_hex),
)
"""Encodings of whole words: a name found in one is no accident, however short it is."""


def words_decoded(line: str) -> list[Part] | None:
    """The encoded words of a line, each decoded as a whole; None if there are too many."""
    return _layers(line, _decoded_words)


def stretches_decoded(line: str) -> list[Part] | None:
    """Every readable text decoded from a stretch of the line; None if there are too many."""
    return _layers(line, _decoded)


def _layers(line: str, decode: Callable[[str], Iterator[tuple[str, Range]]]) -> list[Part] | None:
    found: list[Part] = []
    layer: list[Part] = [(line, None)]
    for _ in range(MOST_LAYERS):
        layer = [
            (unescaped(inner), place or at) for text, place in layer for inner, at in decode(text)
        ]
        found += layer
        if sum(len(text) for text, _ in found) > MOST_CHARACTERS:
            return None
    return found


def _decoded_words(text: str) -> Iterator[tuple[str, Range]]:
    for pattern, decode in _WHOLE:
        for match in pattern.finditer(text):
            yield decode(match[0]), match.span()


def _decoded(text: str) -> Iterator[tuple[str, Range]]:
    for code in _CODES:
        yield from code.stretches(text)
    for decoded, place in _decoded_words(text):
        if len(decoded) >= SHORTEST_DECODED:
            yield decoded, place
