"""The request's state machine over real HTTPS: its transitions and the platform's refusals."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sandbox import LocalConnect


def iso(**offset: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(**offset)).isoformat()


def template_of(connect: LocalConnect, request_id: str) -> str:
    product_id = connect.request(request_id)["asset"]["product"]["id"]
    template: str = connect.catalogue.activation_templates(product_id)[0]["id"]
    return template


def statuses(connect: LocalConnect, request_id: str) -> list[str]:
    return [change.status for change in connect.history(request_id)]


async def test_a_cancel_request_terminates_its_subscription_when_it_is_approved(
    connect: LocalConnect, call: Any
) -> None:
    asset_id = connect.create_subscription("A-1")
    status, request = await call("POST", "requests", {"type": "cancel", "asset": {"id": asset_id}})
    assert (status, request["status"], request["asset"]["status"]) == (
        201,
        "pending",
        "terminating",
    )
    template_id = template_of(connect, request["id"])
    status, approved = await call(
        "POST", f"requests/{request['id']}/approve", {"template_id": template_id}
    )
    assert (status, approved["status"], approved["asset"]["status"]) == (
        200,
        "approved",
        "terminated",
    )
    assert approved["template"]["id"] == template_id
    assert approved["effective_date"]
    assert statuses(connect, request["id"]) == ["pending", "approved"]


async def test_a_rejected_request_leaves_the_subscription_active_and_the_hub_asks_again(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    status, failed = await call("POST", f"requests/{request_id}/fail", {"reason": "in use"})
    assert (status, failed["status"], failed["reason"]) == (200, "failed", "in use")
    assert failed["asset"]["status"] == "active"
    again = connect.hub_recreates(failed["asset"]["id"])
    assert again != request_id
    assert connect.status(again) == "pending"
    assert len(connect.tasks_of(again)) == 1


async def test_a_second_cancel_of_one_subscription_is_a_conflict(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    asset_id = connect.request(request_id)["asset"]["id"]
    status, body = await call("POST", "requests", {"type": "cancel", "asset": {"id": asset_id}})
    assert status == 409
    assert body["params"]["request_id"] == request_id
    assert body["params"]["request_status"] == "pending"


async def test_a_terminated_subscription_cannot_be_cancelled(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    connect.agent_approve(request_id)
    asset_id = connect.request(request_id)["asset"]["id"]
    status, _ = await call("POST", "requests", {"type": "cancel", "asset": {"id": asset_id}})
    assert status == 400


@pytest.mark.parametrize("type_", ["purchase", "suspend", None])
async def test_only_cancels_can_be_created(connect: LocalConnect, call: Any, type_: Any) -> None:
    asset = {"id": connect.create_subscription()}
    status, body = await call("POST", "requests", {"type": type_, "asset": asset})
    assert (status, body["error_code"]) == (400, "VAL_001")


async def test_approve_needs_a_template_or_a_tile(connect: LocalConnect, call: Any) -> None:
    request_id = connect.cancel("A-1")
    status, body = await call("POST", f"requests/{request_id}/approve")
    assert (status, body["error_code"]) == (400, "VAL_001")
    status, _ = await call("POST", f"requests/{request_id}/approve", {"activation_tile": "bye"})
    assert status == 200


async def test_approve_refuses_a_template_of_another_product_scope_or_type(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    product_id = connect.default_product()
    foreign = connect.create_product("Other")
    wrong = [
        connect.create_template(product_id, type_="inquire"),
        connect.create_template(product_id, scope="tier1"),
        connect.catalogue.activation_templates(foreign)[0]["id"],
        "TL-000-000-000",
        "-",
    ]
    for template_id in wrong:
        status, body = await call(
            "POST", f"requests/{request_id}/approve", {"template_id": template_id}
        )
        assert (status, body["error_code"]) == (400, "VAL_001"), template_id
    assert connect.status(request_id) == "pending"


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01T00:00:00Z", "2026-03-02", 5, ""])
async def test_an_effective_date_that_is_not_iso_8601_is_refused(
    connect: LocalConnect, call: Any, value: Any
) -> None:
    request_id = connect.cancel("A-1")
    payload = {"template_id": template_of(connect, request_id), "effective_date": value}
    status, body = await call("POST", f"requests/{request_id}/approve", payload)
    assert (status, body["error_code"]) == (400, "VAL_001")
    (error,) = body["errors"]
    assert error == (
        "effective_date: Datetime has wrong format. Use one of these formats instead: "
        "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
    )


async def test_an_effective_date_in_the_future_is_refused(connect: LocalConnect, call: Any) -> None:
    request_id = connect.cancel("A-1")
    payload = {"template_id": template_of(connect, request_id), "effective_date": iso(hours=1)}
    status, body = await call("POST", f"requests/{request_id}/approve", payload)
    assert (status, body["error_code"]) == (400, "VAL_001")


@pytest.mark.parametrize("value", ["2026-03-02T09:15:41Z", "2026-03-02 09:15:41.814429+02:00"])
async def test_an_effective_date_in_the_past_is_accepted(
    connect: LocalConnect, call: Any, value: str
) -> None:
    request_id = connect.cancel("A-1")
    payload = {"template_id": template_of(connect, request_id), "effective_date": value}
    status, approved = await call("POST", f"requests/{request_id}/approve", payload)
    assert status == 200
    assert approved["effective_date"].startswith("2026-03-02T09:15:41")


async def test_fail_needs_a_reason(connect: LocalConnect, call: Any) -> None:
    request_id = connect.cancel("A-1")
    for payload in (None, {}, {"reason": ""}):
        status, body = await call("POST", f"requests/{request_id}/fail", payload)
        assert status == 400
        assert body == {"error_code": "REQ_005", "errors": ["Missed fields: reason."]}


async def test_only_pending_requests_are_approved_or_rejected(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    connect.agent_approve(request_id)
    payload = {"template_id": template_of(connect, request_id)}
    status, body = await call("POST", f"requests/{request_id}/approve", payload)
    assert status == 400
    assert body == {
        "error_code": "REQ_003",
        "errors": ["Only pending Fulfillments can be approved."],
    }
    status, body = await call("POST", f"requests/{request_id}/fail", {"reason": "no"})
    assert (status, body["error_code"]) == (400, "REQ_003")
    assert connect.status(request_id) == "approved"


async def test_a_request_can_be_assigned(connect: LocalConnect, call: Any) -> None:
    request_id = connect.cancel("A-1")
    status, body = await call("POST", f"requests/{request_id}/assign", {"email": "a@b.example"})
    assert (status, body["assignee"]["email"]) == (200, "a@b.example")
    assert (await call("POST", f"requests/{request_id}/assign"))[0] == 400


async def test_a_product_can_have_a_cancellation_that_was_approved_in_the_past(
    connect: LocalConnect, call: Any
) -> None:
    proven, other = connect.create_product(proven=True), connect.create_product()
    pending = connect.create_cancel_request(connect.create_subscription(product_id=other))
    happened = len(connect.journal.happenings)
    query = "requests?and(eq(type,cancel),eq(status,approved),eq(asset.product.id,{}))&limit=1"
    _, (found,) = await call("GET", query.format(proven))
    assert (found["status"], found["asset"]["status"]) == ("approved", "terminated")
    assert found["created"] < connect.request(pending)["created"]
    assert connect.tasks_of(found["id"]) == []
    assert (await call("GET", query.format(other)))[1] == []
    connect.create_approved_cancellation(other)
    assert len((await call("GET", query.format(other)))[1]) == 1
    assert len(connect.journal.happenings) == happened
    connect.agent_approve(pending)
    assert connect.requests.candidates({"asset.product.id": [other], "status": ["pending"]}) == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "requests/PR-0"),
        ("POST", "requests/PR-0/approve"),
        ("GET", "assets/AS-0"),
        ("GET", "assets/AS-0/requests"),
        ("GET", "products/PRD-0/templates"),
        ("GET", "conversations/PR-0"),
        ("POST", "conversations/PR-0/messages"),
        ("GET", "nowhere"),
    ],
)
async def test_an_unknown_object_is_not_found(call: Any, method: str, path: str) -> None:
    status, body = await call(method, path)
    assert status == 404
    assert set(body) == {"error_code", "errors"}


@pytest.mark.parametrize("key", [None, "", "ApiKey SU-000-000-000:wrong", "Bearer x"])
async def test_an_unknown_key_is_unauthorized(
    connect: LocalConnect, session: Any, key: str | None
) -> None:
    del session.headers["Authorization"]
    headers = {} if key is None else {"Authorization": key}
    async with session.get(f"{connect.url}/requests", headers=headers) as response:
        assert response.status == 401
        assert await response.json() == {
            "error_code": "AUTH_001",
            "errors": ["API request is unauthorized."],
        }


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"'])
async def test_a_body_that_is_not_an_object_is_refused(
    connect: LocalConnect, session: Any, body: bytes
) -> None:
    request_id = connect.cancel("A-1")
    async with session.post(f"{connect.url}/requests/{request_id}/fail", data=body) as response:
        assert response.status == 400
        assert (await response.json())["error_code"] == "VAL_001"


async def test_every_answer_names_the_platform_version(connect: LocalConnect, session: Any) -> None:
    for path in ("accounts", "requests/PR-0"):
        async with session.get(f"{connect.url}/{path}") as response:
            assert response.headers["Connect-Version"] == "37.0.0"
