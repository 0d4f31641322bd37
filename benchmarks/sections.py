"""What is measured with runners, in sections whose rows are measured in turn, round after round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.figures import Row, Sample, Section, Verdict, percentile, ratio
from benchmarks.world import (
    APPROVE_ONLY,
    REST,
    ZUORA,
    ZUORA_WITHOUT_PREVIEW,
    World,
    latency,
    settled,
)
from sandbox.faults import Respond

OFF, LOOKUPS, ALL = SPEEDS = ("off", "lookups", "all")
MEGABYTE = 1024 * 1024
SEED = "the seed document's way"
PACE = 15.0

BY_RUNNER = "the runner looking its application up in the packages' metadata, on one core"
BY_CPU = "Python on one core: httpx, and the runner"
BY_READS = "the runner's two reads of Connect before it takes the next task"
BY_BOTH = "the runner's look-ups and its two reads of Connect before it takes the next task"
BY_WAITING = "how many calls wait at once: 32 for Connect, 20 for the vendor"
BY_CALLS = "three calls, one after the other, for each request"


@dataclass
class Bench:
    """The worlds of a run; each is made when it is first asked for, and kept.

    `scale` shortens the loads, for a quick look.
    """

    rounds: int = 3
    scale: float = 1.0
    _worlds: dict[tuple[str, str], World] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        """Close every world in the end."""
        async with self._stack:
            yield self

    async def worlds(self, *kinds: tuple[str, str], instances: int = 1) -> list[World]:
        """The worlds of these handlers and speeds, with so many instances each."""
        for kind in kinds:
            if kind not in self._worlds:
                world = World(*kind)
                self._worlds[kind] = await self._stack.enter_async_context(world)
        found = [self._worlds[kind] for kind in kinds]
        await asyncio.gather(*(world.start_runners(instances) for world in found))
        return found

    async def seed_world(self) -> World:
        """A world without a runner."""
        return await self._stack.enter_async_context(World(REST))

    def count(self, tasks: int) -> int:
        """So many tasks, or fewer for a quick look."""
        return max(10, int(tasks * self.scale))

    async def measure(
        self, measurements: list[tuple[Row, Callable[[], Awaitable[Sample]]]]
    ) -> None:
        """Take the measurements in turn, so often as there are rounds."""
        for _ in range(self.rounds):
            for row, measurement in measurements:
                row.samples.append(await measurement())


# Tasks a second


async def throughput(bench: Bench) -> Section:
    """No latency: what the handlers and the speeds cost themselves."""
    section = Section(
        "throughput",
        "No latency",
        "One instance; all requests are there at once, so that the latency of most is the wait for"
        " those before them. Zuora's preview is a call to the vendor, and the note with its amounts"
        " is one to Connect.",
    )
    kinds = [(handler, speed) for speed in SPEEDS for handler in (APPROVE_ONLY, REST, ZUORA)]
    kinds.append((ZUORA_WITHOUT_PREVIEW, LOOKUPS))
    worlds = await bench.worlds(*kinds)
    rows = {kind: Row(_label(*kind), BY_RUNNER if kind[1] == OFF else BY_CPU) for kind in kinds}
    section.rows += rows.values()
    counts = {OFF: bench.count(70), LOOKUPS: bench.count(250), ALL: bench.count(250)}
    measurements = {
        kind: (rows[kind], _burst(world, counts[kind[1]]))
        for kind, world in zip(kinds, worlds, strict=True)
    }
    # These two differ by little, so that they are measured twice in each round.
    again = [measurements[APPROVE_ONLY, OFF], measurements[REST, OFF]]
    await bench.measure([*measurements.values(), *again])
    plain, rest = rows[APPROVE_ONLY, OFF], rows[REST, OFF]
    section.verdicts += [
        _at_least(
            0.9, "the tasks a second of the handler that only approves, both off", rest, plain
        ),
        _at_least(
            4,
            "the plain runner with lookups (handler: approve only)",
            rows[APPROVE_ONLY, LOOKUPS],
            plain,
        ),
        _at_least(
            4, "the plain runner with lookups (handler: the extension)", rows[REST, LOOKUPS], rest
        ),
        *_calls(rows),
    ]
    return section


def _calls(rows: dict[tuple[str, str], Row]) -> list[Verdict]:
    """How often the vendor and Connect are called for each cancellation, in steady state.

    With a preview, the note that shows its amounts (`ZUORA_PREVIEW`) is a call to Connect too.
    """
    verdicts = []
    for handler, calls in ((REST, (2, 1)), (ZUORA_WITHOUT_PREVIEW, (2, 1)), (ZUORA, (3, 2))):
        row = rows[handler, LOOKUPS]
        found = row.median_of("vendor_calls"), row.median_of("own_connect_calls")
        what = f"For each cancellation {handler} makes {_counted(*calls)}"
        verdicts.append(Verdict(what, _counted(*found), found == calls))
    return verdicts


def _counted(vendor: float | None, connect: float | None) -> str:
    return f"{vendor:g} calls to the vendor and {connect:g} to Connect"


async def latency_50(bench: Bench) -> Section:
    """50 ms on Connect and on the vendor, and the way of the seed document beside it."""
    section = Section(
        "latency-50",
        "50 ms of latency on Connect and on the vendor",
        "One instance; the seed document's way works through 300 pending requests, and so does the"
        " extension with all.",
    )
    kinds = [(APPROVE_ONLY, OFF), *((REST, speed) for speed in SPEEDS), (ZUORA, ALL)]
    counts = [30, 30, 50, 300, 200]
    rows, measurements = await _with_latency(bench, 0.05, BY_CPU, kinds, counts)
    section.rows += rows
    seed, seeds = Row(SEED, BY_CALLS), await bench.seed_world()
    seeds.set_latency(0.05)
    section.rows.append(seed)
    await bench.measure([*measurements, (seed, lambda: seeds.seed_way(bench.count(300)))])
    off, everything = rows[1], rows[3]
    section.verdicts += [
        _at_least(5, "the plain runner with all, one instance, 50 ms", everything, off),
        _at_least(5, "the seed document's way with all, one instance, 50 ms", everything, seed),
    ]
    return section


async def latency_200(bench: Bench) -> Section:
    """200 ms on Connect and on the vendor."""
    section = Section(
        "latency-200", "200 ms of latency on Connect and on the vendor", "One instance."
    )
    kinds = [*((REST, speed) for speed in SPEEDS), (ZUORA, ALL)]
    rows, measurements = await _with_latency(bench, 0.2, BY_WAITING, kinds, [12, 14, 200, 150])
    section.rows += rows
    await bench.measure(measurements)
    return section


async def _with_latency(
    bench: Bench, seconds: float, by_all: str, kinds: list[tuple[str, str]], counts: list[int]
) -> tuple[list[Row], list[tuple[Row, Callable[[], Awaitable[Sample]]]]]:
    worlds = await bench.worlds(*kinds)
    bounds = {OFF: BY_BOTH, LOOKUPS: BY_READS, ALL: by_all}
    rows = [Row(_label(*kind), bounds[kind[1]]) for kind in kinds]

    def slow(world: World, count: int) -> Callable[[], Awaitable[Sample]]:
        async def measure() -> Sample:
            world.set_latency(seconds)
            sample = await world.burst(count)
            world.set_latency(0)
            return sample

        return measure

    return rows, [
        (row, slow(world, bench.count(count)))
        for row, world, count in zip(rows, worlds, counts, strict=True)
    ]


async def instances(bench: Bench) -> Section:
    """One, two and four instances on one queue."""
    section = Section(
        "instances",
        "One, two and four instances on one queue, 50 ms of latency",
        "The extension with the vendor rest. The sandbox runs on the same cores.",
    )
    counts = {OFF: (24, 40, 64), LOOKUPS: (40, 60, 100), ALL: (200, 250, 250)}
    worlds = await bench.worlds(*((REST, speed) for speed in SPEEDS), instances=4)
    measurements = []

    def of(world: World, number: int, count: int) -> Callable[[], Awaitable[Sample]]:
        async def measure() -> Sample:
            world.use(number)
            world.set_latency(0.05)
            sample = await world.burst(count)
            world.set_latency(0)
            world.use(len(world.sandbox.runners))
            return sample

        return measure

    for speed, world in zip(SPEEDS, worlds, strict=True):
        for number, count in zip((1, 2, 4), counts[speed], strict=True):
            bound = {OFF: BY_BOTH, LOOKUPS: BY_READS, ALL: _bound_of_all(number)}[speed]
            row = Row(f"{_label(REST, speed)}, {number} of them", bound)
            section.rows.append(row)
            measurements.append((row, of(world, number, bench.count(count))))
    await bench.measure(measurements)
    return section


def _bound_of_all(number: int) -> str:
    return BY_CPU if number == 1 else "the cores, which the sandbox shares"


# Faults


async def faults(bench: Bench) -> Section:
    """One in five of Connect's answers is a 502."""
    section = Section(
        "faults",
        "One in five of Connect's answers is a 502",
        f"One instance with lookups, {PACE:g} requests a second. The latencies are those of"
        " healthy requests: those whose handler met no 502. In the last row the runner's own reads"
        " meet them too: after each, its client blocks the whole process for a second, which no"
        " handler can help.",
    )
    [approve, world] = await bench.worlds((APPROVE_ONLY, LOOKUPS), (REST, LOOKUPS))
    count = bench.count(100)
    by_pace = "the pace of the requests"
    plain = Row("approve only, no faults", by_pace)
    without = Row("rest, no faults", by_pace)
    faulty = Row("rest, 502 for the extension", by_pace)
    section.rows += [plain, without, faulty]
    await bench.measure(
        [
            (plain, lambda: approve.paced(count, PACE)),
            (without, lambda: world.paced(count, PACE)),
            (faulty, lambda: _paced_with_faults(world, count, own_only=True)),
        ]
    )
    everywhere = Row("rest, 502 for the runner too", "the runner's client, which sleeps")
    everywhere.samples.append(await _paced_with_faults(world, bench.count(40), own_only=False))
    section.rows.append(everywhere)
    p99, p99_without = (
        percentile([seconds for sample in row.samples for seconds in sample.latencies], 0.99)
        for row in (faulty, without)
    )
    section.verdicts.append(
        Verdict(
            "Healthy requests' p99 with one in five Connect answers a 502 is within twice that"
            " without faults",
            f"{p99:.2f} s against {p99_without:.2f} s",
            p99 <= 2 * p99_without,
        )
    )
    return section


async def _paced_with_faults(world: World, count: int, *, own_only: bool) -> Sample:
    plan = world.sandbox.connect.faults
    rule = plan.add(
        "*",
        "/public/v1/",
        Respond(502),
        probability=0.2,
        predicate=lambda request, _: not own_only or "EAAS_TASK_ID" in request.headers,
    )
    try:
        return await world.paced(count, PACE, lambda task: task.id not in world.failed_calls())
    finally:
        plan.remove(rule)


async def sick(bench: Bench) -> Section:
    """Twenty requests whose approval fails three times, among eighty healthy ones."""
    section = Section(
        "sick",
        "Twenty requests whose approve meets a 502 three times, and eighty healthy ones",
        "All hundred at once, one instance, vendor rest.",
    )
    kinds = [(REST, LOOKUPS), (REST, OFF)]
    worlds = await bench.worlds(*kinds)
    slowest: dict[World, list[float]] = {world: [] for world in worlds}
    rows = [Row(_label(*kinds[0]), "the pauses between tries"), Row(_label(*kinds[1]), BY_RUNNER)]
    section.rows += rows

    def hundred(world: World) -> Callable[[], Awaitable[Sample]]:
        async def measure() -> Sample:
            sample, healthy = await _hundred(world)
            slowest[world].append(healthy)
            return sample

        return measure

    await bench.measure([(row, hundred(world)) for row, world in zip(rows, worlds, strict=True)])
    lookups, off = (max(slowest[world]) for world in worlds)
    section.verdicts.append(
        Verdict(
            "All hundred are approved, the healthy ones within 12 seconds, in every round",
            f"the slowest healthy one after {lookups:.1f} s ({off:.1f} s with off)",
            lookups <= 12,
        )
    )
    return section


async def _hundred(world: World) -> tuple[Sample, float]:
    connect = world.sandbox.connect
    assets = world.assets(100)
    rules = [
        connect.faults.add("POST", f"/requests/PR-{asset[3:]}-.*/approve", Respond(502), times=3)
        for asset in assets[::5]
    ]
    requests = [connect.create_cancel_request(asset) for asset in assets]
    tasks = [connect.tasks_of(request)[0] for request in requests]
    await settled(tasks)
    for rule in rules:
        connect.faults.remove(rule)
    wrong = [each for each in requests if connect.status(each) != "approved"]
    if wrong or any(rule.hits != 3 for rule in rules):
        raise RuntimeError(f"{len(wrong)} requests are not approved")
    began = min(task.deliveries[0].at for task in tasks)
    ended = max(task.results[-1].at for task in tasks)
    healthy = [task for index, task in enumerate(tasks) if index % 5]
    sample = Sample(
        rate=len(tasks) / (ended - began).total_seconds(),
        latencies=tuple(latency(task) for task in healthy),
    )
    return sample, max((task.results[-1].at - began).total_seconds() for task in healthy)


# Memory


async def memory(bench: Bench) -> Section:
    """The worker's memory after 2,000 tasks, and what the last 1,000 of 5,000 add."""
    section = Section(
        "memory",
        "Memory of the worker process",
        "With lookups, no latency, in bursts of 250; tasks of the sections above count.",
    )
    kinds = [(handler, LOOKUPS) for handler in (APPROVE_ONLY, REST, ZUORA)]
    worlds = await bench.worlds(*kinds)
    for kind, world in zip(kinds, worlds, strict=True):
        row = Row(_label(*kind), BY_CPU)
        await _up_to(world, bench.count(2000), row)
        row.memory_mb = world.memory_bytes() / MEGABYTE
        section.rows.append(row)
    rest, row = worlds[1], section.rows[1]
    await _up_to(rest, bench.count(4000), row)
    before = rest.memory_bytes()
    await _up_to(rest, max(rest.done, bench.count(4000)) + bench.count(1000), row)
    added = (rest.memory_bytes() - before) / MEGABYTE
    section.verdicts.append(
        Verdict(
            "Memory is flat: the last 1,000 of 5,000 tasks add less than 2 MB",
            f"{added:+.2f} MB",
            added < 2,
        )
    )
    return section


async def _up_to(world: World, tasks: int, row: Row) -> None:
    while world.done < tasks or not row.samples:
        row.samples.append(await world.burst(min(250, max(10, tasks - world.done))))


SECTIONS: dict[str, Callable[[Bench], Awaitable[Section]]] = {
    "throughput": throughput,
    "latency-50": latency_50,
    "latency-200": latency_200,
    "faults": faults,
    "sick": sick,
    "memory": memory,
    "instances": instances,
}


def _label(handler: str, speed: str) -> str:
    return f"{handler}, {speed}"


def _burst(world: World, count: int) -> Callable[[], Awaitable[Sample]]:
    return lambda: world.burst(count)


def _at_least(factor: float, what: str, one: Row, other: Row) -> Verdict:
    found = ratio(one, other)
    return Verdict(f"At least {factor:g} times {what}", f"{found:.2f}", found >= factor)
