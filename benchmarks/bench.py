"""A run of the benchmarks: its worlds and rounds, and texts that its sections share."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environment import make_environment
from benchmarks.figures import Row, Sample, Verdict, ratio
from benchmarks.world import REST, World

OFF, LOOKUPS, ALL = SPEEDS = ("off", "lookups", "all")

BY_RUNNER = "the runner looking its application up in the packages' metadata, on one core"
BY_CPU = "Python on one core"
BY_READS = "the runner's two reads of Connect before it takes the next task"
BY_BOTH = "the runner's look-ups and its two reads of Connect before it takes the next task"
BY_WAITING = "the number of concurrent calls: 32 to Connect, 20 to the vendor"
BY_CALLS = "three calls, one after the other, for each request"

Kind = tuple[str, str]
"""A handler and a speed."""
Measurement = tuple[Row, Callable[[], Awaitable[Sample]]]


@dataclass
class Bench:
    """The worlds of a run; each is made on first use and kept.

    `scale` shortens the loads, for a quick look.
    """

    rounds: int = 3
    scale: float = 1.0
    _worlds: dict[Kind, World] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _interpreter: Path = Path(sys.executable)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        """Make the runners' environment; close every world at the end."""
        with TemporaryDirectory() as directory:
            self._interpreter = make_environment(Path(directory) / "environment")
            async with self._stack:
                yield self

    async def worlds(self, *kinds: Kind, instances: int = 1) -> list[World]:
        """The worlds for these handlers and speeds, each with this number of instances."""
        for kind in kinds:
            if kind not in self._worlds:
                world = World(*kind, interpreter=self._interpreter)
                self._worlds[kind] = await self._stack.enter_async_context(world)
        found = [self._worlds[kind] for kind in kinds]
        await asyncio.gather(*(world.start_runners(instances) for world in found))
        return found

    async def seed_world(self) -> World:
        """A world without a runner."""
        return await self._stack.enter_async_context(World(REST))

    def count(self, tasks: int) -> int:
        """This number of tasks, or fewer for a quick look."""
        return max(10, int(tasks * self.scale))

    async def measure(self, measurements: list[Measurement]) -> None:
        """Take the measurements in turn, once per round."""
        for _ in range(self.rounds):
            for row, measurement in measurements:
                row.samples.append(await measurement())


def label(handler: str, speed: str) -> str:
    """The name of a row."""
    return f"{handler}, {speed}"


def burst(world: World, count: int) -> Callable[[], Awaitable[Sample]]:
    """Measure this number of requests at once."""
    return lambda: world.burst(count)


def at_least(factor: float, what: str, one: Row, other: Row) -> Verdict:
    """The verdict on whether one row has at least a multiple of the other's tasks a second."""
    found = ratio(one, other)
    return Verdict(f"At least {factor:g} times {what}", f"{found:.2f}", found >= factor)
