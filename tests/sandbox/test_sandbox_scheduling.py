"""Requests with a planned date, and revoked ones, over real HTTPS."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import aiohttp
import pytest

from sandbox import LocalConnect, OnConfirm, Refusal, faults
from sandbox.certificates import Certificates
from sandbox.connect.environment import EVENT_TYPES, PARTNER_API_KEY
from sandbox.connect.tasks import CANCEL_EVENT, TaskStatus

STATUSES = ["pending", "revoking"]
PARTNER = {"Authorization": PARTNER_API_KEY}


def moment(**offset: float) -> datetime:
    return datetime.now(timezone.utc) + timedelta(**offset)


def iso(**offset: float) -> str:
    return moment(**offset).isoformat()


def statuses(connect: LocalConnect, request_id: str) -> list[str]:
    return [change.status for change in connect.history(request_id)]


def scheduled(connect: LocalConnect, **offset: float) -> str:
    """A cancel request that waits for its planned date (default: in ten days)."""
    request_id = connect.cancel("A-1")
    planned = iso(**(offset or {"days": 10}))
    connect.requests.schedule(request_id, {"planned_date": planned})
    return request_id


async def test_a_scheduled_request_comes_back_on_its_planned_date(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    path = f"requests/{request_id}/schedule"
    for payload in ({}, {"planned_date": "soon"}, {"planned_date": iso(hours=-1)}):
        assert (await call("POST", path, payload))[0] == 400
    status, found = await call("POST", path, {"planned_date": iso(hours=1)})
    assert (status, found["status"]) == (200, "scheduled")
    assert found["asset"]["status"] == "terminating"
    assert (await call("POST", path, {"planned_date": iso(hours=2)}))[0] == 400
    connect.clock.ahead += timedelta(minutes=59, seconds=59.5)
    await connect.reaches(request_id, "pending", timeout=5)
    assert statuses(connect, request_id) == ["pending", "scheduled", "pending"]


async def test_a_product_may_be_unable_to_schedule(connect: LocalConnect, call: Any) -> None:
    unable = connect.create_product(scheduling=False)
    connect.scheduling = False
    also_unable, able = connect.create_product(), connect.create_product(scheduling=True)
    for product_id, expected in ((unable, 400), (also_unable, 400), (able, 200)):
        asset_id = connect.create_subscription(product_id=product_id)
        request_id = connect.create_cancel_request(asset_id)
        planned = {"planned_date": iso(days=1)}
        status, body = await call("POST", f"requests/{request_id}/schedule", planned)
        assert status == expected
        if expected == 400:
            assert body["error_code"] == "REQ_003"
            assert connect.status(request_id) == "pending"


async def test_the_platform_lists_every_status_in_which_a_cancel_request_may_be_handled(
    call: Any,
) -> None:
    _, (found,) = await call("GET", "devops/event-definitions")
    assert found == EVENT_TYPES[0]
    assert found["object_statuses"] == [
        *("pending", "approved", "failed", "scheduled", "revoking", "revoked")
    ]


async def test_the_planned_date_can_be_made_to_come(connect: LocalConnect) -> None:
    request_id = scheduled(connect)
    connect.advance(request_id)
    assert connect.status(request_id) == "pending"


async def test_the_planned_date_can_be_brought_forward(connect: LocalConnect) -> None:
    at_once, soon = scheduled(connect), scheduled(connect)
    connect.bring_forward(at_once)
    connect.bring_forward(soon, moment(seconds=0.1))
    assert (connect.status(at_once), connect.status(soon)) == ("pending", "scheduled")
    await connect.reaches(soon, "pending", timeout=5)
    for request_id in (at_once, soon):
        planned = connect.request(request_id)["planned_date"]
        assert datetime.fromisoformat(planned) <= connect.clock.now()
        with pytest.raises(Refusal):
            connect.bring_forward(request_id)


async def test_another_process_can_bring_the_planned_date_forward(
    connect: LocalConnect, session: aiohttp.ClientSession
) -> None:
    url = f"{connect.control_url}/requests/{scheduled(connect)}/forward"
    for expected in (200, 400):
        async with session.post(url) as response:
            assert response.status == expected
    async with session.post(f"{connect.control_url}/requests/PR-0/forward") as response:
        assert response.status == 404


async def test_moving_the_clock_reaches_the_planned_dates_that_it_passes(
    connect: LocalConnect,
) -> None:
    passed, later = scheduled(connect, days=9), scheduled(connect, days=11)
    connect.clock.ahead += timedelta(days=10)
    assert (connect.status(passed), connect.status(later)) == ("pending", "scheduled")
    connect.clock.ahead += timedelta(days=1) - timedelta(seconds=0.1)
    await connect.reaches(later, "pending", timeout=5)


async def test_each_status_that_is_subscribed_to_has_its_own_task(connect: LocalConnect) -> None:
    connect.environment.subscribe({CANCEL_EVENT: STATUSES})
    returned, revoked = scheduled(connect), scheduled(connect)
    for request_id in (returned, revoked):
        (first,) = connect.tasks_of(request_id)
        first.status = TaskStatus.SUCCEEDED
    connect.advance(returned)
    connect.revoke(revoked)
    for request_id in (returned, revoked):
        assert [each.status for each in connect.tasks_of(request_id)] == [
            TaskStatus.SUCCEEDED,
            TaskStatus.SCHEDULED,
        ]
    connect.requests.confirm(revoked)
    assert len(connect.tasks_of(revoked)) == 2


async def test_a_task_that_waits_for_its_next_turn_does_not_hide_a_new_status(
    connect: LocalConnect,
) -> None:
    connect.environment.subscribe({CANCEL_EVENT: STATUSES})
    request_id = scheduled(connect)
    connect.tasks_of(request_id)[0].status = TaskStatus.RESCHEDULED
    connect.revoke(request_id)
    assert len(connect.tasks_of(request_id)) == 2


async def test_the_runners_count_finds_a_request_in_each_requested_status(
    connect: LocalConnect, call: Any
) -> None:
    request_id = scheduled(connect)
    count = f"requests?and(eq(id,{request_id}),in(status,(pending,revoking)))"
    assert (await call("GET", count))[1] == []
    connect.revoke(request_id)
    assert [each["id"] for each in (await call("GET", count))[1]] == [request_id]


@pytest.mark.parametrize("status", ["scheduled", "revoking"])
async def test_scheduled_and_revoking_requests_are_neither_approved_nor_rejected(
    connect: LocalConnect, call: Any, status: str
) -> None:
    request_id = scheduled(connect)
    if status == "revoking":
        connect.revoke(request_id)
    for action, payload in (
        ("approve", {"activation_tile": "bye"}),
        ("fail", {"reason": "no"}),
        ("schedule", {"planned_date": iso(days=1)}),
    ):
        answer, body = await call("POST", f"requests/{request_id}/{action}", payload)
        assert (answer, body["error_code"]) == (400, "REQ_003")
    request = connect.request(request_id)
    assert (request["status"], request["asset"]["status"]) == (status, "terminating")


async def test_the_customers_side_revokes_a_scheduled_request_and_the_vendor_confirms(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    path, reason = f"requests/{request_id}", {"reason": "stay"}
    assert (await call("POST", f"{path}/revoke", reason))[0] == 400
    connect.requests.schedule(request_id, {"planned_date": iso(hours=1)})
    status, revoking = await call("POST", f"{path}/revoke", reason, headers=PARTNER)
    assert (status, revoking["status"], revoking["reason"]) == (200, "revoking", "stay")
    assert revoking["asset"]["status"] == "terminating"
    connect.clock.ahead += timedelta(hours=2)
    assert connect.status(request_id) == "revoking"
    assert (await call("POST", f"{path}/confirm", headers=PARTNER))[0] == 403
    status, revoked = await call("POST", f"{path}/confirm")
    assert (status, revoked["status"], revoked["asset"]["status"]) == (200, "revoked", "active")
    assert (await call("POST", f"{path}/confirm"))[0] == 400


@pytest.mark.parametrize(
    ("on_confirm", "expected"), [(OnConfirm.REFUSE, 400), (OnConfirm.IGNORE, 200)]
)
async def test_confirm_may_be_the_wrong_call_for_a_revocation(
    connect: LocalConnect, call: Any, on_confirm: OnConfirm, expected: int
) -> None:
    connect.requests.on_confirm = on_confirm
    request_id = scheduled(connect)
    connect.revoke(request_id)
    assert (await call("POST", f"requests/{request_id}/confirm"))[0] == expected
    assert statuses(connect, request_id)[-1] == "revoking"
    connect.requests.complete_revocation(request_id)
    request = connect.request(request_id)
    assert (request["status"], request["asset"]["status"]) == ("revoked", "active")


async def test_the_effect_of_confirm_is_an_option(certificates: Certificates) -> None:
    connect = LocalConnect(certificates.server_context, on_confirm=OnConfirm.IGNORE)
    assert connect.requests.on_confirm is OnConfirm.IGNORE
    assert LocalConnect(certificates.server_context).requests.on_confirm is OnConfirm.REVOKE


@pytest.mark.parametrize(
    ("action", "payload", "status"),
    [
        ("schedule", {"planned_date": "2999-01-01T00:00:00Z"}, "scheduled"),
        ("revoke", {"reason": "stay"}, "revoking"),
        ("confirm", None, "revoked"),
    ],
)
async def test_the_answer_to_each_of_these_calls_can_be_lost(
    connect: LocalConnect, call: Any, action: str, payload: Any, status: str
) -> None:
    request_id = connect.cancel("A-1") if action == "schedule" else scheduled(connect)
    if action == "confirm":
        connect.revoke(request_id)
    path = f"requests/{request_id}/{action}"
    connect.faults.add("POST", f"/{action}$", faults.Respond(503, b"{}"), times=1)
    connect.faults.add("POST", f"/{action}$", faults.DropAfter(), times=1)
    assert (await call("POST", path, payload))[0] == 503
    assert connect.status(request_id) != status
    with pytest.raises(aiohttp.ClientConnectionError):
        await call("POST", path, payload)
    assert connect.status(request_id) == status
    assert (await call("POST", path, payload))[0] == 400
