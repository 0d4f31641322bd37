"""The sandbox answers like every published or recorded exchange."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import httpx
import pytest

from tests.sandbox_zuora_orders.calling import CONTRACTS, Caller

pytestmark = pytest.mark.skipif(not CONTRACTS.exists(), reason="the contracts are not here")

Exchange = Callable[[Caller], Awaitable[httpx.Response]]

# Tenant-dependent fields: here nothing is written off, and there are no custom fields.
CIRCUMSTANCES = {"writeOff", "customFields"}


def recorded(name: str) -> Any:
    return json.loads((CONTRACTS / "recorded" / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    """The keys and the types of an answer; for a list, those of its first member."""
    if isinstance(value, dict):
        return {k: shape(each) for k, each in value.items() if k not in CIRCUMSTANCES}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return "number" if type(value) in (int, float) else type(value).__name__


def covers(shown: Any, wanted: Any) -> bool:
    """Whether one shape contains the other; null in either fits everything."""
    if isinstance(wanted, dict) and isinstance(shown, dict):
        return all(name in shown and covers(shown[name], wanted[name]) for name in wanted)
    if isinstance(wanted, list) and isinstance(shown, list):
        return not wanted or (bool(shown) and covers(shown[0], wanted[0]))
    return "NoneType" in (shown, wanted) or shown == wanted


def cancelled_first(path: str, method: str = "GET") -> Exchange:
    """A call after a cancellation."""

    async def exchange(caller: Caller) -> httpx.Response:
        await caller.order(caller.cancellation("A-S1"))
        return await caller.call(method, f"/v1/{path}")

    return exchange


def old(call: Exchange) -> Exchange:
    """A call without a version."""

    async def exchange(caller: Caller) -> httpx.Response:
        caller.version = ""
        return await call(caller)

    return exchange


async def locked(caller: Caller) -> httpx.Response:
    caller.zuora.on("preview").locked()
    return await caller.preview(caller.previewed("A-S1"))


async def rate_limited(caller: Caller) -> httpx.Response:
    caller.zuora.on("order").rate_limited()
    return await caller.order(caller.cancellation("A-S1"))


async def billed(caller: Caller) -> httpx.Response:
    start = caller.zuora.subscription("A-S1").term_start_date
    caller.zuora.new_version("A-S1", invoiced_through=start)
    return await caller.preview(caller.previewed("A-S1"))


EXCHANGES: dict[str, Exchange] = {
    "token-ok": lambda caller: caller.get_token(),
    "unauthorized": lambda caller: caller.get("orders/O-1", Authorization="Bearer none"),
    "error-not-found": old(lambda caller: caller.get("subscriptions/1234567")),
    "error-lock": old(locked),
    "error-invalid-value": old(
        lambda caller: caller.order(caller.cancellation("A-S1", action__type="Cancel"), bad=True)
    ),
    "rate-limited": rate_limited,
    "order-answer-with-version-223-or-later": lambda caller: caller.order(
        caller.cancellation("A-S1")
    ),
    "subscription-active": lambda caller: caller.get(
        "subscriptions/A-S1?charge-detail=current-segment"
    ),
    "subscription-cancelled-2018": cancelled_first("subscriptions/A-S1"),
    "order-preview-billing-docs": billed,
    "order-get": cancelled_first("orders/O-00000001"),
    "orders-of-a-subscription": cancelled_first("orders/subscription/A-S1"),
    "order-delete-ok": cancelled_first("orders/O-00000001", "DELETE"),
}


@pytest.mark.parametrize("name", EXCHANGES)
async def test_an_answer_is_like_the_published_one(caller: Caller, name: str) -> None:
    caller.zuora.add("A-S1")
    wanted = recorded(name)["response"]
    answer = await EXCHANGES[name](caller)
    assert answer.status_code == wanted["status"]
    for header, value in wanted.get("headers", {}).items():
        assert answer.headers[header] == value
    if "body" in wanted:
        shown, published = shape(answer.json()), shape(wanted["body"])
        assert covers(shown, published), (shown, published)
        assert answer.json().get("success") == wanted["body"].get("success")
    for reason in wanted.get("body", {}).get("reasons", []):
        assert answer.json()["reasons"][0]["code"] % 100 == reason["code"] % 100


ORDERS = [
    "order-cancel-end-of-invoiced-period",
    "order-cancel-no-processing-options",
    "order-cancel-today-with-write-off",
]


@pytest.mark.parametrize("name", ORDERS)
async def test_a_published_order_is_carried_out_on_its_day(caller: Caller, name: str) -> None:
    """Zuora's own bodies, unchanged, without a version."""
    found = recorded(name)
    body, wanted = found["request"]["body"], found["response"]["body"]
    day = date.fromisoformat(body["orderDate"])
    noon = datetime.combine(day, time(20), timezone.utc)
    caller.zuora.clock_ahead = noon - datetime.now(timezone.utc)
    caller.version = ""
    caller.zuora.add(
        body["subscriptions"][0]["subscriptionNumber"],
        account_number=body["existingAccountNumber"],
        contract_effective_date=day - timedelta(days=40),
    )
    answer = (await caller.order(body)).json()
    assert covers(shape(answer), shape(wanted))
    assert answer["subscriptionNumbers"] == wanted["subscriptionNumbers"]
    assert (answer["status"], answer["accountNumber"]) == ("Completed", wanted["accountNumber"])


async def test_a_misspelt_preview_option_has_the_recorded_code(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    wanted = recorded("error-preview-options-misspelt")["response"]
    options = {"previewThroughType": "SpecificDate", "previewTypes": ["BillingDocs"]}
    answer = await caller.preview(caller.previewed("A-S1", previewOptions=options))
    assert answer.status_code == wanted["status"]
    assert answer.json()["reasons"][0]["code"] == wanted["code"]


async def test_a_put_with_a_key_is_refused_with_the_recorded_message(caller: Caller) -> None:
    wanted = recorded("put-with-idempotency-key-refused")["response"]
    answer = await caller.call("PUT", "/v1/orders", Idempotency_Key="k")
    assert answer.status_code == wanted["status"]
    assert answer.json()["reasons"][0]["message"] == wanted["message"]
