"""Killed runs and concurrent runs end like a single complete run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from sandbox.connect import TaskStatus
from sandbox.faults import FaultPlan, Kill
from tests.reconcile.planting import Past, past
from tests.reconcile.running import FAST, Command, ended
from tests.reconcile.sorts import (
    LOST_ON_THE_WAY,
    SETTLED,
    STEADY_SORTS,
    Planted,
    Sort,
    Task,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LOST = [sort for sort in STEADY_SORTS if sort in LOST_ON_THE_WAY]
NOT_LOST = [sort for sort in STEADY_SORTS if sort not in LOST_ON_THE_WAY]

LATENCY_SECONDS = 0.05
"""The seconds of each call to the vendor, for events that must happen during a run."""


@dataclass(frozen=True)
class Place:
    """The call where a run is killed, and whether its work is done."""

    server: Callable[[Past], FaultPlan]
    path: str
    number: int
    after_work: bool


def connect(past: Past) -> FaultPlan:
    return past.connect.faults


def vendor(past: Past) -> FaultPlan:
    return past.sandbox.vendor.faults


def zuora(past: Past) -> FaultPlan:
    return past.sandbox.zuora_orders.faults


PLACES = (
    Place(connect, "/messages$", 3, after_work=False),
    Place(connect, "/messages$", 3, after_work=True),
    Place(vendor, "/cancel$", 3, after_work=False),
    Place(vendor, "/cancel$", 3, after_work=True),
    Place(zuora, "/orders$", 1, after_work=True),
    Place(connect, "/approve$", 2, after_work=False),
    Place(connect, "/approve$", 2, after_work=True),
    Place(connect, "/fail$", 1, after_work=False),
    Place(vendor, "/undo_cancellation$", 1, after_work=True),
    Place(connect, "/confirm$", 1, after_work=False),
)


async def killed_at(place: Place, planted: Past, command: Command) -> None:
    """A run that ends at this point."""
    calls, process = count(1), None

    async def kill() -> None:
        process.kill()
        await process.wait()

    fault = Kill(kill, after_work=place.after_work)
    rule = place.server(planted).add(
        "POST", place.path, fault, times=1, predicate=lambda *_: next(calls) == place.number
    )
    process = await command.begin("--json", *FAST)
    assert (await ended(process)).status < 0, f"it was over before {place}"
    assert rule.hits == 1
    await planted.marks_of_the_dead_are_old()


def is_never_refused(sort: Sort) -> bool:
    """A refusal after a kill may be for a second attempt; a person must decide its meaning."""
    return sort.name not in ("refused", "to be held for a refusal")


async def test_however_often_a_run_is_killed_the_last_one_ends_the_same(tmp_path):
    async with past() as planted:
        planted.plant(filter(is_never_refused, NOT_LOST), 1)
        command = Command(planted.sandbox, tmp_path)
        for place in PLACES:
            planted.plant(filter(is_never_refused, LOST), 1)
            await killed_at(place, planted, command)
        ran = await command.run("--json", *FAST)
        assert planted.ends() == planted.right_ends()
        assert ran.for_a_person() == planted.for_a_person()


async def test_two_runs_and_two_instances_on_the_same_requests_cancel_each_once(tmp_path):
    async with past(countdown_scale=0.01) as planted:
        lost = planted.plant(LOST, 4)
        planted.plant([sort for sort in NOT_LOST if sort.task is not Task.ALIVE], 1)
        await asyncio.gather(*(planted.sandbox.start_runner() for _ in range(2)))
        planted.sandbox.vendor.faults.latency = LATENCY_SECONDS
        command = Command(planted.sandbox, tmp_path)
        runs = [asyncio.create_task(command.run("--json", *FAST)) for _ in range(2)]
        while not planted.sandbox.vendor.calls:
            await asyncio.sleep(0.01)
        bring_back(planted, lost)
        for ran in await asyncio.gather(*runs):
            assert ran.for_a_person() == planted.for_a_person()
        for each in lost:
            await planted.connect.tasks_settled(each.id)
        assert planted.ends() == planted.right_ends()
        approvals = planted.connect.calls.matching("POST", "/approve$")
        assert {call.task_id is None for call in approvals} == {True, False}
        await asyncio.gather(*(runner.kill() for runner in planted.sandbox.runners))


def bring_back(planted: Past, lost: Iterable[Planted]) -> None:
    """Let Connect remember their tasks and deliver all of them at once."""
    for each in lost:
        [task] = planted.connect.tasks_of(each.id)
        task.forgotten, task.status = False, TaskStatus.SCHEDULED
        planted.connect.tasks.deliver_again(task.id)


# Resumed.


async def interrupted(planted: Past, command: Command, journal: Path, done: int) -> None:
    """A run that is killed after this much work."""
    planted.sandbox.vendor.faults.latency = LATENCY_SECONDS
    process = await command.begin("--json", "--resume", str(journal), *FAST)
    while lines_of(journal) <= done:
        await asyncio.sleep(0.01)
    process.kill()
    assert (await ended(process)).status < 0
    planted.sandbox.vendor.faults.latency = 0.0


def lines_of(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def done_in(journal: Path) -> set[str]:
    lines = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    return {line["id"] for line in lines}


async def test_a_run_resumes_where_it_was_interrupted_and_ends_like_a_complete_one(tmp_path):
    journal = tmp_path / "journal"
    async with past() as planted:
        planted.plant(filter(is_never_refused, STEADY_SORTS), 2)
        command = Command(planted.sandbox, tmp_path)
        await interrupted(planted, command, journal, done=25)
        done = done_in(journal)
        # The last line is cut off, as after a full disk or a kill.
        with journal.open("ab") as file:
            file.write(b'{"id": "PR-1')
        await planted.marks_of_the_dead_are_old()
        before = len(planted.connect.calls.calls)
        ran = await command.run("--json", "--resume", str(journal), *FAST)
        again = {call.path.split("/")[-1] for call in planted.connect.calls.calls[before:]}
        assert len(done) >= 25
        assert again & done == set()
        assert planted.ends() == planted.right_ends()
        assert ran.for_a_person() == planted.for_a_person()
        assert ran.findings(SETTLED) >= {
            each for each in planted.findings(SETTLED) if each[0] in done
        }
        assert not journal.exists()


async def test_the_journal_of_another_run_is_refused_and_kept(tmp_path):
    journal = tmp_path / "journal"
    async with past() as planted:
        planted.plant(STEADY_SORTS, 1)
        command = Command(planted.sandbox, tmp_path)
        await interrupted(planted, command, journal, done=3)
        kept, before = journal.read_bytes(), len(planted.connect.calls.calls)
        for options in (("--days", "5"), ("--product", "PRD-500-000-000")):
            ran = await command.run("--resume", str(journal), *options)
            assert (ran.status, ran.out) == (2, "")
            said = "is from a run with other options: delete it to start over.\n"
            assert ran.err == f"{journal} {said}"
        assert journal.read_bytes() == kept
        assert len(planted.connect.calls.calls) == before
