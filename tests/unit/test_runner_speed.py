"""Each of the runner's speeds replaces exactly what it says, and nothing in an unknown runner."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from connect_ext import runner_speed
from connect_ext.runner_speed.intake import Intake, fetch_concurrently

# Each case is a separate process, forked after the runner's modules are loaded. Like a worker, it
# has a multiprocessing parent and the runner in memory.
PROCESSES = """
import gc, json, logging, multiprocessing, os, sys
import connect.eaas.runner.main
import connect.eaas.runner.config as config
from connect.client import fluent, utils
from connect.eaas.runner import helpers
from connect.eaas.runner.handlers import base
from connect.eaas.runner.workers.events import EventsWorker
from connect_ext import runner_speed

FUNCTIONS = {
    "entry points": lambda: base.iter_entry_points,
    "runner's version": lambda: config.get_version,
    "client's version": lambda: utils.get_version,
    "process_task": lambda: EventsWorker.process_task,
    "running_tasks": lambda: EventsWorker.running_tasks,
    "connections": lambda: fluent._ASYNC_TRANSPORTS.get("https://api.cnct.info/public/v1"),
    "objects to collect": lambda: len(gc.get_objects()) > 50_000,
}

def transport():
    client = fluent.AsyncConnectClient("ApiKey", endpoint="https://api.cnct.info/public/v1")
    return type(client.session._transport).__module__

class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []
    def emit(self, record):
        self.lines.append(f"{record.levelname} {record.getMessage()}")

def seen(prepare):
    before = {name: function() for name, function in FUNCTIONS.items()}
    answers = [[(e.name, e.value) for e in helpers.iter_entry_points("connect.eaas.ext", n)]
               for n in ("eventsapp", "extension", None)]
    versions = [config.get_version(), utils.get_version()]
    log = Lines()
    logging.getLogger("eaas.eventsapp").addHandler(log)
    logging.getLogger("eaas.eventsapp").setLevel(logging.INFO)
    prepare()
    changed = {name: function() for name, function in FUNCTIONS.items()}
    runner_speed.apply()
    replaced = [n for n, function in FUNCTIONS.items() if function() is not changed[n]]
    same = [versions == [config.get_version(), utils.get_version()]] + [
        answers[i] == [(e.name, e.value) for e in base.iter_entry_points("connect.eaas.ext", n)]
        for _ in range(2) for i, n in enumerate(("eventsapp", "extension", None))
    ] if prepare not in (other_function,) else []
    return {"replaced": replaced, "log": log.lines, "same": same, "transport": transport()}

def speed(value):
    def set_speed():
        os.environ["CONNECT_EXT_RUNNER_SPEED"] = value
    return set_speed

def nothing():
    os.environ.pop("CONNECT_EXT_RUNNER_SPEED", None)

def other_version():
    sys.path.insert(0, sys.argv[1])

def other_function():
    config.get_version = lambda package: "?"

def other_process_task():
    async def process_task(self, task_data):
        return None
    EventsWorker.process_task = process_task

def lookups_and_other_process_task():
    os.environ["CONNECT_EXT_RUNNER_SPEED"] = "lookups"
    other_process_task()

CASES = {
    "no value": nothing, "empty": speed(""), "off": speed("off"), "lookups": speed(" Lookups "),
    "all": speed("all"), "unknown value": speed("al"), "other version": other_version,
    "other function": other_function, "other process_task": other_process_task,
    "lookups, other process_task": lookups_and_other_process_task,
}

def report(queue, name):
    queue.put((name, seen(CASES[name])))

fork = multiprocessing.get_context("fork")
queue = fork.SimpleQueue()
found = {"master": seen(nothing)}
for name in CASES:
    process = fork.Process(target=report, args=(queue, name))
    process.start()
    process.join()
    if process.exitcode == 0:
        found.update([queue.get()])
print(json.dumps(found))
"""
LOOKUPS = ["entry points", "runner's version", "client's version"]


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runner_speed")
    script = directory / "processes.py"
    script.write_text(PROCESSES)
    other_runner = directory / "other"
    metadata = other_runner / "connect_extension_runner-99.1.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: connect-extension-runner\nVersion: 99.1\n")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(other_runner)],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_master_is_never_touched(processes):
    assert processes["master"]["replaced"] == []
    assert processes["master"]["log"] == []


def test_lookups_are_remembered(processes):
    assert processes["lookups"]["replaced"] == LOOKUPS


@pytest.mark.parametrize("name", ["no value", "empty", "all"])
def test_by_default_tasks_are_also_fetched_otherwise_and_over_our_connections(processes, name):
    assert processes[name]["replaced"] == [
        *LOOKUPS,
        "process_task",
        "running_tasks",
        "connections",
        "objects to collect",
    ]
    assert processes[name]["transport"] == "connect_ext.http.transport"


@pytest.mark.parametrize("name", ["off", "lookups", "other version"])
def test_otherwise_the_runners_client_keeps_its_own_connections(processes, name):
    assert processes[name]["transport"] == "httpx"


@pytest.mark.parametrize("name", ["lookups", "all"])
def test_a_worker_logs_its_speed_in_one_line(processes, name):
    assert processes[name]["log"] == [f"INFO CONNECT_EXT_RUNNER_SPEED is {name}."]


@pytest.mark.parametrize("name", ["no value", "lookups", "all"])
def test_remembered_answers_are_those_of_the_look_up(processes, name):
    assert len(processes[name]["same"]) == 7
    assert all(processes[name]["same"])


def test_off_changes_nothing_and_logs_nothing(processes):
    found = processes["off"]
    assert (found["replaced"], found["log"], found["same"]) == ([], [], [True] * 7)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("unknown value", "its value is none of off, lookups and all"),
        ("other version", "this was not tested with its version 99.1"),
        ("other function", "connect.eaas.runner.config.get_version does not look as expected"),
        ("other process_task", "it does not fetch tasks as expected"),
    ],
)
def test_an_unexpected_runner_is_left_alone_with_one_line(processes, name, why):
    assert processes[name]["replaced"] == []
    begin = "WARNING CONNECT_EXT_RUNNER_SPEED: the runner is left unchanged, because "
    assert processes[name]["log"] == [f"{begin}{why}."]


def test_lookups_work_however_tasks_are_fetched(processes):
    assert processes["lookups, other process_task"]["replaced"] == LOOKUPS


def test_a_process_without_the_runner_is_left_alone(caplog):
    runner_speed.apply()
    assert caplog.records == []


# Intake


class Worker:
    """Like the runner's: one message is processed after the other."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.submitted = 0
        self.go_on = asyncio.Event()

    @property
    def running_tasks(self) -> int:
        return self.submitted

    async def process_task(self, task_data: int) -> None:
        self.begun.append(task_data)
        await self.go_on.wait()
        self.submitted += 1


def concurrent_worker(at_once: int) -> Worker:
    class ConcurrentWorker(Worker):
        process_task = Worker.process_task
        running_tasks = Worker.running_tasks

    fetch_concurrently(ConcurrentWorker, Intake(at_once))
    return ConcurrentWorker()


async def receive(worker: Worker, count: int) -> None:
    for number in range(count):
        await worker.process_task(number)


async def test_tasks_are_fetched_concurrently():
    worker = concurrent_worker(at_once=64)
    await receive(worker, 64)
    await asyncio.sleep(0)
    assert worker.begun == list(range(64))


async def test_reading_pauses_while_every_place_is_taken():
    worker = concurrent_worker(at_once=3)
    reading = asyncio.create_task(receive(worker, 5))
    await asyncio.sleep(0.01)
    assert (worker.begun, reading.done()) == ([0, 1, 2], False)
    worker.go_on.set()
    await reading
    await asyncio.sleep(0.01)
    assert worker.begun == [0, 1, 2, 3, 4]


async def test_a_task_counts_from_the_moment_it_is_received():
    worker = concurrent_worker(at_once=2)
    reading = asyncio.create_task(receive(worker, 4))
    await asyncio.sleep(0.01)
    # Two are being fetched, one waits for a place, and the last is not read yet.
    assert worker.running_tasks == 3
    worker.go_on.set()
    for _ in range(20):
        assert worker.running_tasks >= min(3, 4 - worker.submitted)
        await asyncio.sleep(0)
    await reading
    assert worker.running_tasks == worker.submitted == 4


async def test_a_task_counts_before_the_event_loop_turns_again():
    worker = concurrent_worker(at_once=2)
    await worker.process_task(1)
    assert (worker.begun, worker.running_tasks) == ([], 1)
    worker.go_on.set()


async def test_an_error_gives_its_place_back_and_is_logged_without_its_text(caplog):
    intake = Intake(1)

    async def fail() -> None:
        raise RuntimeError("secret")

    for _ in range(3):
        await asyncio.wait_for(intake.take(fail), 1)
    await asyncio.sleep(0.01)
    assert intake.size == 0
    assert {r.getMessage() for r in caplog.records} == {
        "A task could not be fetched: RuntimeError."
    }


async def test_a_cancelled_wait_for_a_place_leaves_nothing_behind():
    intake, go_on = Intake(1), asyncio.Event()

    async def wait() -> None:
        await go_on.wait()

    await intake.take(wait)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(intake.take(wait), 0.01)
    assert intake.size == 1
    go_on.set()
    await asyncio.sleep(0.01)
    assert intake.size == 0
