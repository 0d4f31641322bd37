"""Searches for the worst answers: mutates towards the highest CPU time for reading one."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from tests.hostile.heartbeat import Heartbeat, at_best
from tests.hostile.recipes import Mutation, Recipe
from tests.hostile.seeds import LINES
from tests.hostile.sides import ALL_SIDES, Side
from tests.http.wire import elsewhere

KEPT = 24
"""This many of the worst have descendants."""
PATIENCE = 300
"""After this many failed tries, the search restarts with other changes of its seeds."""
MOST_SECONDS = 30.0


@dataclass(frozen=True)
class Cost:
    """The cost of reading answers."""

    cpu_seconds: float
    late_seconds: float
    """The longest delay of a beat of the event loop."""


@dataclass
class Sayer:
    """A server in a thread that gives every call the same answer."""

    saying: bytes = b""
    thread_id: int = 0
    url: str = field(default="", repr=False)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.thread_id = threading.get_ident()
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.saying)
            await writer.drain()

    def cpu_seconds(self) -> float:
        """The CPU time used by this thread."""
        clock = time.pthread_getcpuclockid(self.thread_id) if self.thread_id else None
        return time.clock_gettime(clock) if clock is not None else 0.0


async def cost(sayer: Sayer, side: Side, saying: bytes, calls_at_once: int = 1) -> Cost:
    """The cost of this many concurrent calls that get this answer."""
    sayer.saying = saying
    read = side.reader(calls_at_once)
    began = time.process_time() - sayer.cpu_seconds()
    async with Heartbeat() as heart:
        calls = asyncio.gather(*(read(sayer.url) for _ in range(calls_at_once)))
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(calls, MOST_SECONDS)
    cpu_seconds = time.process_time() - sayer.cpu_seconds() - began
    await read.aclose()
    return Cost(cpu_seconds, heart.latest)


@dataclass
class Search:
    """A search on one side."""

    side: Side
    dice: random.Random
    sayer: Sayer
    tries: int = 0
    worst: list[tuple[float, Recipe]] = field(default_factory=list)
    """The CPU seconds of the worst answers so far, the worst first."""
    _pool: list[tuple[float, Recipe]] = field(default_factory=list)
    _in_vain: int = 0

    def __post_init__(self) -> None:
        self._mutation = Mutation(self.dice, self.side.words, LINES)

    async def step(self) -> None:
        """Try one more answer."""
        self.tries += 1
        recipe = self._next()
        seconds = await self._cpu_seconds(recipe)
        if len(self._pool) == KEPT and seconds > self._pool[-1][0]:
            # A single measurement may be chance.
            seconds = min(seconds, await self._cpu_seconds(recipe))
        before = [each for _, each in self._pool]
        self._pool = _kept([*self._pool, (seconds, recipe)])
        self.worst = _kept([*self.worst, (seconds, recipe)])
        self._in_vain = 0 if [each for _, each in self._pool] != before else self._in_vain + 1
        if self._in_vain > PATIENCE:
            self._pool, self._in_vain = [], 0

    def _next(self) -> Recipe:
        seeds = self.side.seeds
        if self.tries <= len(seeds):
            return seeds[self.tries - 1]
        parents = [recipe for _, recipe in self._pool] if len(self._pool) == KEPT else list(seeds)
        return self._mutation.of(self.dice.choice(parents), self.dice.choice(parents))

    async def _cpu_seconds(self, recipe: Recipe) -> float:
        found = await cost(self.sayer, self.side, recipe.said())
        return found.cpu_seconds


def _kept(found: list[tuple[float, Recipe]]) -> list[tuple[float, Recipe]]:
    """The most expensive of them, without duplicates."""
    costs = {recipe: seconds for seconds, recipe in found}
    ordered = sorted(costs.items(), key=lambda each: each[1], reverse=True)
    return [(seconds, recipe) for recipe, seconds in ordered[:KEPT]]


async def search(name: str, seconds: float, most_tries: int, dice: random.Random) -> Search:
    """Try the seeds of one side, and search for this long, or until this many were tried."""
    sayer = Sayer()
    with elsewhere(sayer) as sayer.url:
        found = Search(ALL_SIDES[name], dice, sayer)
        for _ in found.side.seeds:
            await found.step()
        ends_at = time.monotonic() + seconds
        while found.tries < most_tries and time.monotonic() < ends_at:
            await found.step()
    return found


async def lateness(name: str, saying: bytes) -> float:
    """The smallest delay of the loop while all calls at once got this answer."""
    side, sayer = ALL_SIDES[name], Sayer()

    async def once() -> float:
        return (await cost(sayer, side, saying, side.calls_at_once)).late_seconds

    with elsewhere(sayer) as sayer.url:
        return await at_best(once)
