"""Recipes for answers: runs of pieces that a search can change at random."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connect_ext.http.bodies import MAX_ANSWER_BYTES

MOST_RUNS, MOST_PIECE_BYTES, MOST_TIMES = 8, 200, 4_000_000
MOST_HEAD_LINES = 120
STATUSES = (200, 200, 200, 400, 401, 404, 409, 422, 429, 500, 503)
CHUNKS = (0, 0, 0, 1, 7, 100, 5000)
"""Bytes in a chunk; 0: the answer has a length instead."""


@dataclass(frozen=True)
class Run:
    """A piece and how often it is repeated."""

    piece: bytes
    times: int = 1

    def __len__(self) -> int:
        return len(self.piece) * self.times


@dataclass(frozen=True)
class Recipe:
    """An answer: its status, one more header line and its count, and its body."""

    body: tuple[Run, ...]
    status: int = 200
    line: Run = Run(b"X-Nothing: 1")
    chunk: int = 0

    def said(self) -> bytes:
        """The whole exchange; if the body is too long, its longest run is shortened."""
        return b"HTTP/1.1 %d X\r\nContent-Type: text/xml\r\n%s" % (
            self.status,
            (self.line.piece + b"\r\n") * self.line.times + self._framed(),
        )

    def _framed(self) -> bytes:
        body = b"".join(run.piece * run.times for run in fitting(self.body, MAX_ANSWER_BYTES))
        if not self.chunk:
            return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        parts = (body[at : at + self.chunk] for at in range(0, len(body), self.chunk))
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        return b"Transfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % chunks


def fitting(runs: Sequence[Run], most_bytes: int) -> tuple[Run, ...]:
    """The runs, the longest of them with as many pieces as fit."""
    longest = max(range(len(runs)), key=lambda place: len(runs[place]))
    room = most_bytes - sum(map(len, runs)) + len(runs[longest])
    times = max(0, min(runs[longest].times, room // max(1, len(runs[longest].piece))))
    return (*runs[:longest], replace(runs[longest], times=times), *runs[longest + 1 :])


class Mutation:
    """Changes recipes at random."""

    def __init__(self, dice: random.Random, words: Sequence[bytes], lines: Sequence[bytes]) -> None:
        """``words`` make up the pieces of a body, ``lines`` those of a head."""
        self._dice, self._words, self._lines = dice, words, lines

    def of(self, recipe: Recipe, other: Recipe) -> Recipe:
        """The recipe with one to four changes; some take a part from the other recipe."""
        for _ in range(self._dice.randint(1, 4)):
            recipe = self._changed(recipe, other)
        return recipe

    def _changed(self, recipe: Recipe, other: Recipe) -> Recipe:
        dice = self._dice
        match dice.randrange(12):
            case 0:
                return replace(recipe, status=dice.choice(STATUSES))
            case 1:
                return replace(recipe, chunk=dice.choice(CHUNKS))
            case 2:
                return replace(recipe, line=self._line(recipe.line))
            case 3:
                return replace(recipe, line=other.line)
            case 4:
                start = dice.randrange(len(other.body))
                runs = (*recipe.body[: dice.randrange(len(recipe.body))], *other.body[start:])
                return replace(recipe, body=runs[:MOST_RUNS])
            case 5 | 6:
                return replace(recipe, body=self._with_another_order(recipe.body))
            case _:
                place = dice.randrange(len(recipe.body))
                changed = self._run(recipe.body[place], self._words)
                body = (*recipe.body[:place], changed, *recipe.body[place + 1 :])
                return replace(recipe, body=body)

    def _with_another_order(self, body: tuple[Run, ...]) -> tuple[Run, ...]:
        """The runs with one added, removed or moved."""
        runs, place = list(body), self._dice.randrange(len(body))
        moved = runs.pop(place) if len(runs) > 1 and self._dice.random() < 0.5 else None
        if moved is None or self._dice.random() < 0.5:
            new = moved or self._run(Run(self._dice.choice(self._words)), self._words)
            runs.insert(self._dice.randint(0, len(runs)), new)
        return tuple(runs[:MOST_RUNS])

    def _line(self, line: Run) -> Run:
        if self._dice.random() < 0.2:
            return Run(self._dice.choice(self._lines))
        name, _, value = line.piece.partition(b": ")
        grown = self._run(Run(value, line.times), self._lines)
        grown = replace(grown, piece=grown.piece * self._dice.choice((1, 1, 10, 100)))
        return Run(name + b": " + grown.piece[:30_000].strip(), min(grown.times, MOST_HEAD_LINES))

    def _run(self, run: Run, words: Sequence[bytes]) -> Run:
        dice, piece = self._dice, run.piece
        match dice.randrange(5):
            case 0:
                at = dice.randint(0, len(piece))
                piece = piece[:at] + dice.choice(words) + piece[at:]
            case 1:
                start = dice.randint(0, len(piece))
                piece = piece[:start] + piece[dice.randint(start, len(piece)) :]
            case 2:
                piece = dice.choice(words) + dice.choice(words)
            case 3:
                return replace(run, times=round(2 ** dice.uniform(0, 22)))
            case _:
                factor = dice.choice((0.5, 0.9, 1.1, 2, 4))
                return replace(run, times=max(1, min(MOST_TIMES, round(run.times * factor))))
        return replace(run, piece=piece[:MOST_PIECE_BYTES] or dice.choice(words))
