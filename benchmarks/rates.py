"""Tasks per second: the cost of the handlers, the marks and the runner's speeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from benchmarks.bench import (
    ALL,
    BY_BOTH,
    BY_CALLS,
    BY_CPU,
    BY_READS,
    BY_RUNNER,
    BY_WAITING,
    LOOKUPS,
    OFF,
    SPEEDS,
    Bench,
    Kind,
    Measurement,
    at_least,
    burst,
    label,
)
from benchmarks.figures import Row, Sample, Section, Verdict, ratio
from benchmarks.world import (
    APPROVE_ONLY,
    ORDERS,
    ORDERS_WITHOUT_PREVIEW,
    REPEATABLE,
    REST,
    ZUORA,
    ZUORA_WITHOUT_PREVIEW,
    World,
)

SEED = "the seed document's way"
# Calls to the vendor and to Connect for each cancellation. A mark takes two calls to Connect: it is
# written, and all are read back. The note with a preview's amounts is one more.
CALLS = {
    REPEATABLE: (2, 1),
    REST: (2, 3),
    ZUORA_WITHOUT_PREVIEW: (2, 3),
    # Its preview has no currency; one more call asks the account for it.
    ZUORA: (4, 4),
    ORDERS_WITHOUT_PREVIEW: (2, 3),
    ORDERS: (3, 4),
}


async def throughput(bench: Bench) -> Section:
    """No latency: the processor time of the handlers and speeds."""
    section = Section(
        "throughput",
        "No latency",
        "One instance; all requests arrive at once, so most of a latency is the wait for the"
        " requests before it. Zuora's preview is a call to the vendor, and the note with its"
        " amounts is a call to Connect.",
    )
    handlers = (APPROVE_ONLY, REPEATABLE, REST, ZUORA)
    kinds = [(handler, speed) for speed in SPEEDS for handler in handlers]
    kinds += [(each, LOOKUPS) for each in (ZUORA_WITHOUT_PREVIEW, ORDERS, ORDERS_WITHOUT_PREVIEW)]
    worlds = await bench.worlds(*kinds)
    rows = {kind: Row(label(*kind), BY_RUNNER if kind[1] == OFF else BY_CPU) for kind in kinds}
    section.rows += rows.values()
    counts = {OFF: bench.count(70), LOOKUPS: bench.count(250), ALL: bench.count(250)}
    measurements = {
        kind: (rows[kind], burst(world, counts[kind[1]]))
        for kind, world in zip(kinds, worlds, strict=True)
    }
    # The verdicts compare these, so they are measured twice in each round.
    again = [measurements[handler, OFF] for handler in (APPROVE_ONLY, REPEATABLE, REST)]
    again += [
        measurements[handler, speed] for speed in (LOOKUPS, ALL) for handler in (REPEATABLE, REST)
    ]
    await bench.measure([*measurements.values(), *again])
    section.lines.append(_against_the_least(rows))
    section.verdicts += [*_speeds(rows), *_cpu(rows), *_marks(rows), *_calls(rows)]
    return section


def _against_the_least(rows: dict[Kind, Row]) -> str:
    """Compare the rate with marks to the approve-only handler, without speed-ups."""
    found = ratio(rows[REST, OFF], rows[APPROVE_ONLY, OFF])
    return (
        f"With marks and with the speed off ({REST}: three calls to Connect), the extension has"
        f" {found:.2f} times the tasks a second of the handler that only approves (one call)."
    )


def _speeds(rows: dict[Kind, Row]) -> list[Verdict]:
    plain = rows[APPROVE_ONLY, OFF]
    fair = (
        "the tasks a second of the handler that only approves, both off, both with one call to"
        f" Connect ({REPEATABLE})"
    )
    return [
        at_least(0.9, fair, rows[REPEATABLE, OFF], plain),
        at_least(
            4,
            "the plain runner with lookups (handler: approve only)",
            rows[APPROVE_ONLY, LOOKUPS],
            plain,
        ),
        at_least(
            3,
            "the plain runner with lookups (handler: the extension)",
            rows[REST, LOOKUPS],
            rows[REST, OFF],
        ),
        at_least(3, "the plain runner as installed (all, with marks)", rows[REST, ALL], plain),
        at_least(0.95, "lookups, with all (with marks)", rows[REST, ALL], rows[REST, LOOKUPS]),
    ]


def _cpu(rows: dict[Kind, Row]) -> list[Verdict]:
    """The worker's time for a task; the plain runner's time shows the speed of the machine."""
    plain = rows[APPROVE_ONLY, OFF].median_of("cpu_ms") or 0.0
    verdicts = []
    for handler, most in ((REST, 6.0), (REPEATABLE, 4.5)):
        found = rows[handler, ALL].median_of("cpu_ms") or 0.0
        what = f"At most {most:g} ms of the worker's CPU for a task as installed ({handler})"
        says = f"{found:.1f} ms (the plain runner, off: {plain:.1f} ms)"
        verdicts.append(Verdict(what, says, found <= most))
    return verdicts


def _marks(rows: dict[Kind, Row]) -> list[Verdict]:
    """The cost of marks: a vendor with repeatable cancellations needs none."""
    what = "the tasks a second without marks, with marks (vendor rest)"
    return [
        at_least(0.7, f"{what}, {speed}", rows[REST, speed], rows[REPEATABLE, speed])
        for speed in (LOOKUPS, ALL)
    ]


def _calls(rows: dict[Kind, Row]) -> list[Verdict]:
    """The calls to the vendor and to Connect for each cancellation, in steady state."""
    verdicts = []
    for handler, calls in CALLS.items():
        row = rows[handler, LOOKUPS]
        found = row.median_of("vendor_calls"), row.median_of("own_connect_calls")
        what = f"For each cancellation {handler} makes {_counted(*calls)}"
        verdicts.append(Verdict(what, _counted(*found), found == calls))
    return verdicts


def _counted(vendor: float | None, connect: float | None) -> str:
    return f"{vendor:g} calls to the vendor and {connect:g} to Connect"


async def latency_50(bench: Bench) -> Section:
    """50 ms on Connect and the vendor, compared with the seed document's way."""
    section = Section(
        "latency-50",
        "50 ms of latency on Connect and on the vendor",
        "One instance; the seed document's way works through 300 pending requests, and so does the"
        " extension with all.",
    )
    kinds = [(APPROVE_ONLY, OFF), *((REST, speed) for speed in SPEEDS), (REPEATABLE, ALL)]
    kinds += [(ZUORA, ALL), (ORDERS, ALL)]
    counts = [30, 30, 50, 300, 300, 200, 200]
    rows, measurements = await _with_latency(bench, 0.05, BY_CPU, kinds, counts)
    section.rows += rows
    seed, seeds = Row(SEED, BY_CALLS), await bench.seed_world()
    seeds.set_latency(0.05)
    section.rows.append(seed)
    await bench.measure([*measurements, (seed, lambda: seeds.seed_way(bench.count(300)))])
    plain, everything = rows[0], rows[3]
    section.verdicts += [
        at_least(12, "the plain runner as installed, one instance, 50 ms", everything, plain),
        at_least(5, "the seed document's way as installed, one instance, 50 ms", everything, seed),
    ]
    return section


async def latency_200(bench: Bench) -> Section:
    """200 ms on Connect and the vendor."""
    section = Section(
        "latency-200", "200 ms of latency on Connect and on the vendor", "One instance."
    )
    kinds = [*((REST, speed) for speed in SPEEDS), (ZUORA, ALL)]
    rows, measurements = await _with_latency(bench, 0.2, BY_WAITING, kinds, [12, 14, 200, 150])
    section.rows += rows
    await bench.measure(measurements)
    return section


async def _with_latency(
    bench: Bench, seconds: float, by_all: str, kinds: list[Kind], counts: list[int]
) -> tuple[list[Row], list[Measurement]]:
    worlds = await bench.worlds(*kinds)
    bounds = {OFF: BY_BOTH, LOOKUPS: BY_READS, ALL: by_all}
    rows = [Row(label(*kind), bounds[kind[1]]) for kind in kinds]

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


async def lone(bench: Bench) -> Section:
    """One request at a time: how long a customer waits."""
    section = Section(
        "lone",
        "One request at a time",
        "One instance, no latency, a request every 1.3 seconds. The runner looks for results to"
        " send twice a second, which is most of the time.",
    )
    kinds = [(APPROVE_ONLY, OFF), (REST, OFF), (REST, ALL)]
    worlds = await bench.worlds(*kinds)
    section.rows += [Row(label(*kind), "the runner's pause between results") for kind in kinds]

    def steady(world: World) -> Callable[[], Awaitable[Sample]]:
        return lambda: world.paced(bench.count(30), 1 / 1.3)

    pairs = zip(section.rows, worlds, strict=True)
    await bench.measure([(row, steady(world)) for row, world in pairs])
    off, everything = (row.median_seconds or 0.0 for row in section.rows[1:])
    section.verdicts.append(
        Verdict(
            "A lone request takes no longer as installed than with off (10 % for noise)",
            f"{everything:.3f} s against {off:.3f} s",
            everything <= 1.1 * off,
        )
    )
    return section


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
            row = Row(f"{label(REST, speed)}, {_instances(number)}", bound)
            section.rows.append(row)
            measurements.append((row, of(world, number, bench.count(count))))
    await bench.measure(measurements)
    return section


def _instances(number: int) -> str:
    return "1 instance" if number == 1 else f"{number} instances"


def _bound_of_all(number: int) -> str:
    return BY_CPU if number == 1 else "the cores, which the sandbox shares"
