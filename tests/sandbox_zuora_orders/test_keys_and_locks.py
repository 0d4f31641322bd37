"""Kept answers, locks, and the number of concurrent orders."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox_zuora_orders.calling import Caller, code


@pytest.fixture
def gate() -> asyncio.Event:
    return asyncio.Event()


async def started(caller: Caller, call: Awaitable[Any]) -> asyncio.Future[Any]:
    """The call, once Zuora is working on it."""
    await caller.get_token()
    task = asyncio.ensure_future(call)
    while not caller.zuora.traffic.running:
        await asyncio.sleep(0.005)
    return task


async def test_the_first_answer_is_sent_again_whatever_it_was(caller: Caller) -> None:
    zuora = caller.zuora
    zuora.add("A-S1")
    zuora.on("order").locked()
    body, other = caller.cancellation("A-S1"), caller.cancellation("A-S2")
    lock = await caller.order(body, Idempotency_Key="k", Zuora_Track_Id="one")
    assert (lock.status_code, code(lock)) == (409, 58730050)
    for again in (body, other):
        replay = await caller.order(again, Idempotency_Key="k", Zuora_Track_Id="two")
        assert (replay.status_code, replay.content) == (409, lock.content)
        assert replay.headers["Zuora-Request-Id"] == lock.headers["Zuora-Request-Id"]
        assert replay.headers["Zuora-Track-Id"] == "one"
    assert zuora.replays == 2
    assert (await caller.order(body, Idempotency_Key="k2")).status_code == 200
    assert (await caller.order(body, Idempotency_Key="k2")).status_code == 200
    assert zuora.effective_cancellations("A-S1") == 1


@pytest.mark.parametrize(("hours", "status"), [(23, 200), (24, 400)])
async def test_an_answer_is_kept_for_a_day(caller: Caller, hours: int, status: int) -> None:
    caller.zuora.add("A-S1")
    body = caller.cancellation("A-S1")
    assert (await caller.order(body, Idempotency_Key="k")).status_code == 200
    caller.zuora.clock_ahead = timedelta(hours=hours)
    assert (await caller.order(body, Idempotency_Key="k")).status_code == status


async def test_a_key_belongs_to_one_path(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    assert (await caller.preview(caller.previewed("A-S1"), Idempotency_Key="k")).status_code == 200
    answer = await caller.order(caller.cancellation("A-S1"), Idempotency_Key="k")
    assert (answer.status_code, "reasons" in answer.json()) == (422, False)


@pytest.mark.parametrize(
    ("method", "path", "length", "status"),
    [
        ("GET", "/v1/subscriptions/A-S1", 1, 400),
        ("DELETE", "/v1/orders/O-1", 1, 400),
        ("PUT", "/v1/orders/O-1", 1, 400),
        ("POST", "/v1/orders", 256, 400),
        ("POST", "/v1/orders", 255, 200),
    ],
)
async def test_only_a_post_takes_a_key_and_not_a_long_one(
    caller: Caller, method: str, path: str, length: int, status: int
) -> None:
    caller.zuora.add("A-S1")
    body = caller.cancellation("A-S1") if method == "POST" else None
    answer = await caller.call(method, path, body, Idempotency_Key="k" * length)
    assert answer.status_code == status
    if status == 400 and method != "POST":
        message = f"Request method '{method}' not supported with Idempotency-Key header"
        assert answer.json()["reasons"][0]["message"] == message


async def test_while_the_first_call_runs_its_key_is_a_conflict_without_reasons(
    caller: Caller, gate: asyncio.Event
) -> None:
    caller.zuora.add("A-S1")
    caller.zuora.on("order").hold(gate)
    body = caller.cancellation("A-S1")
    first = await started(caller, caller.order(body, Idempotency_Key="k"))
    second = await caller.order(body, Idempotency_Key="k")
    assert (second.status_code, "reasons" in second.json()) == (409, False)
    gate.set()
    assert (await first).status_code == 200
    assert (await caller.order(body, Idempotency_Key="k")).json() == (await first).json()


@pytest.mark.parametrize("limited", [True, False])
async def test_limits_and_refused_tokens_are_not_kept(caller: Caller, limited: bool) -> None:
    caller.zuora.add("A-S1")
    trouble = caller.zuora.on("order")
    trouble.concurrency_limited() if limited else trouble.token_refused()
    body = caller.cancellation("A-S1")
    refused = await caller.order(body, Idempotency_Key="k")
    assert refused.status_code == (429 if limited else 401)
    await caller.get_token()
    assert (await caller.order(body, Idempotency_Key="k")).status_code == 200


@pytest.mark.parametrize("operation", ["order", "preview"])
async def test_a_subscription_takes_one_order_at_a_time(
    caller: Caller, gate: asyncio.Event, operation: str
) -> None:
    zuora = caller.zuora
    zuora.add("A-S1")
    zuora.add("A-S2")
    zuora.on(operation, "A-S1").hold(gate)
    bodies = {"order": caller.cancellation, "preview": caller.previewed}
    call = {"order": caller.order, "preview": caller.preview}[operation]
    first = await started(caller, call(bodies[operation]("A-S1")))
    for path, body in (("", caller.cancellation("A-S1")), ("/preview", caller.previewed("A-S1"))):
        locked = await caller.call("POST", f"/v1/orders{path}", body)
        assert (locked.status_code, code(locked) % 100) == (409, 50)
    assert (await caller.order(caller.cancellation("A-S2"))).status_code == 200
    gate.set()
    assert (await first).status_code == 200


async def test_the_number_of_concurrent_orders_is_limited(
    caller: Caller, gate: asyncio.Event
) -> None:
    zuora = caller.zuora
    zuora.traffic.concurrency = 1
    zuora.add("A-S1")
    zuora.add("A-S2")
    zuora.on("order", "A-S1").hold(gate)
    first = await started(caller, caller.order(caller.cancellation("A-S1")))
    body = caller.cancellation("A-S2")
    for version in ("", caller.version):
        caller.version = version
        second = await caller.order(body, Idempotency_Key="k")
        assert (second.status_code, code(second) % 100) == (429, 70)
        assert second.headers["Retry-After"] == "30"
    gate.set()
    await first
    assert (await caller.order(body, Idempotency_Key="k")).status_code == 200


async def test_one_of_many_concurrent_orders_takes_effect(
    caller: Caller, gate: asyncio.Event
) -> None:
    caller.zuora.add("A-S1")
    caller.zuora.on("order").hold(gate, times=None)
    first = await started(caller, caller.order(caller.cancellation("A-S1")))
    others = await asyncio.gather(*(caller.order(caller.cancellation("A-S1")) for _ in range(7)))
    gate.set()
    assert [answer.status_code for answer in [await first, *others]] == [200] + [409] * 7
    assert caller.zuora.effective_cancellations("A-S1") == 1
