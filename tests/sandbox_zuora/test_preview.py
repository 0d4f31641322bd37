"""The content of a cancellation's preview."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.zuora import LocalZuora
from tests.sandbox_zuora.calling import PREVIEW, Answer, Caller, cancellation

Version = Callable[[str], Caller]
Day = Callable[..., str]
MODE = "<api:EnablePreviewMode>true</api:EnablePreviewMode>"


def options(inner: str, before: str = "") -> str:
    return f"{before}<api:PreviewOptions>{MODE}{inner}</api:PreviewOptions>"


def items(answer: Answer) -> list[tuple[str | None, ...]]:
    names = ("ServiceStartDate", "ServiceEndDate", "ChargeAmount", "TaxAmount")
    start, end, amount, tax = (answer.all(name) for name in names)
    return list(zip(start, end, amount, tax[1:], strict=True))


@pytest.mark.parametrize("version", ["28.0", "38.0", "69.0", "78.0"])
async def test_a_credit_has_its_days_its_amount_and_its_tax(
    zuora: LocalZuora, caller: Version, day: Day, version: str
) -> None:
    zuora.billing.tax_rate = Decimal("0.2")
    subscription = zuora.add(monthly_price=Decimal(30))
    answer = await caller(version).preview(cancellation(subscription.id, day(10, version)))
    assert items(answer) == [(day(10, version), day(29, version), "-20.00", "-4.00")]
    assert (answer.one("Amount"), answer.one("AmountWithoutTax")) == ("-24.00", "-20.00")


async def test_a_tax_rate_is_given_at_the_start() -> None:
    assert LocalZuora(tax_rate=0.2).billing.tax_rate == Decimal("0.2")


async def test_every_charge_has_its_own_item(zuora: LocalZuora, caller: Version, day: Day) -> None:
    near, far = (zuora.today() + timedelta(days=days) for days in (15, 30))
    subscription = zuora.add(charged_through=((near, None), (far,)), monthly_price=Decimal(90))
    answer = await caller("69.0").preview(cancellation(subscription.id, day(0)))
    assert items(answer) == [
        (day(0), day(14), "-15.00", "0.00"),
        (day(0), day(29), "-30.00", "0.00"),
    ]
    assert len(set(answer.all("ChargeNumber"))) == 2
    assert answer.one("Amount") == "-45.00"


@pytest.mark.parametrize("days", [30, 200])
async def test_nothing_is_billed_from_the_end_of_the_invoiced_period_on(
    zuora: LocalZuora, caller: Version, day: Day, days: int
) -> None:
    answer = await caller("69.0").preview(cancellation(zuora.add().id, day(days)))
    assert (answer.one("Success"), answer.one("Amount")) == ("true", "0.00")
    assert answer.all("InvoiceItem") == []


@pytest.mark.parametrize(
    ("inner", "amount"),
    [
        ("", "10.00"),
        ("<api:NumberOfPeriods>1</api:NumberOfPeriods>", "40.00"),
        ("<api:PreviewThroughTermEnd>true</api:PreviewThroughTermEnd>", "60.00"),
    ],
)
async def test_a_preview_ends_at_its_target_or_term_or_period(
    zuora: LocalZuora, caller: Version, day: Day, inner: str, amount: str
) -> None:
    invoiced = zuora.today() - timedelta(days=10)
    subscription = zuora.add(invoiced_through=invoiced, monthly_price=Decimal(30))
    client, inside = caller("69.0"), cancellation(subscription.id, day(50))
    answer = await client.amend(inside, options(inner))
    assert answer.one("ChargeAmount") == amount
    target = f"<api:InvoiceTargetDate>{day(-5)}</api:InvoiceTargetDate>"
    processing = f"<api:InvoiceProcessingOptions>{target}</api:InvoiceProcessingOptions>"
    before = f"<api:AmendOptions>{processing}</api:AmendOptions>"
    assert (await client.amend(inside, options(inner, before))).one("ChargeAmount") == "5.00"


async def test_nothing_is_billed_if_nothing_was_invoiced(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    inner = cancellation(zuora.add(invoiced_through=None).id, day(9))
    assert (await caller("69.0").amend(inner, PREVIEW)).one("Amount") == "0.00"


async def test_the_invoice_of_a_cancellation_credits_with_tax_and_is_not_repeated(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    zuora.billing.tax_rate = Decimal("0.1")
    subscription = zuora.add("A-S1", monthly_price=Decimal(30))
    await caller("69.0").amend(cancellation(subscription.id, day(10)), "")
    assert [invoice.amount for invoice in zuora.billing.invoices] == [Decimal("-22.00")]
    assert zuora.subscription("A-S1").invoiced_through == zuora.today() + timedelta(days=10)
    assert zuora.invoice("A-S1").amount == 0
