"""Delivery at least once, over a real websocket that speaks the runner's protocol."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from sandbox import LocalConnect
from sandbox.connect.environment import ENVIRONMENT_ID, INSTALLATION_API_KEY
from sandbox.connect.tasks import CANCEL_EVENT, TaskStatus
from tests.sandbox.worker import PATIENCE, connected


async def test_the_handshake_creates_the_declared_variables(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    connect.set_variable("KEY", "from the portal")
    async with connected(session, connect) as worker:
        answer = await worker.set_up()
    assert answer["message_type"] == "setup_response"
    assert {each["name"]: each["value"] for each in answer["data"]["variables"]} == {
        "KEY": "from the portal",
        "MODE": "rest",
    }
    assert connect.environment.variables["KEY"].secure
    assert answer["data"]["event_definitions"][0]["event_type"] == CANCEL_EVENT
    assert answer["data"]["environment_type"] == "development"


async def test_a_changed_variable_reaches_a_connected_instance(
    connect: LocalConnect, session: aiohttp.ClientSession, call: Any
) -> None:
    async with connected(session, connect) as worker:
        await worker.set_up()
        path = f"devops/services/{connect.environment.service_id}/environments/{ENVIRONMENT_ID}"
        for name in ("MODE", connect.environment.variables["MODE"].id):
            status, _ = await call("PUT", f"{path}/variables/{name}", {"value": f"by {name}"})
            assert status == 200
            variables = (await worker.receive())["data"]["variables"]
            assert {"name": "MODE", "value": f"by {name}", "secure": False} in variables
        assert (await call("PUT", f"{path}/variables/MODE", {"value": "x" * 21961}))[0] == 400
        assert (await call("PUT", f"{path}/variables/NONE", {"value": "x"}))[0] == 404


async def test_a_task_waits_for_an_instance_and_has_the_protocols_shape(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    request_id = connect.cancel("A-1")
    assert connect.tasks_of(request_id)[0].status is TaskStatus.SCHEDULED
    async with connected(session, connect) as worker:
        await worker.set_up()
        task = await worker.receive()
        assert task["version"] == 2
        assert task["data"]["model_type"] == "task"
        assert task["data"]["options"]["task_category"] == "background"
        assert task["data"]["input"] == {
            "event_type": CANCEL_EVENT,
            "object_id": request_id,
            "data": None,
        }
        await worker.answer(task, "success")
        (done,) = await connect.tasks_settled(request_id, PATIENCE)
    assert done.status is TaskStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("result", "status"), [("fail", TaskStatus.FAILED), ("skip", TaskStatus.SKIPPED)]
)
async def test_a_task_that_fails_or_is_skipped_is_not_delivered_again(
    connect: LocalConnect, session: aiohttp.ClientSession, result: str, status: TaskStatus
) -> None:
    request_id = connect.cancel("A-1")
    async with connected(session, connect) as worker:
        await worker.set_up()
        await worker.answer(await worker.receive(), result, message="because")
        (task,) = await connect.tasks_settled(request_id, PATIENCE)
        assert (task.status, task.output) == (status, "because")
        assert await worker.receives_nothing()
    assert connect.status(request_id) == "pending"


@pytest.mark.parametrize("result", ["reschedule", "retry"])
async def test_a_task_comes_again_until_it_is_settled(
    connect: LocalConnect, session: aiohttp.ClientSession, result: str
) -> None:
    request_id = connect.cancel("A-1")
    async with connected(session, connect) as worker:
        await worker.set_up()
        await worker.answer(await worker.receive(), result, countdown=30)
        await worker.answer(await worker.receive(), "success")
        (task,) = await connect.tasks_settled(request_id, PATIENCE)
    assert [each.result for each in task.results] == [result, "success"]
    assert len(task.deliveries) == 2
    assert (task.deliveries[1].at - task.results[0].at).total_seconds() >= 0.03
    assert task.rescheduled_count + task.retry_count == 1


async def test_a_task_of_a_lost_connection_goes_to_another_instance(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    async with (
        connected(session, connect, "INS-2") as other,
        connected(session, connect, "INS-1") as first,
    ):
        await first.set_up()
        request_id = connect.cancel("A-1")
        await first.receive()
        await other.set_up()
        connect.instances.drop("INS-1")
        task = await other.receive()
        await other.answer(task, "success")
        (done,) = await connect.tasks_settled(request_id, PATIENCE)
    assert [each.instance_id for each in done.deliveries] == ["INS-1", "INS-2"]


async def test_several_instances_share_the_queue(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    async with (
        connected(session, connect, "INS-1") as first,
        connected(session, connect, "INS-2") as second,
    ):
        await first.set_up()
        await second.set_up()
        requests = [connect.cancel(f"A-{number}") for number in range(4)]
        instances = [connect.tasks_of(each)[0].deliveries[0].instance_id for each in requests]
    assert sorted(instances) == ["INS-1", "INS-1", "INS-2", "INS-2"]


async def test_an_instance_that_stops_gets_no_more_tasks(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    async with connected(session, connect) as worker:
        await worker.set_up()
        await worker.socket.send_json({"version": 2, "message_type": "shutdown", "data": None})
        await connect.journal.until(lambda: not connect.instances.connected(), PATIENCE, "stop")
        request_id = connect.cancel("A-1")
        assert await worker.receives_nothing()
    assert connect.tasks_of(request_id)[0].deliveries == []


async def test_a_task_can_be_delivered_twice_but_its_second_result_does_not_count(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    request_id = connect.cancel("A-1")
    async with connected(session, connect) as worker:
        await worker.set_up()
        first = await worker.receive()
        connect.tasks.deliver_again(request_id)
        second = await worker.receive()
        assert first == second
        await worker.answer(first, "success")
        await worker.answer(second, "retry")
        (task,) = await connect.answered(request_id, 2, PATIENCE)
    assert task.status is TaskStatus.SUCCEEDED
    assert [each.accepted for each in task.results] == [True, False]


async def test_only_a_failed_task_can_be_resubmitted(
    connect: LocalConnect, session: aiohttp.ClientSession, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    environment = connect.environment
    path = f"devops/services/{environment.service_id}/environments/{environment.id}/tasks"
    async with connected(session, connect) as worker:
        await worker.set_up()
        _, (listed,) = await call("GET", f"{path}?eq(object.id,{request_id})")
        assert (await call("POST", f"{path}/{listed['id']}/resubmit"))[0] == 400
        await worker.answer(await worker.receive(), "fail")
        await connect.tasks_settled(request_id, PATIENCE)
        assert (await call("POST", f"{path}/{listed['id']}/resubmit"))[0] == 200
        await worker.answer(await worker.receive(), "success")
        (task,) = await connect.tasks_settled(request_id, PATIENCE)
    assert task.status is TaskStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("environment_id", "key", "status"),
    [
        (ENVIRONMENT_ID, "ApiKey SU-0:wrong", 401),
        ("ENV-0000-0000-01", None, 403),
    ],
)
async def test_a_websocket_needs_the_key_and_the_environment(
    connect: LocalConnect,
    session: aiohttp.ClientSession,
    environment_id: str,
    key: str | None,
    status: int,
) -> None:
    headers = {"Authorization": key or connect.api_key}
    url = f"{connect.url}/devops/ws/{environment_id}/INS-1"
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await session.ws_connect(url, headers=headers)
    assert caught.value.status == status


async def test_websockets_can_be_refused_as_during_maintenance(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    connect.instances.refuse_with = 502
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with connected(session, connect):
            pass


async def test_an_outage_keeps_the_address_and_the_tasks(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    async with connected(session, connect) as worker:
        await worker.set_up()
        request_id = connect.cancel("A-1")
        await worker.receive()
        await connect.go_down()
    with pytest.raises(aiohttp.ClientConnectionError):
        await session.get(f"{connect.url}/requests")
    await connect.come_back()
    async with connected(session, connect) as worker:
        await worker.set_up()
        assert (await worker.receive())["data"]["input"]["object_id"] == request_id


async def test_in_multi_account_mode_only_the_installation_sees_requests(
    certificates: Any, session: aiohttp.ClientSession
) -> None:
    connect = LocalConnect(certificates.server_context, multi_account=True)
    await connect.start()
    try:
        request_id = connect.cancel("A-1")
        async with connected(session, connect) as worker:
            await worker.set_up()
            options = (await worker.receive())["data"]["options"]
        installed = {"Authorization": options["api_key"]}
        assert options["api_key"] == INSTALLATION_API_KEY
        service = f"{connect.url}/devops/services/{connect.environment.service_id}"
        async with session.get(f"{service}/installations/{options['installation_id']}") as found:
            assert (await found.json())["owner"]["id"] == "VA-100-200"
        async with session.get(f"{connect.url}/requests/{request_id}") as hidden:
            assert hidden.status == 404
        url = f"{connect.url}/requests/{request_id}"
        async with session.get(url, headers=installed) as seen:
            assert seen.status == 200
    finally:
        await connect.stop()
