"""Schedules: the API, their triggers, and the tasks that workers and the official runner get."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from connect.client import ClientError

from sandbox import LocalConnect, Sandbox
from sandbox.certificates import Certificates
from sandbox.connect.environment import ENVIRONMENT_ID, SERVICE_ID
from sandbox.connect.tasks import SCHEDULE_EVENT, TaskStatus
from sandbox.connect.triggers import read_trigger
from tests.sandbox.worker import PATIENCE, connected

ENVIRONMENT = f"devops/services/{SERVICE_ID}/environments/{ENVIRONMENT_ID}"
SCHEDULABLES = [{"method": "check", "name": "Check", "description": "Looks whether all is well."}]
HOURLY = {"type": "recurring", "unit": "hours", "amount": 1}
HANDLER = "tests.sandbox.schedulables:Schedulables"
NOON = datetime(2024, 1, 31, 12, tzinfo=timezone.utc)


def in_days(days: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(days=days)).isoformat()


def body(**fields: Any) -> Any:
    return {"name": "Nightly", "method": "check", "trigger": HOURLY, **fields}


@pytest.fixture
def offering(connect: LocalConnect) -> LocalConnect:
    """A Connect where an instance has declared its schedulables."""
    connect.environment.offer(SCHEDULABLES)
    return connect


# The API.


async def test_the_official_client_makes_finds_runs_and_deletes_a_schedule(
    offering: LocalConnect, client: Any
) -> None:
    environment = client("devops").services[SERVICE_ID].environments[ENVIRONMENT_ID]
    assert (await environment.get())["schedulables"] == SCHEDULABLES
    made = await environment.schedules.create(payload=body(parameter={"id": "SUB-1"}))
    schedules = environment.schedules.filter(method="check", status="enabled")
    assert [each async for each in schedules] == [made]
    assert made["id"].startswith("EFS-")
    assert made["parameter"] == {"id": "SUB-1"}
    assert made["trigger"] == HOURLY
    assert made["events"].keys() == {"created", "updated", "next_trigger"}
    ran = await environment.schedules[made["id"]]("trigger").post()
    assert ran["events"].keys() == made["events"].keys() | {"last_triggered"}
    task = await environment.tasks.filter(object__id=made["id"]).first()
    assert task["object"]["category"] == "scheduled"
    await environment.schedules[made["id"]].delete()
    with pytest.raises(ClientError) as caught:
        await environment.schedules[made["id"]].get()
    assert caught.value.status_code == 404


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": None}, "name: This field is required."),
        ({"name": "x" * 257}, "name: Ensure"),
        ({"description": ["x"]}, "description: Not a valid string."),
        ({"method": ""}, "method: This field is required."),
        ({"method": "get_descriptor"}, "method: The extension has no schedulable"),
        ({"parameter": []}, "parameter: Expected a dictionary."),
        ({"trigger": None}, "trigger: This field is required."),
        ({"trigger": {"type": "daily"}}, "trigger.type: "),
        ({"trigger": {"type": ["onetime"]}}, "trigger.type: "),
        ({"trigger": {"type": "onetime"}}, "trigger.date: Datetime has wrong format."),
        ({"trigger": {"type": "onetime", "date": in_days(-1)}}, "trigger.date: The date must be"),
        ({"trigger": {**HOURLY, "unit": "minutes"}}, "trigger.unit: "),
        ({"trigger": {**HOURLY, "amount": 0}}, "trigger.amount: "),
        ({"trigger": {**HOURLY, "amount": 32768}}, "trigger.amount: "),
        ({"trigger": {**HOURLY, "amount": True}}, "trigger.amount: "),
        ({"trigger": {**HOURLY, "start": "soon"}}, "trigger.start: "),
        ({"trigger": {"type": "advanced"}}, "trigger.cron_expression: "),
        ({"trigger": {"type": "advanced", "cron_expression": "* * * *"}}, "trigger.cron_expr"),
        ({"trigger": {"type": "advanced", "cron_expression": "60 * * * *"}}, "trigger.cron_expr"),
        ({"trigger": {"type": "advanced", "cron_expression": "*/0 * * * *"}}, "trigger.cron_expr"),
        ({"trigger": {"type": "advanced", "cron_expression": "0 0 * * mon"}}, "trigger.cron_expr"),
    ],
)
async def test_a_schedule_that_connect_could_not_run_is_refused(
    offering: LocalConnect, call: Any, fields: Any, error: str
) -> None:
    status, answer = await call("POST", f"{ENVIRONMENT}/schedules", body(**fields))
    assert (status, answer["error_code"]) == (400, "VAL_001")
    assert answer["errors"][0].startswith(error)
    assert offering.schedules.by_id == {}


# When they trigger.


@pytest.mark.parametrize(
    ("trigger", "moments"),
    [
        (HOURLY, ["2024-01-31T13:00", "2024-01-31T14:00"]),
        ({**HOURLY, "start": "2024-02-01T08:00Z"}, ["2024-02-01T08:00", "2024-02-01T09:00"]),
        ({**HOURLY, "start": "2020-01-01T00:00Z"}, ["2024-01-31T13:00", "2024-01-31T14:00"]),
        ({**HOURLY, "end": "2024-01-31T13:30Z"}, ["2024-01-31T13:00", None]),
        ({**HOURLY, "unit": "weeks", "amount": 2}, ["2024-02-14T12:00", "2024-02-28T12:00"]),
        ({**HOURLY, "unit": "months"}, ["2024-02-29T12:00", "2024-03-29T12:00"]),
        ({**HOURLY, "unit": "months", "amount": 11}, ["2024-12-31T12:00", "2025-11-30T12:00"]),
        ({"type": "onetime", "date": "2024-02-01T08:00"}, ["2024-02-01T08:00", None]),
        ("0 */2 * * *", ["2024-01-31T14:00", "2024-01-31T16:00"]),
        ("30,5 8-9 * * *", ["2024-02-01T08:05", "2024-02-01T08:30"]),
        ("0 12 29 2 *", ["2024-02-29T12:00", "2028-02-29T12:00"]),
        ("0 0 * * 7", ["2024-02-04T00:00", "2024-02-11T00:00"]),
        ("0 0 2 * 1", ["2024-02-02T00:00", "2024-02-05T00:00"]),
        ("0 0 30 2 *", [None]),
    ],
)
def test_a_trigger_knows_its_moments(trigger: Any, moments: list[str | None]) -> None:
    if isinstance(trigger, str):
        trigger = {"type": "advanced", "cron_expression": trigger}
    found, moment = read_trigger(trigger, NOON), NOON
    for expected in moments:
        following = found.after(moment)
        assert (following and f"{following:%Y-%m-%dT%H:%M}") == expected
        moment = following or moment


async def test_a_recurring_schedule_triggers_until_it_is_deleted(
    offering: LocalConnect, session: aiohttp.ClientSession
) -> None:
    offering.tasks.countdown_scale = 1e-5
    schedule_id = offering.create_schedule("check", trigger=HOURLY)
    async with connected(session, offering) as worker:
        await worker.set_up(SCHEDULABLES)
        for _ in range(3):
            await worker.answer(await worker.receive(), "success")
        offering.schedules.delete(schedule_id)
        left = len(offering.tasks_of(schedule_id)) - 3
        for _ in range(left):
            await worker.receive()
        assert await worker.receives_nothing()


async def test_a_onetime_schedule_triggers_once_when_its_date_has_come(
    offering: LocalConnect,
) -> None:
    schedule_id = offering.create_schedule("check")
    offering.clock.ahead = timedelta(days=364)
    await asyncio.sleep(0.05)
    assert offering.tasks_of(schedule_id) == []
    offering.clock.ahead = timedelta(days=366)
    await offering.journal.until(lambda: bool(offering.tasks_of(schedule_id)), PATIENCE, "it")
    offering.clock.ahead = timedelta(days=732)
    await asyncio.sleep(0.05)
    assert len(offering.tasks_of(schedule_id)) == 1
    assert offering.schedules.get(schedule_id).next_trigger is None


async def test_a_schedule_whose_method_is_gone_is_obsolete_and_does_not_trigger(
    offering: LocalConnect, session: aiohttp.ClientSession, call: Any
) -> None:
    schedule_id = offering.create_schedule("check")
    path = f"{ENVIRONMENT}/schedules/{schedule_id}"
    async with connected(session, offering) as worker:
        await worker.set_up([])
        assert (await call("GET", path))[1]["status"] == "obsolete"
        assert (await call("POST", f"{path}/trigger"))[0] == 400
        offering.clock.ahead = timedelta(days=366)
        assert await worker.receives_nothing()
        await worker.set_up(SCHEDULABLES)
        assert (await call("GET", path))[1]["status"] == "enabled"
    assert offering.tasks_of(schedule_id) == []


# Their tasks, with a worker by hand.


async def test_a_schedules_task_has_the_protocols_shape_and_comes_again_until_settled(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    async with connected(session, connect) as worker:
        await worker.set_up(SCHEDULABLES)
        schedule_id = connect.create_schedule("check")
        connect.trigger(schedule_id)
        first = await worker.receive()
        assert first["data"]["options"]["task_category"] == "scheduled"
        expected = {"event_type": SCHEDULE_EVENT, "object_id": schedule_id, "data": None}
        assert first["data"]["input"] == expected
        await worker.answer(first, "retry", message="a traceback")
        await worker.answer(await worker.receive(), "fail", message="all is not well")
        task = await connect.schedule_settled(schedule_id, PATIENCE)
    assert (task.status, task.output) == (TaskStatus.FAILED, "all is not well")
    assert [each.result for each in task.results] == ["retry", "fail"]


async def test_a_schedule_has_one_task_in_the_queue_and_another_once_that_one_is_delivered(
    offering: LocalConnect, session: aiohttp.ClientSession
) -> None:
    schedule_id = offering.create_schedule("check")
    for _ in range(2):
        offering.trigger(schedule_id)
    (waiting,) = offering.tasks_of(schedule_id)
    async with connected(session, offering) as worker:
        await worker.set_up(SCHEDULABLES)
        first = await worker.receive()
        offering.trigger(schedule_id)
        second = await worker.receive()
        await worker.answer(second, "success")
        await worker.answer(first, "success")
        last = await offering.schedule_settled(schedule_id, PATIENCE)
    assert offering.tasks_of(schedule_id) == [waiting, last]


async def test_requests_and_schedules_share_the_queue_and_the_instances(
    offering: LocalConnect, session: aiohttp.ClientSession
) -> None:
    schedule_id = offering.create_schedule("check")
    async with (
        connected(session, offering, "INS-1") as first,
        connected(session, offering, "INS-2") as second,
    ):
        await first.set_up(SCHEDULABLES)
        await second.set_up(SCHEDULABLES)
        request_id = offering.cancel("A-1")
        offering.trigger(schedule_id)
        await first.receive()
        await second.receive()
    instances = [offering.tasks_of(each)[0].deliveries[0] for each in (request_id, schedule_id)]
    assert [each.instance_id for each in instances] == ["INS-1", "INS-2"]


async def test_a_schedule_belongs_to_no_installation(
    certificates: Certificates, session: aiohttp.ClientSession
) -> None:
    connect = LocalConnect(certificates.server_context, multi_account=True)
    await connect.start()
    try:
        async with connected(session, connect) as worker:
            await worker.set_up(SCHEDULABLES)
            connect.trigger(connect.create_schedule("check"))
            options = (await worker.receive())["data"]["options"]
        assert (options["installation_id"], options["api_key"]) == (None, None)
    finally:
        await connect.stop()


# Their tasks, in the official runner.


@pytest.mark.e2e
async def test_the_official_runner_runs_schedulables_of_both_kinds_to_every_end(
    tmp_path: Path,
) -> None:
    done, well = {"result": "success"}, {"result": "success", "output": "well"}
    unwell, raises = {"result": "fail", "output": "unwell"}, {"once": str(tmp_path / "once")}
    runs = [
        ("run_async", done, (TaskStatus.SUCCEEDED, None, 0)),
        ("run_sync", well, (TaskStatus.SUCCEEDED, "well", 0)),
        ("run_async", unwell, (TaskStatus.FAILED, "unwell", 0)),
        ("run_sync", {**done, **raises}, (TaskStatus.SUCCEEDED, None, 1)),
    ]
    async with Sandbox(countdown_scale=0.01) as sandbox:
        runner = await sandbox.start_runner(handler=HANDLER)
        schedules = [sandbox.connect.create_schedule(method, given) for method, given, _ in runs]
        for each in schedules:
            sandbox.connect.trigger(each)
        tasks = [await sandbox.connect.schedule_settled(each) for each in schedules]
        ends = [(each.status, each.output, each.retry_count) for each in tasks]
        assert ends == [end for _, _, end in runs]
        assert "this time only" in (tasks[-1].results[0].message or "")
        await runner.kill()


@pytest.mark.e2e
async def test_a_schedulable_whose_worker_is_killed_runs_again(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with Sandbox(countdown_scale=0.01) as sandbox:
        runner = await sandbox.start_runner(handler=HANDLER)
        parameter = {"gate": str(gate), "result": "success"}
        schedule_id = sandbox.connect.create_schedule("run_sync", parameter)
        sandbox.connect.trigger(schedule_id)
        await runner.wait_for_log("invoke method run_sync")
        killed = runner.kill_worker()
        gate.touch()
        await runner.wait_for_new_worker(killed)
        task = await sandbox.connect.schedule_settled(schedule_id)
        assert task.status is TaskStatus.SUCCEEDED
        assert (len(task.deliveries), len(task.results)) == (2, 1)
        await runner.kill()


@pytest.mark.e2e
async def test_a_schedule_that_triggers_twice_while_it_runs_runs_three_times_on_two_instances(
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    async with Sandbox(countdown_scale=0.01) as sandbox:
        runners = await asyncio.gather(
            sandbox.start_runner(handler=HANDLER), sandbox.start_runner(handler=HANDLER)
        )
        parameter = {"gate": str(gate), "result": "success"}
        schedule_id = sandbox.connect.create_schedule("run_async", parameter)
        sandbox.connect.trigger(schedule_id)
        (first,) = sandbox.connect.tasks_of(schedule_id)
        await sandbox.runner_of(schedule_id).wait_for_log(f"task {first.id} submitted")
        for _ in range(2):
            sandbox.connect.trigger(schedule_id)
        assert not first.settled
        gate.touch()
        await sandbox.connect.schedule_settled(schedule_id)
        tasks = sandbox.connect.tasks_of(schedule_id)
        assert [each.status for each in tasks] == [TaskStatus.SUCCEEDED] * 3
        deliveries = [each for task in tasks for each in task.deliveries]
        assert len(deliveries) == 3
        assert len({each.instance_id for each in deliveries}) == 2
        await asyncio.gather(*(runner.kill() for runner in runners))
