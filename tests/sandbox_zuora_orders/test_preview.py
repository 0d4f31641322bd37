"""A cancellation's preview; every answer is checked against the description."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.zuora_orders import LocalZuoraOrders
from tests.sandbox_zuora_orders.calling import CONTRACTS, Caller, description


async def previewed(caller: Caller, **changes: Any) -> Any:
    answer = await caller.preview(caller.previewed("A-S1", **changes))
    assert answer.status_code == 200, answer.text
    return answer.json()["previewResult"]


def invoiced(caller: Caller, days: int, **fields: Any) -> None:
    through = caller.zuora.today() + timedelta(days=days)
    caller.zuora.add("A-S1", monthly_price=30, invoiced_through=through, **fields)


@pytest.mark.parametrize("settlement", [True, False])
async def test_a_credit_has_its_days_its_amount_and_its_tax(
    caller: Caller, settlement: bool
) -> None:
    caller.zuora.rules.invoice_settlement = settlement
    caller.zuora.billing.tax_rate = Decimal("0.2")
    invoiced(caller, 20)
    result = await previewed(caller)
    sign = 1 if settlement else -1
    (document,) = result["creditMemos" if settlement else "invoices"]
    sums = (document["amount"], document["amountWithoutTax"], document["taxAmount"])
    assert sums == (sign * 24, sign * 20, sign * 4)
    (item,) = document["creditMemoItems" if settlement else "invoiceItems"]
    assert (item["serviceStartDate"], item["serviceEndDate"]) == (caller.day(), caller.day(19))
    assert (item["amountWithoutTax"], item["taxAmount"]) == (sign * 20, sign * 4)
    assert sorted(result) == (["creditMemos", "invoices"] if settlement else ["invoices"])
    assert len(result["invoices"]) == (not settlement)


async def test_a_tax_rate_is_given_at_the_start_and_can_be_skipped(caller: Caller) -> None:
    assert LocalZuoraOrders(tax_rate=0.2).billing.tax_rate == Decimal("0.2")
    caller.zuora.billing.tax_rate = Decimal("0.2")
    invoiced(caller, 20)
    (memo,) = (await previewed(caller, preview__skipTax=True))["creditMemos"]
    assert (memo["amount"], memo["taxAmount"]) == (20, 0)


@pytest.mark.parametrize("policy", ["EndOfCurrentTerm", "EndOfLastInvoicePeriod"])
async def test_a_policy_without_a_credit_bills_nothing(caller: Caller, policy: str) -> None:
    invoiced(caller, 20)
    result = await previewed(caller, action__cancelSubscription={"cancellationPolicy": policy})
    assert result == {"invoices": [], "creditMemos": []}


async def test_a_term_end_before_the_end_of_the_invoiced_period_is_credited(caller: Caller) -> None:
    invoiced(caller, 20, term_end_date=caller.zuora.today() + timedelta(days=5))
    details = {"cancellationPolicy": "EndOfCurrentTerm"}
    (memo,) = (await previewed(caller, action__cancelSubscription=details))["creditMemos"]
    (item,) = memo["creditMemoItems"]
    assert (item["serviceStartDate"], memo["amount"]) == (caller.day(5), 15)


@pytest.mark.parametrize(
    ("options", "amount", "target"),
    [
        ({"previewThruType": "SpecificDate", "specificPreviewThruDate": None}, 10, 0),
        ({"previewThruType": "NumberOfPeriods", "previewNumberOfPeriods": 1}, 40, 30),
        ({"previewThruType": "TermEnd"}, 110, 305),
    ],
    ids=str,
)
async def test_days_not_invoiced_are_billed_up_to_the_previews_end(
    caller: Caller, options: dict[str, Any], amount: int, target: int
) -> None:
    invoiced(caller, -10)
    if "specificPreviewThruDate" in options:
        options = {**options, "specificPreviewThruDate": caller.day()}
    result = await previewed(
        caller,
        cancel__cancellationEffectiveDate=caller.day(100),
        previewOptions={"previewTypes": ["BillingDocs"], **options},
    )
    (invoice,) = result["invoices"]
    assert (invoice["amount"], invoice["targetDate"]) == (amount, caller.day(target))
    assert invoice["invoiceItems"][0]["serviceStartDate"] == caller.day(-10)


@pytest.mark.skipif(not CONTRACTS.exists(), reason="the contracts are not here")
async def test_an_item_has_only_described_fields(caller: Caller) -> None:
    described = description()["components"]["schemas"]["InvoiceItemPreviewResult"]["properties"]
    invoiced(caller, 20)
    (memo,) = (await previewed(caller))["creditMemos"]
    assert set(memo["creditMemoItems"][0]) <= set(described)
