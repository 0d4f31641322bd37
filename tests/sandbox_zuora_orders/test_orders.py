"""The form of a cancellation, its effects, and refusals."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from sandbox.zuora_orders import LocalZuoraOrders, ZuoraError
from tests.sandbox_zuora_orders.calling import Caller, code


async def test_a_cancellation_makes_a_new_version_at_once(caller: Caller) -> None:
    zuora = caller.zuora
    before = zuora.add("A-S1")
    end = caller.day(40)
    body = caller.cancellation(
        "A-S1", orderNumber="CONNECT-1", description="PR-1", cancel__cancellationEffectiveDate=end
    )
    assert (await caller.order(body)).json()["orderNumber"] == "CONNECT-1"
    shown = (await caller.get("subscriptions/A-S1")).json()
    assert (shown["status"], shown["cancelReason"]) == ("Cancelled", "CloudBlue Connect PR-1")
    assert shown["subscriptionEndDate"] == shown["termEndDate"] == end
    assert (shown["version"], shown["revision"], shown["isLatestVersion"]) == (2, "2.0", True)
    assert shown["statusHistory"][-1] == {"startDate": end, "endDate": None, "status": "Cancelled"}
    assert shown["orderNumber"] == "CONNECT-1"
    assert "cancelledDate" not in shown
    assert [each.status for each in zuora.versions("A-S1")] == ["Expired", "Cancelled"]
    assert zuora.versions("A-S1")[0].id == before.id != shown["id"]
    (order,) = zuora.orders_of("A-S1")
    assert (order.number, order.status, order.description) == ("CONNECT-1", "Completed", "PR-1")
    assert (order.change_reason, order.effective_date.isoformat()) == (
        "CloudBlue Connect PR-1",
        end,
    )
    assert zuora.effective_cancellations("A-S1") == 1
    assert zuora.documents == []


# The change to the body and the category; a shape that the description forbids is `bad`.
SHAPES: list[tuple[dict[str, Any], int]] = [
    ({"surprise": 1}, 21),
    ({"options__collect": False}, 21),
    ({"action__customFields": {"mine__c": "x"}}, 21),
    ({"orderDate": None}, 22),
    ({"existingAccountNumber": None}, 22),
    ({"given__subscriptionNumber": None}, 22),
    ({"given__orderActions": []}, 22),
    ({"subscriptions": []}, 22),
    ({"action__type": None}, 22),
    ({"action__cancelSubscription": None}, 22),
    ({"cancel__cancellationPolicy": None}, 22),
    ({"cancel__cancellationEffectiveDate": None}, 22),
    ({"status": "Scheduled"}, 22),
    ({"given__orderActions": None}, 22),
    ({"orderDate": "27.11.2026"}, 20),
    ({"orderDate": "2026-02-30"}, 20),
    ({"options__runBilling": "false"}, 20),
    ({"options__collectPayment": True}, 20),
    ({"subscriptions": {}}, 20),
    ({"existingAccountId": "0" * 32}, 20),
    ({"orderNumber": "x" * 101}, 20),
    ({"orderNumber": "PR/1"}, 20),
    ({"orderNumber": "PR#1"}, 20),
    ({"description": "x" * 501}, 20),
    ({"action__changeReason": "x" * 256}, 20),
    ({"action__type": "Cancel"}, 20),
    ({"action__type": "RenewSubscription"}, 20),
    ({"action__suspend": {}}, 20),
    ({"newAccount": {}}, 20),
    ({"cancel__cancellationPolicy": "Today"}, 20),
    ({"cancel__cancellationPolicy": "EndOfCurrentTerm"}, 20),
    ({"status": "Executing"}, 20),
    ({"existingAccountNumber": "A00000009"}, 40),
    ({"given__subscriptionNumber": "A-S9"}, 40),
]


@pytest.mark.parametrize(("changes", "category"), SHAPES, ids=str)
async def test_a_body_unlike_the_description_is_refused(
    caller: Caller, changes: dict[str, Any], category: int
) -> None:
    caller.zuora.add("A-S1")
    answer = await caller.order(caller.cancellation("A-S1", **changes), bad=True)
    assert code(answer) == 58730000 + category
    assert answer.status_code == (404 if category == 40 else 400)
    assert caller.zuora.orders_of("A-S1") == []
    assert caller.zuora.subscription("A-S1").status == "Active"


@pytest.mark.parametrize(
    ("content", "kind", "status", "category"),
    [
        ("{", "application/json", 400, 90),
        ("[]", "application/json", 400, 90),
        ("{}", "text/plain", 415, 45),
    ],
)
async def test_a_body_that_is_not_a_json_object_is_refused(
    caller: Caller, content: str, kind: str, status: int, category: int
) -> None:
    await caller.get_token()
    headers = {"Authorization": f"Bearer {caller.token}", "Zuora-Version": caller.version}
    answer = await caller.http.post(
        f"{caller.zuora.url}/v1/orders", content=content, headers={**headers, "Content-Type": kind}
    )
    assert (answer.status_code, code(answer) % 100) == (status, category)


@pytest.mark.parametrize(
    ("fields", "category"),
    [
        ({"status": "Cancelled"}, 20),
        ({"status": "Draft"}, 30),
        ({"status": "Suspended"}, 30),
        ({"status": "Pending Activation"}, 20),
        ({"refusal": "It has open invoices"}, 30),
        ({"invoice_owner_account_number": "A00000002"}, 20),
    ],
    ids=str,
)
async def test_only_an_active_subscription_of_the_invoice_owner_can_be_cancelled(
    caller: Caller, fields: dict[str, Any], category: int
) -> None:
    caller.zuora.add("A-S1", **fields)
    assert code(await caller.order(caller.cancellation("A-S1"))) == 58730000 + category
    assert caller.zuora.effective_cancellations("A-S1") == 0


async def test_the_invoice_owner_orders_by_number_or_by_id(caller: Caller) -> None:
    for number in ("A-S1", "A-S2"):
        caller.zuora.add(number, account_number="A-7", invoice_owner_account_number="A-8")
    identifier = (await caller.get("subscriptions/A-S1")).json()["invoiceOwnerAccountId"]
    by_number = caller.cancellation("A-S1", existingAccountNumber="A-8")
    by_id = caller.cancellation("A-S2", existingAccountNumber=None, existingAccountId=identifier)
    for body in (by_number, by_id):
        assert (await caller.order(body)).json()["accountNumber"] == "A-8"


async def test_a_subscription_is_cancelled_by_its_number_not_by_an_id(caller: Caller) -> None:
    body = caller.cancellation(caller.zuora.add("A-S1").id)
    assert code(await caller.order(body)) == 58730040


async def test_a_second_cancellation_is_refused_and_a_number_is_used_once(caller: Caller) -> None:
    for number in ("A-S1", "A-S2"):
        caller.zuora.add(number)
    body = caller.cancellation("A-S1", orderNumber="CONNECT-1")
    assert (await caller.order(body)).status_code == 200
    again = caller.cancellation("A-S1")
    assert code(await caller.order(again)) == 58730020
    other = caller.cancellation("A-S2", orderNumber="CONNECT-1")
    assert code(await caller.order(other)) == 58730020
    caller.zuora.rules.own_numbers_unique = False
    assert (await caller.order(other)).status_code == 200


async def test_an_order_is_carried_out_completely_or_not_at_all(caller: Caller) -> None:
    zuora = caller.zuora
    for number in ("A-S1", "A-S2"):
        zuora.add(number)
    twice = caller.cancellation("A-S1", "A-S1")
    assert code(await caller.order(twice)) == 58730020
    zuora.add("A-S3", "Suspended")
    assert (await caller.order(caller.cancellation("A-S1", "A-S3"))).status_code == 400
    assert zuora.subscription("A-S1").status == "Active"
    await caller.order(caller.cancellation("A-S1", "A-S2"))
    assert zuora.orders_of("A-S1") == zuora.orders_of("A-S2")
    assert zuora.orders_of("A-S1")[0].number == "O-00000001"


# Days from today: start and end of the term, order date, effective date; accepted or not.
DAYS = [
    (-60, 300, 0, 0, True),
    (-60, 300, -60, -60, True),
    (-60, 300, 0, 300, True),
    (-60, 300, -61, 0, False),
    (-60, 300, 1, 1, False),
    (-60, 300, 0, -61, False),
    (-60, 300, 0, 301, False),
    (0, 300, 0, 0, True),
    (5, 300, 5, 5, True),
    (5, 300, 0, 5, False),
    (5, 300, 6, 6, False),
    (5, 300, 5, 4, False),
    (-60, -1, 0, -1, True),
    (-60, -1, 0, 0, False),
    (-60, None, 0, 900, True),
]


@pytest.mark.parametrize("days", DAYS, ids=str)
async def test_the_days_lie_within_the_subscriptions_term(
    caller: Caller, days: tuple[int, int | None, int, int, bool]
) -> None:
    start, end, ordered, effective, accepted = days
    term: dict[str, Any] = {"term_type": "EVERGREEN"}
    if end is not None:
        term = {"term_end_date": caller.zuora.today() + timedelta(days=end)}
    begun = caller.zuora.today() + timedelta(days=start)
    caller.zuora.add("A-S1", contract_effective_date=begun, **term)
    answer = await caller.order(
        caller.cancellation(
            "A-S1",
            orderDate=caller.day(ordered),
            cancel__cancellationEffectiveDate=caller.day(effective),
        )
    )
    assert answer.status_code == (200 if accepted else 400), answer.text
    if not accepted:
        assert code(answer) == 58730020


@pytest.mark.parametrize(
    ("policy", "fields", "end"),
    [
        ("EndOfCurrentTerm", {}, date(2027, 1, 31)),
        ("EndOfCurrentTerm", {"term_type": "EVERGREEN"}, None),
        ("EndOfLastInvoicePeriod", {}, date(2026, 12, 1)),
        ("EndOfLastInvoicePeriod", {"term_type": "EVERGREEN"}, date(2026, 12, 1)),
        ("EndOfLastInvoicePeriod", {"invoiced_through": None}, None),
        ("EndOfLastInvoicePeriod", {"invoiced_through": date(2027, 2, 1)}, None),
    ],
    ids=str,
)
async def test_a_policy_decides_the_end(
    caller: Caller, policy: str, fields: dict[str, Any], end: date | None
) -> None:
    at(caller.zuora, datetime(2026, 11, 27, 20, tzinfo=timezone.utc))
    term = {"term_end_date": date(2027, 1, 31), "invoiced_through": date(2026, 12, 1)}
    caller.zuora.add("A-S1", **{**term, **fields})
    details = {"cancellationPolicy": policy}
    answer = await caller.order(caller.cancellation("A-S1", action__cancelSubscription=details))
    if end is None:
        assert code(answer) == 58730020
    else:
        assert caller.zuora.subscription("A-S1").subscription_end_date == end


def at(zuora: LocalZuoraOrders, moment: datetime) -> None:
    zuora.clock_ahead = moment - datetime.now(timezone.utc)


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        ("America/Los_Angeles", date(2026, 11, 26)),
        ("UTC", date(2026, 11, 27)),
        ("Asia/Tokyo", date(2026, 11, 27)),
        ("Pacific/Kiritimati", date(2026, 11, 27)),
    ],
)
async def test_today_is_the_tenants(http: httpx.AsyncClient, zone: str, today: date) -> None:
    zuora = LocalZuoraOrders(zone=zone)
    await zuora.start()
    at(zuora, datetime(2026, 11, 27, 7, 30, tzinfo=timezone.utc))
    assert zuora.today() == today
    caller = Caller(zuora, http)
    zuora.add("A-S1")
    tomorrow = caller.cancellation("A-S1", orderDate=today + timedelta(days=1))
    assert code(await caller.order(tomorrow)) == 58730020
    assert (await caller.order(caller.cancellation("A-S1"))).status_code == 200
    await zuora.stop()


@pytest.mark.parametrize("status", ["Pending", "Draft", "Scheduled"])
async def test_a_waiting_order_changes_nothing_until_an_operator_decides(
    caller: Caller, status: str
) -> None:
    zuora = caller.zuora
    scheduling = {"scheduledDatePolicy": "SpecificDate", "scheduledDate": caller.day(9)}
    for number in ("A-S1", "A-S2", "A-S3"):
        zuora.add(number)
        body = caller.cancellation(number, status=status, schedulingOptions=scheduling)
        answer = (await caller.order(body)).json()
        assert (answer["status"], answer["subscriptions"][0]["status"]) == (status, "Active")
        (order,) = zuora.orders_of(number)
        done = {"A-S1": zuora.complete_order, "A-S2": zuora.cancel_order}
        done.get(number, zuora.delete_order)(order.number)
    assert [zuora.subscription(f"A-S{n}").status for n in (1, 2, 3)] == [
        "Cancelled",
        "Active",
        "Active",
    ]
    assert [order.status for order in zuora.orders_of("A-S1")] == ["Completed"]
    assert zuora.cancelled_orders("A-S2") == zuora.orders_of("A-S2")
    assert zuora.orders_of("A-S3") == []
    with pytest.raises(ZuoraError):
        zuora.complete_order(zuora.orders_of("A-S2")[0].number)


async def test_tenants_differ_in_what_they_complete(caller: Caller) -> None:
    caller.zuora.add("A-S1")
    caller.zuora.rules.completes = False
    assert (await caller.order(caller.cancellation("A-S1"))).json()["status"] == "Pending"
    caller.zuora.rules.require_trigger_dates = True
    body = caller.cancellation("A-S1", status="Completed", action__triggerDates=[])
    assert (await caller.order(body)).json()["status"] == "Pending"
    body = caller.cancellation("A-S1", status="Completed")
    assert (await caller.order(body)).json()["status"] == "Completed"


@pytest.mark.parametrize(("settlement", "field"), [(True, "creditMemo"), (False, "invoice")])
async def test_after_billing_there_is_a_document_and_no_undo(
    caller: Caller, settlement: bool, field: str
) -> None:
    zuora = caller.zuora
    zuora.rules.invoice_settlement = settlement
    zuora.add("A-S1", monthly_price=30, invoiced_through=zuora.today() + timedelta(days=10))
    body = caller.cancellation("A-S1", options__runBilling=True)
    answer = (await caller.order(body)).json()
    (document,) = zuora.documents
    assert answer[f"{field}Numbers"] == [document.number]
    assert document.amount == (10 if settlement else -10)
    undone = await caller.call("DELETE", f"/v1/orders/{answer['orderNumber']}")
    assert code(undone) == 50000020
    assert zuora.subscription("A-S1").status == "Cancelled"
