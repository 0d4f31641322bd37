"""``CONNECT_EXT_RUNNER_SPEED`` only changes how long a task takes."""

import asyncio
import json
import re
import shutil
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from sandbox import Sandbox
from sandbox.connect.objects import Parameter
from sandbox.faults import Respond
from sandbox.runner import Runner, RunnerOptions

SPEEDS = ("off", "lookups", "all")
STARTING_SECONDS = 120.0
TASKS = 200
FEWER_TASKS = 60
ROOT = Path(__file__).parents[2]

# An unknown id is looked up twice, this far apart; a killed task's mark stands for as long.
SETTLING = {"SETTLE_MINUTES": "0.15", "VENDOR_TIMEOUT_SECONDS": "4"}
MARK = "[connect-ext cancel "

DRY_RUN = "PRD-200-000-001"
HOLDS = "PRD-200-000-002"


@asynccontextmanager
async def running(speed, variables=None, **options):
    variables = {**SETTLING, **(variables or {})}
    async with Sandbox(countdown_scale=0.01, variables=variables, **options) as sandbox:
        for product_id in (DRY_RUN, HOLDS):
            sandbox.connect.create_product(product_id=product_id)
        await start_runner(sandbox, speed)
        yield sandbox


async def start_runner(sandbox, speed):
    environment = {"CONNECT_EXT_RUNNER_SPEED": speed}
    return await sandbox.start_runner(environment=environment, timeout=STARTING_SECONDS)


def ordinary(sandbox, number):
    return sandbox.connect.create_subscription(sandbox.vendor.add(f"SUB-{number}").id)


def cancelled_before(sandbox, number):
    sandbox.vendor.add(f"SUB-{number}", status="cancelled")
    return sandbox.connect.create_subscription(f"SUB-{number}")


def draft(sandbox, number):
    sandbox.vendor.add(f"SUB-{number}", status="draft")
    return sandbox.connect.create_subscription(f"SUB-{number}")


def refused(sandbox, number):
    sandbox.vendor.add(f"SUB-{number}", refusal="the contract runs until the end of the year")
    return sandbox.connect.create_subscription(f"SUB-{number}")


def unknown_to_the_vendor(sandbox, number):
    return sandbox.connect.create_subscription(f"SUB-{number}")


def blank(sandbox, _):
    return sandbox.connect.create_subscription(parameters=[Parameter("subscription_id", " ")])


def vendor_fails_twice(sandbox, number):
    sandbox.vendor.faults.add("GET", f"/SUB-{number}$", Respond(503), times=2)
    return ordinary(sandbox, number)


def connect_fails_once(sandbox, number):
    asset_id = ordinary(sandbox, number)
    path = f"/requests/PR-{asset_id[3:]}-.*/approve"
    sandbox.connect.faults.add("POST", path, Respond(502), times=1)
    return asset_id


def dry_run(sandbox, number):
    subscription_id = sandbox.vendor.add(f"SUB-{number}").id
    return sandbox.connect.create_subscription(subscription_id, product_id=DRY_RUN)


def held(sandbox, number):
    sandbox.vendor.add(f"SUB-{number}", refusal="not like this")
    return sandbox.connect.create_subscription(f"SUB-{number}", product_id=HOLDS)


STORIES = (
    *(ordinary, ordinary, cancelled_before, refused, ordinary, draft, blank),
    *(ordinary, unknown_to_the_vendor, dry_run, held, connect_fails_once),
)
# Only a few: five failing subscriptions in a row pause all calls to the vendor.
FAILING_TWICE = (50, 150)


def subscription(sandbox, number):
    story = vendor_fails_twice if number in FAILING_TWICE else STORIES[number % len(STORIES)]
    return story(sandbox, number)


def result_of(sandbox, request_id):
    """Everything about how a request ended, except how often it was tried and had to wait."""
    request = sandbox.connect.request(request_id)
    tasks = sandbox.connect.tasks_of(request_id)
    parameters = {each["id"]: each["value"] for each in request["asset"]["params"]}
    subscription = sandbox.vendor.subscriptions.get(parameters["subscription_id"])

    def said(text):
        # Each sandbox has a vendor at its own address.
        return text and text.replace(sandbox.vendor.url, "https://vendor.example")

    return {
        "status": request["status"],
        "reason": request.get("reason"),
        "asset": sandbox.connect.asset(request["asset"]["id"])["status"],
        "tasks": [task.status.value for task in tasks],
        "results": [(task.results[-1].result, said(task.results[-1].message)) for task in tasks],
        "notes": [
            (each["type"], said(each["text"]))
            for each in sandbox.connect.notes(request_id)
            if MARK not in each["text"]
        ],
        "cancellations": subscription.cancellations if subscription else None,
    }


async def results_at(speed):
    overrides = {DRY_RUN: {"DRY_RUN": "true"}, HOLDS: {"ON_REFUSAL": "hold"}}
    async with running(speed, variables={"PRODUCT_OVERRIDES": json.dumps(overrides)}) as sandbox:
        assets = [subscription(sandbox, number) for number in range(TASKS)]
        requests = [sandbox.connect.create_cancel_request(asset_id) for asset_id in assets]
        for request_id in requests:
            await sandbox.connect.tasks_settled(request_id, timeout=120)
        assert speed == "off" or f"CONNECT_EXT_RUNNER_SPEED is {speed}." in sandbox.runners[0].log
        return [result_of(sandbox, request_id) for request_id in requests]


async def test_the_results_are_the_same_at_every_speed():
    off, lookups, everything = await asyncio.gather(*(results_at(speed) for speed in SPEEDS))
    assert len(off) == TASKS
    assert {each["status"] for each in off} == {"approved", "failed", "pending"}
    assert {each["tasks"][0] for each in off} == {"succeeded", "failed", "skipped"}
    assert lookups == off
    assert everything == off


async def finished_by_another(sandbox, speed, requests):
    done = [each for each in requests if sandbox.connect.status(each) == "approved"]
    assert 0 < len(done) < len(requests), "not stopped in the middle"
    sandbox.connect.faults.latency = sandbox.vendor.faults.latency = 0.0
    await start_runner(sandbox, speed)
    # By now the vendor has finished its orders; nothing waits for a killed task's mark.
    sandbox.connect.clock.ahead += timedelta(hours=2)
    for request_id in requests:
        await sandbox.connect.tasks_settled(request_id, timeout=120)
    results = [result_of(sandbox, request_id) for request_id in requests]
    assert {(each["status"], each["cancellations"]) for each in results} == {("approved", 1)}
    # A runner that dies after the approval leaves a task with nothing to do.
    ended = {tuple(each["tasks"]) for each in results}
    assert ended <= {("succeeded",), ("skipped",)}


async def cancel_one_after_the_other(sandbox, assets, seconds):
    requests = []
    for asset_id in assets:
        requests.append(sandbox.connect.create_cancel_request(asset_id))
        await asyncio.sleep(seconds)
    return requests


async def stopped_in_the_middle(speed):
    async with running(speed, retry_seconds=1) as sandbox:
        sandbox.connect.faults.latency = sandbox.vendor.faults.latency = 0.05
        assets = [ordinary(sandbox, number) for number in range(FEWER_TASKS)]
        cancelling = asyncio.create_task(cancel_one_after_the_other(sandbox, assets, 0.05))
        approvals = partial(sandbox.connect.calls.matching, "POST", "/approve$")
        await sandbox.connect.journal.until(lambda: len(approvals()) >= 5, 60, "five approvals")
        await sandbox.runners[0].stop()
        requests = await cancelling
        log = sandbox.runners[0].log
        taken_in = set(re.findall(r"new background task received: (TQ-[\d-]+)", log))
        sent = set(re.findall(r"Result for task (TQ-[\d-]+) has been sent", log))
        every_task = [task for each in requests for task in sandbox.connect.tasks_of(each)]
        assert taken_in == sent == {task.id for task in every_task if task.settled}
        await finished_by_another(sandbox, speed, requests)


async def test_a_stopped_runner_finishes_the_tasks_it_has_fetched_at_every_speed():
    await asyncio.gather(*(stopped_in_the_middle(speed) for speed in SPEEDS))


async def test_tasks_that_a_runner_has_no_time_to_finish_are_delivered_again():
    async with running("all", retry_seconds=1) as sandbox:
        sandbox.vendor.faults.latency = 1.5
        # Twenty calls to the vendor at once, two for each request: seven requests a second, and the
        # master gives its workers five seconds.
        assets = [ordinary(sandbox, number) for number in range(TASKS // 2)]
        requests = await cancel_one_after_the_other(sandbox, assets, 0)
        await sandbox.connect.journal.until(
            lambda: any(sandbox.connect.status(each) == "approved" for each in requests),
            60,
            "the first approval",
        )
        await sandbox.runners[0].stop()
        log = sandbox.runners[0].log
        taken_in = re.findall("new background task received", log)
        assert len(taken_in) > len(re.findall("Result for task .* has been sent", log))
        await finished_by_another(sandbox, "all", requests)


# Reloading in development


class ReloadingRunner(Runner):
    """``cextrun -r``"""

    def _command(self):
        return [*super()._command(), "--reload"]


@asynccontextmanager
async def reloading(sandbox, project, speed):
    options = RunnerOptions(
        environment={"CONNECT_EXT_RUNNER_SPEED": speed}, working_directory=project
    )
    runner = ReloadingRunner(
        address=sandbox.connect.address,
        ca_bundle=sandbox.ca_bundle,
        directory=sandbox.directory,
        connected=lambda: bool(sandbox.connect.instances.connected(options.instance_id)),
        options=options,
    )
    await runner.start(STARTING_SECONDS)
    try:
        yield runner
    finally:
        await runner.stop()


async def reloaded(speed, project):
    shutil.copytree(
        ROOT / "connect_ext",
        project / "connect_ext",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    changed, sentence = project / "connect_ext" / "outcome_log.py", "the request is approved."
    async with Sandbox() as sandbox, reloading(sandbox, project, speed) as runner:
        first = sandbox.cancel()
        await sandbox.connect.tasks_settled(first)
        assert re.search(f"{first} .*: .*{sentence}", runner.log)
        worker = runner.background_worker().pid
        text = changed.read_text()
        assert text.count(sentence) == 1
        changed.write_text(text.replace(sentence, "the code has changed."))
        await runner.wait_for_new_worker(worker, timeout=STARTING_SECONDS)
        second = sandbox.cancel()
        await sandbox.connect.tasks_settled(second)
        assert re.search(f"{second} .*: .*the code has changed.", runner.log)
        for pid in (worker, runner.background_worker().pid):
            line = f"eaas.eventsapp INFO PID_{pid} CONNECT_EXT_RUNNER_SPEED is {speed}."
            assert runner.log.count(line) == 1


async def test_changed_code_is_reloaded_at_each_speed(tmp_path):
    speeds = ("lookups", "all")
    await asyncio.gather(*(reloaded(speed, tmp_path / speed) for speed in speeds))
