"""Reading subscriptions and orders, previews, and undoing an order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox_zuora_orders.calling import Caller, code


async def test_a_number_and_any_versions_id_show_the_latest_version(caller: Caller) -> None:
    zuora = caller.zuora
    old = zuora.add("A-S1")
    new = zuora.new_version("A-S1", monthly_price=80)
    for key in ("A-S1", old.id, new.id):
        shown = (await caller.get(f"subscriptions/{key}")).json()
        assert (shown["id"], shown["isLatestVersion"]) == (new.id, True)
    zuora.options.old_ids = "version"
    shown = (await caller.get(f"subscriptions/{old.id}")).json()
    assert (shown["id"], shown["isLatestVersion"], shown["status"]) == (old.id, False, "Expired")


async def test_a_subscription_can_show_its_changes_late(caller: Caller) -> None:
    zuora = caller.zuora
    zuora.add("A-S1")
    zuora.options.shows_after_seconds = 3600
    assert (await caller.order(caller.cancellation("A-S1"))).json()["status"] == "Completed"
    shown = (await caller.get("subscriptions/A-S1")).json()
    assert (shown["status"], shown["version"], shown["isLatestVersion"]) == ("Active", 1, True)
    assert code(await caller.order(caller.cancellation("A-S1"))) == 58730020
    zuora.clock_ahead = timedelta(hours=2)
    assert (await caller.get("subscriptions/A-S1")).json()["status"] == "Cancelled"


@pytest.mark.parametrize("key", ["a-s1", "A-S9", "0" * 32])
async def test_an_unknown_key_is_not_found_and_quoted(caller: Caller, key: str) -> None:
    caller.zuora.add("A-S1")
    answer = await caller.get(f"subscriptions/{key}")
    assert (answer.status_code, code(answer)) == (404, 50000040)
    assert answer.json()["reasons"][0]["message"] == f"Cannot find entity by key: '{key}'."


@pytest.mark.parametrize(
    ("status", "history"),
    [
        ("Active", ["Active", "OutOfTerm"]),
        ("Pending Activation", ["PendingActivation"]),
        ("Cancelled", ["Active", "Cancelled"]),
        ("Suspended", ["Suspended"]),
    ],
)
async def test_a_status_has_its_history(caller: Caller, status: str, history: list[str]) -> None:
    caller.zuora.add("A-S1", status)
    shown = (await caller.get("subscriptions/A-S1")).json()
    assert shown["status"] == status
    assert [each["status"] for each in shown["statusHistory"]] == history


@pytest.mark.parametrize(
    ("path", "category"),
    [
        ("subscriptions/A-S1?charge-detail=current-segment&getDetailedMetrics=true", None),
        ("subscriptions/A-S1?chargeDetail=all", 23),
        ("subscriptions/A-S1?getDetailedMetrics=yes", 23),
        ("orders/subscription/A-S1?pageSize=40", None),
        ("orders/subscription/A-S1?pageSize=41", 23),
        ("orders/subscription/A-S1?page=0", 23),
        ("orders/subscription/A-S1?status=Pending", 23),
        ("orders/subscription/A-S1?startDate=today", 23),
        ("orders/O-1?expand=all", 23),
        ("orders/O-1", 40),
        ("orders/subscription/A-S9", 40),
    ],
)
async def test_queries_are_as_described(caller: Caller, path: str, category: int | None) -> None:
    caller.zuora.add("A-S1")
    answer = await caller.get(path)
    assert (None if answer.status_code == 200 else code(answer) % 100) == category


async def test_orders_are_listed_with_the_newest_first(caller: Caller) -> None:
    zuora = caller.zuora
    zuora.add("A-S1")
    for number in range(5):
        status = "Draft" if number % 2 else "Pending"
        body = caller.cancellation("A-S1", orderNumber=f"PR-{number}", status=status)
        await caller.order(body)
    first = (await caller.get("orders/subscription/A-S1?pageSize=2")).json()
    assert [order["orderNumber"] for order in first["orders"]] == ["PR-4", "PR-3"]
    second = (await caller.call("GET", first["nextPage"].removeprefix(zuora.url))).json()
    assert [order["orderNumber"] for order in second["orders"]] == ["PR-2", "PR-1"]
    drafts = (await caller.get("orders/subscription/A-S1?status=draft")).json()
    assert [order["orderNumber"] for order in drafts["orders"]] == ["PR-3", "PR-1"]
    assert "nextPage" not in drafts
    future = await caller.get(f"orders/subscription/A-S1?startDate={caller.day(1)}")
    assert future.json()["orders"] == []


async def test_an_order_shows_its_marks_and_the_versions_it_made(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    body = caller.cancellation("A-S1", orderNumber="PR-1", description="why")
    answer = await caller.call("POST", "/v1/orders?returnIds=true", body)
    assert answer.json()["subscriptionIds"] == [caller.zuora.subscription("A-S1").id]
    order = (await caller.get("orders/PR-1")).json()["order"]
    assert (order["description"], order["existingAccountNumber"]) == ("why", "A00000001")
    (ordered,) = order["subscriptions"]
    assert (ordered["baseVersion"], ordered["newVersion"]) == (1, 2)
    (action,) = ordered["orderActions"]
    given = body["subscriptions"][0]["orderActions"][0]
    assert {name: action[name] for name in given} == given


async def test_without_order_metrics_no_order_can_be_read(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    caller.zuora.options.order_metrics = False
    assert (await caller.order(caller.cancellation("A-S1"))).status_code == 200
    for path in ("orders/O-00000001", "orders/subscription/A-S1"):
        answer = await caller.get(path)
        assert (answer.status_code, code(answer)) == (403, 50000010)
    assert "orderNumber" not in (await caller.get("subscriptions/A-S1")).json()


async def test_a_deleted_order_brings_the_former_version_back(caller: Caller) -> None:
    zuora = caller.zuora
    former = zuora.add("A-S1")
    body = caller.cancellation("A-S1", orderNumber="PR-1")
    await caller.order(body)
    cancelled = zuora.subscription("A-S1")
    assert (await caller.call("DELETE", "/v1/orders/PR-1")).json() == {"success": True}
    shown = (await caller.get("subscriptions/A-S1")).json()
    assert (shown["id"], shown["status"]) == (former.id, "Active")
    assert (shown["version"], shown["revision"]) == (1, "3.0")
    assert (await caller.get(f"subscriptions/{cancelled.id}")).status_code == 404
    assert (await caller.call("DELETE", "/v1/orders/PR-1")).status_code == 404
    assert code(await caller.order(body)) == 58730020
    zuora.rules.free_deleted_numbers = True
    assert (await caller.order(body)).status_code == 200
    assert zuora.effective_cancellations("A-S1") == 2


async def test_only_the_last_change_can_be_undone(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    await caller.order(caller.cancellation("A-S1"))
    caller.zuora.new_version("A-S1")
    assert code(await caller.call("DELETE", "/v1/orders/O-00000001")) == 50000020


@pytest.mark.parametrize("settlement", [True, False])
@pytest.mark.parametrize(("invoiced", "amount"), [(30, -59.0), (10, -19.67), (0, 0), (-6, 11.8)])
async def test_a_preview_says_what_would_be_billed_and_changes_nothing(
    caller: Caller, settlement: bool, invoiced: int, amount: float
) -> None:
    zuora = caller.zuora
    zuora.rules.invoice_settlement = settlement
    zuora.add("A-S1", invoiced_through=zuora.today() + timedelta(days=invoiced))
    result = (await caller.preview(caller.previewed("A-S1"))).json()["previewResult"]
    invoices = [each["amount"] for each in result["invoices"]]
    memos = [each["amount"] for each in result.get("creditMemos", [])]
    assert ("creditMemos" in result) == settlement
    assert sum(invoices) - sum(memos) == amount
    assert memos == ([-amount] if settlement and amount < 0 else [])
    assert not zuora.orders_of("A-S1")
    assert not zuora.documents
    assert zuora.subscription("A-S1").status == "Active"


async def test_a_preview_shows_shrinking_metrics(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    kinds = ["ChargeMetrics", "OrderDeltaMetrics"]
    body = caller.previewed("A-S1", preview__previewTypes=kinds)
    result = (await caller.preview(body)).json()["previewResult"]
    assert result["chargeMetrics"][0]["charges"][0]["tcb"]["regularDelta"] < 0
    assert result["orderDeltaMetrics"]["orderDeltaMrr"][0]["netAmount"] == -59
    assert "invoices" not in result


@pytest.mark.parametrize(
    ("changes", "category"),
    [
        ({"previewOptions": None}, 22),
        ({"preview__previewThruType": None}, 22),
        ({"preview__specificPreviewThruDate": None}, 22),
        ({"preview__previewTypes": []}, 22),
        ({"preview__previewThroughType": "SpecificDate"}, 21),
        ({"processingOptions": {}}, 21),
        ({"preview__previewTypes": ["All"]}, 20),
        ({"preview__previewTypes": ["RampMetrics"]}, 20),
        ({"preview__previewNumberOfPeriods": 0}, 20),
        ({"cancel__cancellationEffectiveDate": "2020-01-01"}, 20),
    ],
    ids=str,
)
async def test_a_preview_is_checked_like_the_order(
    caller: Caller, changes: dict[str, Any], category: int
) -> None:
    caller.zuora.add("A-S1")
    answer = await caller.preview(caller.previewed("A-S1", **changes), bad=True)
    assert (answer.status_code, code(answer)) == (400, 58740000 + category)
