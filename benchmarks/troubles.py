"""Troubles: failing answers, repeatedly failing requests, and memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from benchmarks.bench import ALL, BY_CPU, BY_RUNNER, LOOKUPS, OFF, Bench, label
from benchmarks.figures import Row, Sample, Section, Verdict, percentile
from benchmarks.world import APPROVE_ONLY, REST, ZUORA, World, latency, settled
from sandbox.faults import Respond

MEGABYTE = 1024 * 1024
PACE = 15.0


async def faults(bench: Bench) -> Section:
    """One in five of Connect's answers is a 502."""
    section = Section(
        "faults",
        "One in five of Connect's answers is a 502",
        f"One instance with lookups, {PACE:g} requests a second. Latencies are of healthy requests"
        " only, those whose handler met no 502. In the last row the runner's own reads meet them"
        " too: after each, its client blocks the whole process for a second, and no handler can"
        " prevent that.",
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
    """Twenty requests whose approval fails three times, alongside eighty healthy ones."""
    section = Section(
        "sick",
        "Twenty requests whose approval fails three times with a 502, and eighty healthy ones",
        "All hundred at once, one instance, vendor rest.",
    )
    kinds = [(REST, LOOKUPS), (REST, OFF)]
    worlds = await bench.worlds(*kinds)
    slowest: dict[World, list[float]] = {world: [] for world in worlds}
    rows = [Row(label(*kinds[0]), "the pauses between tries"), Row(label(*kinds[1]), BY_RUNNER)]
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
    """The worker's memory after 2,000 tasks, and its growth in the last 1,000 of 5,000."""
    section = Section(
        "memory",
        "Memory of the worker process",
        "With all, no latency, in bursts of 250; the tasks of earlier sections count.",
    )
    kinds = [(handler, ALL) for handler in (APPROVE_ONLY, REST, ZUORA)]
    worlds = await bench.worlds(*kinds)
    for kind, world in zip(kinds, worlds, strict=True):
        row = Row(label(*kind), BY_CPU)
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
