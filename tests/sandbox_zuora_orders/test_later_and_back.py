"""Later cancellations and undone cancellations."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.zuora_orders import LocalZuoraOrders, ZuoraError
from tests.sandbox_zuora_orders.calling import Caller, code


async def delete(caller: Caller, order_number: str = "PR-1", **headers: Any) -> httpx.Response:
    return await caller.call("DELETE", f"/v1/orders/{order_number}", **headers)


async def cancelled(caller: Caller, days: int = 30, **fields: Any) -> LocalZuoraOrders:
    """A-S1, cancelled by the order PR-1 for a later day."""
    caller.zuora.add("A-S1", **fields)
    day = caller.day(days)
    body = caller.cancellation("A-S1", orderNumber="PR-1", cancel__cancellationEffectiveDate=day)
    assert (await caller.order(body)).status_code == 200
    return caller.zuora


@pytest.mark.parametrize(
    ("policy", "days"), [("EndOfCurrentTerm", 305), ("EndOfLastInvoicePeriod", 12)]
)
async def test_a_policy_cancels_at_once_for_a_later_day(
    caller: Caller, policy: str, days: int
) -> None:
    caller.zuora.add("A-S1", invoiced_through=caller.zuora.today() + timedelta(days=12))
    details = {"cancellationPolicy": policy}
    await caller.order(caller.cancellation("A-S1", action__cancelSubscription=details))
    shown = (await caller.get("subscriptions/A-S1")).json()
    assert (shown["status"], shown["subscriptionEndDate"]) == ("Cancelled", caller.day(days))


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/preview"])
@pytest.mark.parametrize(
    ("details", "fields"),
    [
        ({"cancellationPolicy": "EndOfCurrentTerm"}, {"term_type": "EVERGREEN"}),
        ({"cancellationPolicy": "EndOfLastInvoicePeriod"}, {"invoiced_through": None}),
        ({"cancellationPolicy": "SpecificDate"}, {"status": "Active"}),
    ],
    ids=str,
)
async def test_a_policy_without_a_day_is_refused_by_orders_and_previews(
    caller: Caller, path: str, details: dict[str, str], fields: dict[str, Any]
) -> None:
    caller.zuora.add("A-S1", **fields)
    preview = path.endswith("preview")
    make = caller.previewed if preview else caller.cancellation
    answer = await caller.call("POST", path, make("A-S1", action__cancelSubscription=details))
    category = 22 if details["cancellationPolicy"] == "SpecificDate" else 20
    assert code(answer) == (58740000 if preview else 58730000) + category
    assert caller.zuora.subscription("A-S1").status == "Active"


async def test_a_day_after_the_end_of_the_term_is_refused(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    for days, status in ((306, 400), (305, 200)):
        day = caller.day(days)
        body = caller.cancellation("A-S1", cancel__cancellationEffectiveDate=day)
        assert (await caller.order(body)).status_code == status


async def test_a_deleted_order_restores_the_subscription(caller: Caller) -> None:
    zuora = await cancelled(caller)
    answer = await delete(caller)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    shown = (await caller.get("subscriptions/A-S1")).json()
    assert (shown["status"], shown["version"], shown["revision"]) == ("Active", 1, "3.0")
    assert (shown["subscriptionEndDate"], shown["cancelReason"]) == (caller.day(305), None)
    assert code(await caller.get("orders/PR-1")) == 50000040
    again = caller.cancellation("A-S1", orderNumber="PR-1-2")
    assert (await caller.order(again)).status_code == 200
    shown = (await caller.get("subscriptions/A-S1")).json()
    assert (shown["status"], shown["version"], shown["revision"]) == ("Cancelled", 2, "4.0")
    assert (zuora.effective_cancellations("A-S1"), zuora.undone_cancellations("A-S1")) == (2, 1)


async def test_an_invoiced_order_is_not_deleted(caller: Caller) -> None:
    zuora = await cancelled(caller, 10, monthly_price=30)
    document = zuora.invoice("A-S1")
    assert (document.kind, document.amount) == ("credit memo", 20)
    assert zuora.subscription("A-S1").invoiced_through == zuora.today() + timedelta(days=10)
    assert code(await delete(caller)) == 50000020
    assert zuora.subscription("A-S1").status == "Cancelled"
    assert zuora.undone_cancellations("A-S1") == 0
    assert zuora.invoice("A-S1").amount == 0


async def test_an_invoice_before_the_order_does_not_protect_it(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    caller.zuora.invoice("A-S1", caller.zuora.today() + timedelta(days=60))
    details = {"cancellationPolicy": "EndOfLastInvoicePeriod"}
    body = caller.cancellation("A-S1", orderNumber="PR-1", action__cancelSubscription=details)
    await caller.order(body)
    end = caller.zuora.subscription("A-S1").subscription_end_date
    assert end is not None
    assert end.isoformat() == caller.day(60)
    assert (await delete(caller)).status_code == 200


async def test_only_the_last_order_of_a_subscription_is_deleted(caller: Caller) -> None:
    zuora = await cancelled(caller)
    later = zuora.order_otherwise("A-S1")
    assert code(await delete(caller)) == 50000020
    found = (await caller.get(f"orders/{later.number}")).json()["order"]
    action = found["subscriptions"][0]["orderActions"][0]
    assert (action["type"], "cancelSubscription" in action) == ("TermsAndConditions", False)
    listed = (await caller.get("orders/subscription/A-S1")).json()["orders"]
    assert [order["orderNumber"] for order in listed] == [later.number, "PR-1"]
    assert (await delete(caller, later.number)).status_code == 200
    assert zuora.subscription("A-S1").status == "Cancelled"
    assert (await delete(caller)).status_code == 200
    assert zuora.subscription("A-S1").status == "Active"
    assert zuora.undone_cancellations("A-S1") == 1


async def test_a_reverted_order_is_not_deleted(caller: Caller) -> None:
    zuora = await cancelled(caller)
    zuora.revert_order("PR-1")
    shown = (await caller.get("subscriptions/A-S1")).json()
    assert (shown["status"], shown["version"]) == ("Active", 3)
    assert shown["subscriptionEndDate"] == caller.day(305)
    assert code(await delete(caller)) == 50000020
    with pytest.raises(ZuoraError):
        zuora.revert_order("PR-1")


@pytest.mark.parametrize(("version", "status"), [("", 200), ("2025-08-12", 404)])
async def test_an_unknown_number_has_category_40(caller: Caller, version: str, status: int) -> None:
    caller.version = version
    answer = await delete(caller)
    assert (answer.status_code, code(answer)) == (status, 50000040)


async def test_a_deletion_takes_no_key(caller: Caller) -> None:
    zuora = await cancelled(caller)
    answer = await delete(caller, Idempotency_Key="k")
    message = "Request method 'DELETE' not supported with Idempotency-Key header"
    assert answer.json()["reasons"][0]["message"] == message
    assert zuora.subscription("A-S1").status == "Cancelled"


# The method with its arguments, the status, the code, and whether the order is deleted.
TROUBLE: list[tuple[str, dict[str, Any], int, int | None, bool]] = [
    ("bad_gateway", {}, 504, None, False),
    ("bad_gateway", {"after_work": True}, 504, None, True),
    ("finishes_later", {"seconds": 0.1, "gateway_seconds": 0.01}, 504, None, True),
    ("internal_error", {}, 500, 50000060, False),
    ("internal_error", {"after_work": True}, 500, 50000060, True),
    ("temporary_error", {}, 500, 50000061, False),
    ("locked", {}, 409, 50000050, False),
    ("rate_limited", {}, 429, None, False),
    ("token_refused", {}, 401, 90000011, False),
    ("denied", {}, 403, 50000010, False),
    ("delay", {"seconds": 0.01}, 200, None, True),
]


@pytest.mark.parametrize("case", TROUBLE, ids=str)
async def test_a_deletion_goes_wrong_before_or_after_the_work(
    caller: Caller, case: tuple[str, dict[str, Any], int, int | None, bool]
) -> None:
    name, given, status, said, works = case
    zuora = await cancelled(caller)
    getattr(zuora.on("delete order", "A-S1"), name)(**given)
    answer = await delete(caller)
    assert answer.status_code == status
    if said is not None:
        assert code(answer) == said
    await zuora.late_orders_done()
    assert zuora.undone_cancellations("A-S1") == works
    assert (zuora.subscription("A-S1").status == "Active") is works
    caller.token = ""
    assert (await delete(caller)).status_code == (404 if works else 200)
    assert zuora.count("delete order", "A-S1") == 2


@pytest.mark.parametrize("after", [True, False])
async def test_the_answer_to_a_deletion_is_lost(caller: Caller, after: bool) -> None:
    zuora = await cancelled(caller)
    trouble = zuora.on("delete order")
    trouble.drop_after() if after else trouble.drop_before()
    with pytest.raises(httpx.RemoteProtocolError):
        await delete(caller)
    assert zuora.undone_cancellations("A-S1") == after
    assert (await delete(caller)).status_code == (404 if after else 200)
    assert zuora.undone_cancellations("A-S1") == 1


async def test_a_deletion_locks_its_subscription(caller: Caller) -> None:
    zuora, gate = await cancelled(caller), asyncio.Event()
    zuora.on("delete order").hold(gate)
    first = asyncio.ensure_future(delete(caller))
    while not zuora.traffic.running:
        await asyncio.sleep(0.005)
    second = await delete(caller)
    assert (second.status_code, code(second)) == (409, 50000050)
    gate.set()
    assert (await first).status_code == 200
    assert zuora.undone_cancellations("A-S1") == 1


async def test_a_subscription_shows_cancelled_until_the_deletion_is_visible(caller: Caller) -> None:
    zuora = await cancelled(caller)
    zuora.options.shows_after_seconds = 60
    zuora.clock_ahead = timedelta(seconds=90)
    await delete(caller)
    assert (await caller.get("subscriptions/A-S1")).json()["status"] == "Cancelled"
    zuora.clock_ahead += timedelta(seconds=90)
    assert (await caller.get("subscriptions/A-S1")).json()["status"] == "Active"
