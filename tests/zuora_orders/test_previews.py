"""Previews: the previewed order, and its amounts in words. A failed preview stops nothing."""

from __future__ import annotations

import pytest

from connect_ext.errors import NotDone
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import SubscriptionStatus
from tests.sandbox_zuora_orders.calling import check
from tests.zuora_orders.scripted import SUBSCRIPTION, Answer, asking, reasons

NOW, TERM, INVOICED = CancellationDate
SAID = "According to Zuora's preview, the cancellation would"


def billed(amount, start="2026-03-12", end="2026-03-31", items="invoiceItems", **more):
    """An invoice with one item, or a credit memo."""
    return {"amount": amount, items: [{"serviceStartDate": start, "serviceEndDate": end}], **more}


def credited(amount, **more):
    return billed(amount, items="creditMemoItems", **more)


async def amounts(zuora, make_vendor, result, **shown):
    """The text about this preview."""
    zuora.say("subscription", Answer({**SUBSCRIPTION, **shown}))
    zuora.say("preview", Answer({"success": True, "previewResult": result}))
    accepted = await make_vendor().cancel(asking(), None)
    assert accepted.subscription.status is SubscriptionStatus.CANCELLED
    return accepted.amounts or accepted.remarks[0]


@pytest.mark.parametrize(
    ("invoices", "memos", "said"),
    [
        ([], [], "bill nothing."),
        ([], [{"amount": 42.5}], "credit 42.50 USD."),
        ([], [{"amount": -42.5}], "credit 42.50 USD."),
        ([{"amount": -10}], None, "credit 10.00 USD."),
        ([{"amount": 3}, {"amount": 4}], [], "charge 7.00 USD."),
        ([{"amount": 0.1}] * 3, [], "charge 0.30 USD."),
        ([{"amount": 10}], [{"amount": 10}], "bill nothing."),
        ([{"amount": -0.0}], [{"amount": -0.0}], "bill nothing."),
        ([{"amount": 1e-300}], [], "bill nothing."),
        ([{"amount": 999999999999999}], [], "charge 999999999999999.00 USD."),
        ([billed(-10)], [], "credit 10.00 USD for 12 March to 31 March 2026."),
        (
            [billed(-50.57, taxAmount=-8.07)],
            [],
            "credit 50.57 USD for 12 March to 31 March 2026, 8.07 USD of which is tax.",
        ),
        (
            [billed(10, taxAmount=1)],
            [credited(30, start="2026-04-01", end="2027-01-31", taxAmount=4)],
            "credit 20.00 USD for 12 March 2026 to 31 January 2027, 3.00 USD of which is tax.",
        ),
        # One of them leaves out taxes, so the total tax is unknown.
        ([{"amount": 10, "taxAmount": 1}], [{"amount": 30}], "credit 20.00 USD."),
        ([billed(9, start="soon", end=None), {"amount": 1, "taxAmount": None}], [], "charge 10.00"),
        (
            [billed(9, start="2026-03-31", end="2026-03-31")],
            [],
            "charge 9.00 USD for 31 March 2026",
        ),
    ],
    ids=str,
)
async def test_its_amounts_are_put_into_words(zuora, make_vendor, invoices, memos, said):
    result = {"invoices": invoices, "creditMemos": memos}
    assert (await amounts(zuora, make_vendor, result)).startswith(f"{SAID} {said}")


@pytest.mark.parametrize("amount", [1e15, -1e300, 10**290, "1", True, None, [], "9" * 300])
@pytest.mark.parametrize("name", ["amount", "taxAmount"])
async def test_an_amount_that_is_not_billed_is_not_shown(zuora, make_vendor, name, amount):
    said = await amounts(zuora, make_vendor, {"invoices": [{"amount": 7, name: amount}]})
    if (name, amount) == ("taxAmount", None):
        assert said == f"{SAID} charge 7.00 USD."
    else:
        assert said.startswith("The preview failed, which stops nothing.")
    assert "9999" not in said


@pytest.mark.parametrize(
    "currency",
    ["usd", "USD paid to evil.example", "<b>", "\uff35\uff33\uff24", "U\nD", "", 17, ["USD"]],
)
async def test_only_a_code_of_three_letters_is_a_currency(zuora, make_vendor, currency):
    result = {"creditMemos": [{"amount": 42.5}]}
    assert await amounts(zuora, make_vendor, result, currency=currency) == f"{SAID} credit 42.50."


@pytest.mark.parametrize(
    ("when", "shown", "options"),
    [
        (NOW, {}, {"specificPreviewThruDate": "2026-03-03"}),
        (NOW, {"termEndDate": "2026-02-01"}, {"specificPreviewThruDate": "2026-02-01"}),
        (TERM, {}, {"specificPreviewThruDate": "2027-01-01"}),
        (TERM, {"termEndDate": None}, {"previewThruType": "TermEnd"}),
        (INVOICED, {}, {"previewThruType": "TermEnd"}),
        (INVOICED, {"termType": "EVERGREEN"}, {"specificPreviewThruDate": "2026-03-03"}),
    ],
)
async def test_it_is_the_order_without_its_number_and_its_billing(
    zuora, make_vendor, when, shown, options
):
    zuora.say("subscription", Answer({**SUBSCRIPTION, **shown}))
    await make_vendor().cancel(asking(when=when), None)
    [previewed], [sent] = zuora.bodies("preview"), zuora.bodies("order")
    check("POST", "/v1/orders/preview", previewed)
    assert previewed.pop("previewOptions") == {
        "previewThruType": "SpecificDate",
        **options,
        "previewTypes": ["BillingDocs"],
        "validateScheduledOrders": False,
    }
    del sent["orderNumber"], sent["processingOptions"]
    assert previewed == sent
    assert zuora.operations() == ["token", "subscription", "preview", "order"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"", 500),
        Answer(b"<html>"),
        Answer(reasons(50000040), 404),
        *(Answer(reasons(58740000 + each), 400) for each in (10, 20, 21, 30, 50)),
        Answer({"success": True}),
        Answer(b'{"success": true, "previewResult": {"invoices": [{"amount": 1e400}]}}'),
    ],
)
async def test_its_failure_stops_nothing_and_gives_partners_no_instructions(
    zuora, make_vendor, answer
):
    zuora.say("preview", answer)
    accepted = await make_vendor().cancel(asking(), None)
    assert (accepted.subscription.status, accepted.amounts) == (SubscriptionStatus.CANCELLED, "")
    [remark] = accepted.remarks
    first, _, why = remark.partition(". ")
    assert first == "The preview failed, which stops nothing"
    assert why.endswith(".")
    assert why.count(". ") == 0


async def test_its_rate_limit_applies_to_the_order_too(zuora, make_vendor):
    zuora.say("preview", Answer(b"", 429, {"Retry-After": "77"}))
    with pytest.raises(NotDone) as caught:
        await make_vendor().cancel(asking(), None)
    assert caught.value.retry_after == 77
    assert zuora.bodies("order") == []
