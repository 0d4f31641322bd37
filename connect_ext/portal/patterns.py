"""Patterns that an operator writes, and that are matched against customers' texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import factorial

MAX_PATTERN_CHARACTERS = 500
MAX_TEXT_CHARACTERS = 255
"""The longest text that is matched; no vendor's id is longer."""

MAX_WAYS = 5e6
"""This many ways to match are tried within a tenth of a second."""

_FEW = 10
_AMBIGUOUS_SET = re.compile(r"\[|--|&&|~~|\|\|")
_PIECE = re.compile(
    r"""(?P<set>\[\^?\]?(?:\\.|[^\\\]])*\])
    | (?P<open>\((?:\?:)?(?!\?))
    | (?P<close>\))
    | (?P<repeat>(?:[*+?]|\{(?P<least>\d{0,3})(?P<comma>,(?P<most>\d{0,3}))?\})\??)
    | (?P<either>\|)
    | (?P<atom>\\\D|[^\\\[\]()*+?|])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass
class _Ways:
    """An upper bound on the ways in which a pattern can match a text."""

    few: float = 1.0
    """The product of the small choices."""
    open_repeats: int = 0

    def count(self) -> float:
        """The bound; repeats share the text's characters among them."""
        shares: float = MAX_TEXT_CHARACTERS**self.open_repeats
        return self.few * shares / factorial(self.open_repeats)


@dataclass
class _Reader:
    """Reads a pattern piece by piece."""

    ways: _Ways = field(default_factory=_Ways)
    varies: list[bool] = field(default_factory=lambda: [False])
    """Whether each open group, beginning with the whole pattern, can match in several ways."""
    last: str = ""
    last_varies: bool = False

    def read(self, piece: re.Match[str]) -> str:
        """Read one piece; returns the pattern's problem, or an empty text."""
        kind, problem = str(piece.lastgroup), ""
        if kind == "repeat":
            problem = self._repeat(piece)
        elif kind == "set" and _AMBIGUOUS_SET.search(piece[0][1:]):
            problem = "has a set that a later Python may read differently"
        elif kind == "open":
            self.varies.append(False)
        elif kind == "close" and len(self.varies) > 1:
            self.last_varies = self.varies.pop()
            self.varies[-1] |= self.last_varies
        elif kind == "either":
            self.varies[-1] = True
            self.ways.few *= 2
        self.last = kind
        return problem

    def _repeat(self, piece: re.Match[str]) -> str:
        least, most = _bounds(piece)
        if self.last == "repeat":
            return "repeats a repetition"
        if self.last == "close" and self.last_varies and most > 1:
            return "repeats a group that can match in more than one way"
        if most - least > _FEW:
            self.ways.open_repeats += 1
        else:
            self.ways.few *= most - least + 1
        self.varies[-1] |= most > least
        return ""


def problem_of_pattern(pattern: str) -> str:
    """The problem of a pattern, as the end of a sentence, or an empty text.

    Python's engine backtracks: on some texts, a pattern such as ``(a+)+`` takes for ever and blocks
    the event loop. So a pattern passes only if the number of ways to match a text of
    ``MAX_TEXT_CHARACTERS`` is bounded.
    """
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        return f"is longer than {MAX_PATTERN_CHARACTERS} characters"
    reader, position = _Reader(), 0
    while position < len(pattern):
        piece = _PIECE.match(pattern, position)
        if piece is None:
            return "uses more than sets, repeats, plain groups and alternatives"
        problem = reader.read(piece)
        if problem:
            return problem
        position = piece.end()
    if reader.ways.count() > MAX_WAYS:
        return "has too many repetitions of no fixed length"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return "is not a regular expression"
    return ""


def _bounds(piece: re.Match[str]) -> tuple[int, int]:
    """The least and the most times of a repeat; the longest text's length if it is unbounded."""
    sign = piece["repeat"][0]
    if sign != "{":
        return int(sign == "+"), 1 if sign == "?" else MAX_TEXT_CHARACTERS
    least = int(piece["least"] or 0)
    if not piece["comma"]:
        return least, least
    return least, max(least, int(piece["most"] or MAX_TEXT_CHARACTERS))
