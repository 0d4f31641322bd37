"""Losses planted in the local Connect: forgotten tasks, and requests never announced."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sandbox import LocalConnect, Sandbox
from sandbox.connect.tasks import CANCEL_EVENT, TaskStatus
from tests.sandbox.worker import PATIENCE, connected


def ago(**offset: float) -> datetime:
    return datetime.now(timezone.utc) - timedelta(**offset)


async def test_a_forgotten_request_keeps_its_task_which_nobody_gets(
    connect: LocalConnect, session: Any
) -> None:
    forgotten, other = connect.cancel("A-1"), connect.cancel("A-2")
    connect.forget(forgotten)
    async with connected(session, connect) as worker:
        await worker.set_up()
        assert (await worker.receive())["data"]["input"]["object_id"] == other
        assert await worker.receives_nothing()
    (task,) = connect.tasks_of(forgotten)
    assert (task.status, task.deliveries) == (TaskStatus.SCHEDULED, [])
    assert connect.status(forgotten) == "pending"


@pytest.mark.parametrize("result", ["reschedule", "retry"])
async def test_a_task_forgotten_while_being_processed_does_not_come_again(
    connect: LocalConnect, session: Any, result: str
) -> None:
    connect.tasks.retry_seconds = 0
    request_id = connect.cancel("A-1")
    async with connected(session, connect) as worker:
        await worker.set_up()
        task = await worker.receive()
        connect.forget(request_id)
        await worker.answer(task, result)
        await connect.answered(request_id, timeout=PATIENCE)
        assert await worker.receives_nothing()


@pytest.mark.parametrize("is_waiting", [True, False])
async def test_a_task_forgotten_while_waiting_or_after_losing_its_instance_does_not_come_again(
    connect: LocalConnect, session: Any, is_waiting: bool
) -> None:
    request_id = connect.cancel("A-1")
    async with connected(session, connect) as first:
        await first.set_up()
        task = await first.receive()
        if is_waiting:
            await first.answer(task, "reschedule", countdown=30)
            await connect.answered(request_id, timeout=PATIENCE)
        connect.forget(request_id)
    async with connected(session, connect, "INS-2") as second:
        await second.set_up()
        assert await second.receives_nothing()
    assert len(connect.tasks_of(request_id)[0].deliveries) == 1


async def test_a_request_is_forgotten_through_the_sandboxs_own_endpoint(
    connect: LocalConnect, session: Any
) -> None:
    request_id = connect.cancel("A-1")
    url = f"{connect.control_url}/requests/{request_id}/forget"
    for wrong in ("two", -1, None, 1e300, float("nan")):
        async with session.post(url, json={"hours": wrong}) as response:
            assert response.status == 400, wrong
    async with session.post(url, json={"hours": 1.5}) as response:
        shown = await response.json()
    assert (shown["id"], shown["status"]) == (request_id, "pending")
    assert ago(hours=2) < datetime.fromisoformat(shown["created"]) < ago(hours=1)
    assert [each.forgotten for each in connect.tasks_of(request_id)] == [True]
    async with session.post(url.replace(request_id, "PR-0")) as response:
        assert response.status == 404


async def test_a_forgotten_request_that_changes_has_a_new_task(connect: LocalConnect) -> None:
    request_id = connect.cancel("A-1")
    connect.forget(request_id)
    connect.requests.schedule(request_id, {"planned_date": ago(days=-1).isoformat()})
    connect.advance(request_id)
    assert [each.forgotten for each in connect.tasks_of(request_id)] == [True, False]


async def test_an_operator_can_resubmit_a_failed_task_that_was_forgotten(
    connect: LocalConnect, session: Any
) -> None:
    request_id = connect.cancel("A-1")
    async with connected(session, connect) as worker:
        await worker.set_up()
        await worker.answer(await worker.receive(), "fail")
        (task,) = await connect.tasks_settled(request_id, PATIENCE)
        connect.forget(request_id)
        connect.tasks.resubmit(task.id)
        assert (await worker.receive())["data"]["options"]["task_id"] == task.id


async def test_a_request_can_go_unannounced(connect: LocalConnect, session: Any) -> None:
    async with connected(session, connect) as worker:
        await worker.set_up()
        with connect.silently():
            untold = connect.cancel("A-1", ago(hours=2))
        assert await worker.receives_nothing()
        told = connect.cancel("A-2")
        assert (await worker.receive())["data"]["input"]["object_id"] == told
    assert connect.tasks_of(untold) == []
    assert connect.status(untold) == "pending"
    assert connect.notes(untold) == []


async def test_a_request_can_have_had_a_task_in_the_past(
    connect: LocalConnect, session: Any
) -> None:
    asset_id = connect.create_subscription("A-1")
    approved_at = ago(days=3).replace(microsecond=0)
    request_id = connect.create_approved_cancellation(asset_id=asset_id, approved_at=approved_at)
    task = connect.add_past_task(request_id)
    with connect.silently():
        pending = connect.cancel("A-2", ago(hours=5))
    unfinished = connect.add_past_task(pending, TaskStatus.RESCHEDULED, ago(hours=4))
    assert (task.event_type, task.status) == (CANCEL_EVENT, TaskStatus.SUCCEEDED)
    assert (task.created, task.settled) == (approved_at, True)
    async with connected(session, connect) as worker:
        await worker.set_up()
        assert await worker.receives_nothing()
    assert unfinished.deliveries == []


async def test_an_approved_request_of_the_past_is_complete(
    connect: LocalConnect, call: Any
) -> None:
    asset_id = connect.create_subscription("A-1")
    request_id = connect.create_approved_cancellation(asset_id=asset_id, approved_at=ago(days=3))
    request = connect.request(request_id)
    assert (request["status"], request["asset"]["id"]) == ("approved", asset_id)
    assert connect.asset(asset_id)["status"] == "terminated"
    assert request["created"] == request["updated"] == request["effective_date"]
    path, note = f"conversations/{request_id}/messages", {"type": "private", "text": "still active"}
    assert (await call("POST", path, note))[0] == 201


@pytest.mark.parametrize("is_moved", [True, False])
async def test_connect_may_not_bring_a_scheduled_request_back(
    connect: LocalConnect, is_moved: bool
) -> None:
    connect.requests.brings_back = False
    request_id = connect.cancel("A-1")
    connect.requests.schedule(request_id, {"planned_date": ago(days=-1).isoformat()})
    if is_moved:
        connect.clock.ahead += timedelta(days=2)
    else:
        connect.bring_forward(request_id, ago(days=1))
    assert connect.status(request_id) == "scheduled"
    assert len(connect.tasks_of(request_id)) == 1
    connect.requests.brings_back = True
    connect.bring_forward(request_id)
    assert connect.status(request_id) == "pending"


async def test_whether_scheduled_requests_are_brought_back_is_an_option(certificates: Any) -> None:
    connect = LocalConnect(certificates.server_context, brings_back=False)
    assert not connect.requests.brings_back
    assert LocalConnect(certificates.server_context).requests.brings_back


async def test_a_request_can_be_made_older_with_its_messages_and_its_tasks(
    connect: LocalConnect,
) -> None:
    request_id, young = connect.cancel("A-1"), connect.cancel("A-2")
    connect.say(request_id, "soon, please")
    connect.agent_approve(request_id)
    before = connect.request(young)["created"]
    connect.backdate(request_id, timedelta(hours=30))
    request, (message,) = connect.request(request_id), connect.notes(request_id)
    (task,) = connect.tasks_of(request_id)
    for moment in (
        *(request[name] for name in ("created", "updated", "effective_date")),
        *(request["events"][name]["at"] for name in ("created", "updated")),
        message["created"],
        task.created.isoformat(),
    ):
        assert ago(hours=31) < datetime.fromisoformat(moment) < ago(hours=29)
    assert request["planned_date"] == ""
    assert connect.request(young)["created"] == before


async def test_tasks_are_dated_by_connects_clock(connect: LocalConnect) -> None:
    connect.clock.ahead = timedelta(hours=-5)
    (task,) = connect.tasks_of(connect.cancel("A-1"))
    assert ago(hours=6) < task.created < ago(hours=4)


async def test_the_two_sides_can_disagree() -> None:
    async with Sandbox() as sandbox:
        connect, vendor = sandbox.connect, sandbox.vendor
        ended = sandbox.new_subscription("S-1", status="cancelled")
        left_active = sandbox.new_subscription("S-2")
        connect.create_approved_cancellation(asset_id=left_active, approved_at=ago(days=3))
        with connect.silently():
            elsewhere = connect.cancel("OTHER-1")
        statuses = {key: each.look().status for key, each in vendor.subscriptions.items()}
        assert statuses == {"S-1": "cancelled", "S-2": "active"}
        assert connect.asset(ended)["status"] == "active"
        assert connect.asset(left_active)["status"] == "terminated"
        assert connect.tasks_of(elsewhere) == []
