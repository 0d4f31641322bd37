"""The lines of metrics that the official runner's workers write until they end."""

import asyncio
import json
import os
import re
import signal
from collections import Counter

import pytest

from sandbox import Sandbox
from sandbox.faults import Delay, Respond
from tests.often import OFTEN

LINE = re.compile(r"^.* eaas\.eventsapp\.metrics INFO PID_(\d+) (.*)$", re.MULTILINE)

# Five seconds after it asked a worker to end, the master kills it, and its last line is lost.
pytestmark = pytest.mark.undisturbed


def lines(*runners):
    """The workers' process ids and the lines they wrote."""
    return [found for runner in runners for found in LINE.findall(runner.log)]


def metrics(*runners):
    return [json.loads(line)["metrics"] for _, line in lines(*runners)]


def outcomes(found):
    """The number of tasks by outcome, over all lines."""
    total = sum((Counter(each["outcomes"]) for each in found), start=Counter())
    return dict(+total)


async def ended(runner):
    """Wait until it has ended by itself."""
    while runner.running:
        await asyncio.sleep(0.05)


def ask_the_master(runner):
    """Stop it as a container platform does."""
    runner.terminate()


def ask_all_processes(runner):
    """Stop it as Ctrl-C in a terminal does."""
    os.killpg(runner.pid, signal.SIGINT)


@pytest.mark.parametrize("ask_to_end", [ask_the_master, ask_all_processes])
async def test_the_last_line_comes_when_the_runner_is_asked_to_end(ask_to_end):
    async with Sandbox(variables={"METRICS_FORMAT": "json"}) as sandbox:
        runner = await sandbox.start_runner()
        requests = [sandbox.cancel(), sandbox.cancel(), sandbox.cancel(status="draft")]
        for request_id in requests:
            await sandbox.connect.settled(request_id)
        assert lines(runner) == []
        ask_to_end(runner)
        await asyncio.wait_for(ended(runner), 30)
        [found] = metrics(runner)
        assert found["last"]
        assert outcomes([found]) == {"approved": 2, "rejected": 1}
        assert found["vendors"]["rest"]["calls"] == len(sandbox.vendor.calls)
        handled = [call for call in sandbox.connect.calls.calls if call.task_id]
        assert found["connect"]["calls"] == len(handled)


async def test_a_task_under_way_when_the_runner_ends_is_counted():
    async with Sandbox() as sandbox:
        runner = await sandbox.start_runner()
        slow = sandbox.vendor.faults.add("POST", "/subscriptions/", Delay(2))
        sandbox.cancel()
        await sandbox.connect.journal.until(lambda: slow.hits > 0, 30, "the cancellation")
        runner.terminate()
        await asyncio.wait_for(ended(runner), 30)
        [(_, line)] = lines(runner)
        assert ", the last: tasks=1 approved=1 (cancelled=1) " in line


async def test_two_instances_write_lines_whose_sums_are_all_tasks():
    variables = {"METRICS_FORMAT": "json"}
    async with Sandbox(variables=variables, countdown_scale=0.01) as sandbox:
        runners = await asyncio.gather(*(sandbox.start_runner(handler=OFTEN) for _ in range(2)))
        sandbox.vendor.faults.add("GET", "/subscriptions/", Respond(503), times=4)
        requests = [sandbox.cancel() for _ in range(20)]
        for request_id in requests:
            await sandbox.connect.settled(request_id)
        await sandbox.connect.tasks_settled(requests[-1])
        # From now on there is nothing to do, but lines keep coming.
        seen = len(lines(*runners))
        while len(lines(*runners)) < seen + 6:
            await asyncio.sleep(0.1)
        for runner in runners:
            runner.terminate()
        await asyncio.wait_for(asyncio.gather(*map(ended, runners)), 60)
        found = metrics(*runners)
        assert outcomes(found) == {"approved": 20, "waits": 4}
        calls = sum(each["vendors"].get("rest", {"calls": 0})["calls"] for each in found)
        assert calls == len(sandbox.vendor.calls)
        handled = [call for call in sandbox.connect.calls.calls if call.task_id]
        assert sum(each["connect"]["calls"] for each in found) == len(handled)
        # One process of each instance has tasks; the other has nothing to report.
        workers = [{pid for pid, _ in lines(runner)} for runner in runners]
        assert [len(each) for each in workers] == [1, 1]
        lasts = [[each["last"] for each in metrics(runner)] for runner in runners]
        assert [each.index(True) for each in lasts] == [len(each) - 1 for each in lasts]
