"""Every kind of misbehaviour, late orders, and the calls they apply to."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from sandbox.faults import Respond
from tests.sandbox_zuora_orders.calling import Caller, code

# The method with its arguments, the status, the code, and whether the order takes effect.
TROUBLE: list[tuple[str, dict[str, Any], int, int | None, bool]] = [
    ("html", {}, 200, None, False),
    ("html", {"status": 503, "after_work": True}, 503, None, True),
    ("bad_gateway", {}, 504, None, False),
    ("bad_gateway", {"after_work": True}, 504, None, True),
    ("locked", {}, 409, 58730050, False),
    ("temporary_error", {}, 500, 58730061, False),
    ("internal_error", {}, 500, 58730060, False),
    ("internal_error", {"after_work": True}, 500, 58730060, True),
    ("integration_error", {}, 500, 58730099, False),
    ("rate_limited", {"reset": "7"}, 429, None, False),
    ("concurrency_limited", {}, 429, 58730070, False),
    ("denied", {}, 403, 58730010, False),
    ("token_refused", {}, 401, 90000011, False),
    ("refuse", {}, 400, 58730020, False),
    ("refuse", {"code": 53100030}, 400, 53100030, False),
    ("do", {"fault": Respond(302, headers={"Location": "/"})}, 302, None, False),
]


@pytest.mark.parametrize("case", TROUBLE, ids=str)
async def test_the_next_order_goes_wrong_and_the_one_after_it_does_not(
    caller: Caller, case: tuple[str, dict[str, Any], int, int | None, bool]
) -> None:
    name, given, status, said, works = case
    zuora = caller.zuora
    zuora.add("A-S1")
    rule = getattr(zuora.on("order"), name)(**given)
    answer = await caller.order(caller.cancellation("A-S1"))
    assert answer.status_code == status
    if said is not None:
        assert code(answer) == said
    assert zuora.effective_cancellations("A-S1") == works
    if name == "rate_limited":
        assert (answer.headers["ratelimit-reset"], answer.content) == ("7", b"")
        assert answer.headers["ratelimit-remaining"] == "0"
    if name == "token_refused":
        assert not zuora.tokens.valid(caller.token)
        await caller.get_token()
    answer = await caller.order(caller.cancellation("A-S1"))
    assert answer.status_code == (400 if works else 200)
    assert rule.hits == 1


@pytest.mark.parametrize("after", [True, False])
async def test_a_connection_is_lost_before_or_after_the_work(caller: Caller, after: bool) -> None:
    caller.zuora.add("A-S1")
    trouble = caller.zuora.on("order")
    trouble.drop_after() if after else trouble.drop_before()
    body = caller.cancellation("A-S1")
    with pytest.raises(httpx.RemoteProtocolError):
        await caller.order(body, Idempotency_Key="k")
    assert caller.zuora.effective_cancellations("A-S1") == after
    assert (await caller.order(body, Idempotency_Key="k")).status_code == 200
    assert caller.zuora.replays == after


async def test_any_reasons_can_have_any_status(caller: Caller) -> None:
    trouble = caller.zuora.on("subscription")
    trouble.reasons(50000020, 50000050, status=200, message="both")
    answer = await caller.get("subscriptions/A-S1")
    assert answer.status_code == 200
    said = [(reason["code"], reason["message"]) for reason in answer.json()["reasons"]]
    assert said == [(50000020, "both"), (50000050, "both")]


@pytest.mark.parametrize("status", ["Pending", "Draft", "Scheduled"])
async def test_an_order_comes_back_undone(caller: Caller, status: str) -> None:
    caller.zuora.add("A-S1")
    caller.zuora.on("order").comes_back(status)
    answer = (await caller.order(caller.cancellation("A-S1"))).json()
    assert (answer["success"], answer["status"]) == (True, status)
    (order,) = caller.zuora.orders_of("A-S1")
    assert (order.status, caller.zuora.subscription("A-S1").status) == (status, "Active")
    assert caller.zuora.complete_order(order.number).status == "Completed"
    assert caller.zuora.subscription("A-S1").status == "Cancelled"


async def test_a_late_order_is_carried_out_after_the_gateway_has_given_up(caller: Caller) -> None:
    zuora = caller.zuora
    zuora.add("A-S1")
    finished = asyncio.Event()
    zuora.on("order").finishes_later(0.01, gateway_seconds=0.05)
    zuora.on("order").hold(finished)
    body = caller.cancellation("A-S1", orderNumber="PR-1")
    answer = await caller.order(body, Idempotency_Key="k")
    assert (answer.status_code, answer.headers["Content-Type"]) == (504, "text/html")
    assert (await caller.get("subscriptions/A-S1")).json()["status"] == "Active"
    assert code(await caller.get("orders/PR-1")) == 50000040
    assert code(await caller.order(body)) == 58730050
    conflict = await caller.order(body, Idempotency_Key="k")
    assert (conflict.status_code, "reasons" in conflict.json()) == (409, False)
    finished.set()
    await zuora.late_orders_done()
    assert (await caller.get("orders/PR-1")).json()["order"]["status"] == "Completed"
    assert code(await caller.order(body)) == 58730020
    assert (await caller.order(body, Idempotency_Key="k")).json()["orderNumber"] == "PR-1"
    assert zuora.effective_cancellations("A-S1") == 1


async def test_a_late_order_goes_on_while_the_server_is_away(caller: Caller) -> None:
    zuora = caller.zuora
    zuora.gateway_seconds = 0.01
    zuora.add("A-S1")
    zuora.on("order").finishes_later(0.1)
    await caller.order(caller.cancellation("A-S1"))
    await zuora.stop()
    await zuora.late_orders_done()
    assert zuora.subscription("A-S1").status == "Cancelled"
    await zuora.start()


async def test_an_order_faster_than_the_gateway_gets_its_own_answer(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    caller.zuora.on("order").finishes_later(0.01)
    assert (await caller.order(caller.cancellation("A-S1"))).status_code == 200


async def test_trouble_and_counts_are_for_an_operation_and_a_subscription(caller: Caller) -> None:
    zuora = caller.zuora
    one, _ = zuora.add("A-S1"), zuora.add("A-S2")
    zuora.on("subscription", "A-S1").denied(times=None)
    assert (await caller.get(f"subscriptions/{one.id}")).status_code == 403
    assert (await caller.get("subscriptions/A-S2")).status_code == 200
    await caller.preview(caller.previewed("A-S1"))
    await caller.order(caller.cancellation("A-S1", "A-S2"))
    await caller.get("orders/O-00000001")
    await caller.get("orders/subscription/A-S2")
    await caller.call("DELETE", "/v1/orders/O-00000001")
    operations = ["subscription", "preview", "order", "order by number", "delete order"]
    assert [call.operation for call in zuora.calls_to("*", "A-S1")] == operations
    assert (zuora.count("orders"), zuora.count("orders", "A-S1"), zuora.count("token")) == (1, 0, 1)
    assert zuora.calls_to("order")[0].numbers == ("A-S1", "A-S2")


async def test_the_plan_of_the_whole_server_and_limits_of_tokens(caller: Caller) -> None:
    caller.zuora.on("token").rate_limited()
    answer = await caller.get_token()
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining-minute"]) == (429, "0")
    caller.zuora.faults.add("POST", "/oauth", Respond(502), times=1)
    assert (await caller.get_token()).status_code == 502
    assert (await caller.get_token()).status_code == 200
