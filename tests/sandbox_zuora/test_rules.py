"""The rules of cancelling, and the effects of a cancellation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.zuora import LocalZuora
from tests.sandbox_zuora.calling import CAREFUL, SINGLE, Caller, cancellation, fields

Version = Callable[[str], Caller]
Day = Callable[..., str]


async def test_a_cancellation_makes_a_new_version_that_is_cancelled_at_once(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    before = zuora.add("A-S1")
    answer = await caller("69.0").amend(cancellation(before.id, day(20)))
    after = zuora.subscription("A-S1")
    assert (answer.status, answer.one("Success")) == (200, "true")
    assert answer.one("SubscriptionId") == after.id != before.id
    assert (after.status, after.version, before.status) == ("Cancelled", 2, "Expired")
    assert after.previous_subscription_id == after.original_id == before.id
    assert after.cancelled_date == after.subscription_end_date
    assert after.cancelled_date == zuora.billing.today() + timedelta(days=20)
    (made,) = zuora.amendments("A-S1")
    assert (made.status, made.subscription_id) == ("Completed", before.id)
    assert answer.one("AmendmentIds") == made.id
    assert zuora.effective_cancellations("A-S1") == 1


async def test_a_second_cancellation_is_refused(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription, client = zuora.add("A-S1"), caller("28.0")
    inner = cancellation(subscription.id, day(1, "28.0"))
    await client.amend(inner, "")
    answer = await client.amend(inner, "")
    assert (answer.status, answer.one("Success")) == (200, "false")
    assert answer.one("Code") == "INVALID_VALUE"
    assert zuora.effective_cancellations("A-S1") == 1


@pytest.mark.parametrize(
    "status", ["Draft", "PendingActivation", "PendingAcceptance", "Suspended", "Cancelled"]
)
async def test_only_an_active_subscription_is_cancelled(
    zuora: LocalZuora, caller: Version, day: Day, status: str
) -> None:
    subscription = zuora.add("A-S1", status)
    answer = await caller("69.0").amend(cancellation(subscription.id, day(1)))
    assert (answer.one("Success"), answer.one("Code")) == ("false", "INVALID_VALUE")
    assert zuora.subscription("A-S1").status == status


async def test_a_stale_id_is_redirected_to_the_latest_version(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    first = zuora.add("A-S1")
    second = zuora.new_version("A-S1")
    answer = await caller("69.0").amend(cancellation(first.id, day(1)))
    assert answer.one("Success") == "true"
    assert [v.status for v in zuora.versions("A-S1")] == ["Expired", "Expired", "Cancelled"]
    assert zuora.amendments("A-S1")[0].subscription_id == second.id


@pytest.mark.parametrize(
    ("offset", "accepted"), [(-61, False), (-60, True), (305, True), (306, False)]
)
async def test_the_date_must_lie_in_the_term(
    zuora: LocalZuora, caller: Version, day: Day, offset: int, accepted: bool
) -> None:
    subscription = zuora.add()
    answer = await caller("69.0").amend(cancellation(subscription.id, day(offset)))
    assert (answer.one("Success") == "true") is accepted


async def test_an_evergreen_subscription_has_no_last_date(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription = zuora.add(term_type="EVERGREEN")
    answer = await caller("69.0").amend(cancellation(subscription.id, day(4000)))
    assert answer.one("Success") == "true"


@pytest.mark.parametrize(("days", "accepted"), [((1, 1), True), ((2, 1), False), ((0, 1), False)])
async def test_the_dates_must_be_in_order(
    zuora: LocalZuora, caller: Version, day: Day, days: tuple[int, int], accepted: bool
) -> None:
    inner = cancellation(
        zuora.add().id,
        day(1),
        ServiceActivationDate=day(days[0]),
        CustomerAcceptanceDate=day(days[1]),
    )
    answer = await caller("69.0").amend(inner)
    assert (answer.one("Success") == "true") is accepted


@pytest.mark.parametrize("missing", ["Name", "SubscriptionId", "Type", "EffectiveDate"])
async def test_a_missing_field_is_named(
    zuora: LocalZuora, caller: Version, day: Day, missing: str
) -> None:
    inner = cancellation(zuora.add().id, day(1), **{missing: None})
    answer = await caller("69.0").amend(inner)
    assert answer.one("Code") == "MISSING_REQUIRED_VALUE"
    assert answer.one("Message") == f"Missing required value: {missing}"


async def test_an_amend_without_a_status_stays_a_draft(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription = zuora.add("A-S1")
    answer = await caller("69.0").amend(cancellation(subscription.id, day(1), Status=None))
    assert answer.one("Success") == "true"
    assert zuora.subscription("A-S1").status == "Active"
    assert zuora.amendments("A-S1")[0].status == "Draft"


async def test_a_preview_changes_nothing_and_shows_amounts(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription = zuora.add("A-S1", monthly_price=Decimal(30))
    answer = await caller("28.0").preview(cancellation(subscription.id, day(10, "28.0")))
    assert answer.one("Amount") == answer.one("ChargeAmount") == "-20.00"
    assert answer.all("AmendmentIds") == []
    assert zuora.subscription("A-S1") is subscription
    assert zuora.amendments("A-S1") == []
    assert zuora.billing.invoices == []
    assert zuora.effective_cancellations("A-S1") == 0


async def test_a_preview_of_metrics_has_no_invoice(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    options = "<api:EnablePreviewMode>true</api:EnablePreviewMode>"
    options += "<api:PreviewType>ChargeMetrics</api:PreviewType>"
    answer = await caller("69.0").amend(
        cancellation(zuora.add().id, day(1)), f"<api:PreviewOptions>{options}</api:PreviewOptions>"
    )
    assert answer.all("InvoiceDatas") == []
    assert answer.one("DMRR") == "-59.00"


async def test_a_careless_amend_invoices_and_takes_payments(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    client = caller("69.0")
    careless = await client.amend(cancellation(zuora.add("A-S1").id, day(1)), "")
    careful = await client.amend(cancellation(zuora.add("A-S2").id, day(1)), CAREFUL)
    (invoice,) = zuora.billing.invoices
    (payment,) = zuora.billing.payments
    assert (invoice.subscription_name, payment.invoice_id) == ("A-S1", invoice.id)
    assert (careless.one("InvoiceId"), careless.one("PaymentId")) == (invoice.id, payment.id)
    assert careful.all("InvoiceId") == []


async def test_a_payment_that_cannot_be_processed_cancels_nothing(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription = zuora.add("A-S1", autopay=False, balance=Decimal(5))
    answer = await caller("69.0").amend(cancellation(subscription.id, day(1)), "")
    assert answer.one("Message") == "Cannot process payment"
    assert zuora.subscription("A-S1").status == "Active"


async def test_a_closed_accounting_period(zuora: LocalZuora, caller: Version, day: Day) -> None:
    zuora.billing.closed_through = zuora.billing.today()
    answer = await caller("69.0").preview(cancellation(zuora.add().id, day(0)))
    assert answer.one("Code") == "ACCOUNTING_PERIOD_CLOSED"


async def test_a_business_reason_refuses(zuora: LocalZuora, caller: Version, day: Day) -> None:
    subscription = zuora.add(refusal="There is a discount charge.")
    answer = await caller("69.0").amend(cancellation(subscription.id, day(1)))
    assert answer.one("Message") == "There is a discount charge."


async def test_two_steps_before_25(zuora: LocalZuora, caller: Version, day: Day) -> None:
    subscription, client = zuora.add("A-S1"), caller("19.0")
    when = day(2, "19.0")
    made = await client.create(
        cancellation(subscription.id, when, Status="Draft", ContractEffectiveDate=None)
    )
    assert (made.one("Success"), zuora.subscription("A-S1").status) == ("true", "Active")
    inner = fields(Id=made.one("Id") or "", ContractEffectiveDate=when, Status="Completed")
    done = await client.update(inner)
    assert done.one("Success") == "true"
    assert zuora.subscription("A-S1").status == "Cancelled"
    again = await client.update(inner)
    assert again.one("Success") == "false"
    assert zuora.effective_cancellations("A-S1") == 1


async def test_before_25_both_dates_must_lie_in_the_future(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription, client = zuora.add("A-S1"), caller("24.0")
    past, future = day(0, "24.0"), day(1, "24.0")
    refused = await client.create(cancellation(subscription.id, past, Status="Draft"))
    assert refused.one("Success") == "false"
    draft = cancellation(subscription.id, future, Status="Draft", ContractEffectiveDate=None)
    made = (await client.create(draft)).one("Id") or ""
    for when in (past, None):
        given = {"ContractEffectiveDate": when} if when else {}
        inner = fields(Id=made, **given, Status="Completed")
        assert (await client.update(inner)).one("Success") == "false"
    assert zuora.subscription("A-S1").status == "Active"


async def test_from_25_on_a_date_may_be_in_the_past(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription = zuora.add("A-S1")
    await caller("25.0").create(cancellation(subscription.id, day(-3, "25.0")), SINGLE)
    assert zuora.subscription("A-S1").status == "Cancelled"


@pytest.mark.parametrize(
    ("sent", "cancelled"),
    [
        ((SINGLE, "Completed"), True),
        ((SINGLE, None), True),  # the first sample names no status
        ((SINGLE, "Draft"), False),
        (("", "Completed"), False),
        (("", None), False),
        ((SINGLE.replace("true", "false"), "Completed"), False),
    ],
)
async def test_one_call_from_25_on(
    zuora: LocalZuora,
    caller: Version,
    day: Day,
    sent: tuple[str, str | None],
    cancelled: bool,
) -> None:
    subscription = zuora.add("A-S1")
    headers, status = sent
    inner = cancellation(subscription.id, day(1, "25.0"), Status=status)
    answer = await caller("25.0").create(inner, headers)
    assert answer.one("Success") == "true"
    assert (zuora.subscription("A-S1").status == "Cancelled") is cancelled
    assert zuora.amendments("A-S1")[0].status == ("Completed" if cancelled else "Draft")


async def test_a_refused_create_leaves_nothing(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription = zuora.add("A-S1")
    answer = await caller("25.0").create(cancellation(subscription.id, day(999, "25.0")), SINGLE)
    assert answer.one("Success") == "false"
    assert zuora.amendments("A-S1") == []


async def test_a_create_with_a_stale_id_is_refused(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    first = zuora.add("A-S1")
    zuora.new_version("A-S1")
    answer = await caller("25.0").create(cancellation(first.id, day(1, "25.0")), SINGLE)
    assert answer.one("Success") == "false"


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("require_activation", ("ServiceActivationDate", "PendingActivation")),
        ("require_acceptance", ("CustomerAcceptanceDate", "PendingAcceptance")),
    ],
)
async def test_a_tenant_that_requires_a_date(
    zuora: LocalZuora, caller: Version, day: Day, option: str, expected: tuple[str, str]
) -> None:
    name, pending = expected
    setattr(zuora.billing, option, True)
    client, subscription = caller("68.0"), zuora.add("A-S1")
    inner = cancellation(subscription.id, day(1, "68.0"))
    await client.amend(inner)
    (waiting,) = zuora.amendments("A-S1")
    assert (waiting.status, zuora.subscription("A-S1").status) == (pending, "Active")
    refused = await client.update(fields(Id=waiting.id, Status="Completed"))
    assert refused.one("Message") == f"Missing required value: {name}"
    await client.update(fields(Id=waiting.id, **{name: day(1, "68.0")}, Status="Completed"))
    assert zuora.subscription("A-S1").status == "Cancelled"


async def test_deleting_the_amendment_brings_the_subscription_back(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    before, client = zuora.add("A-S1"), caller("69.0")
    await client.amend(cancellation(before.id, day(1)))
    (made,) = zuora.amendments("A-S1")
    answer = await client.delete("Amendment", made.id)
    assert (answer.one("success"), answer.one("id")) == ("true", made.id)
    assert zuora.subscription("A-S1") is before
    assert before.status == "Active"
    assert zuora.effective_cancellations("A-S1") == 1


async def test_an_invoiced_cancellation_cannot_be_deleted(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription, client = zuora.add("A-S1"), caller("69.0")
    await client.amend(cancellation(subscription.id, day(1)), "")
    answer = await client.delete("Amendment", zuora.amendments("A-S1")[0].id)
    assert (answer.one("success"), answer.one("Code")) == ("false", "CANNOT_DELETE")
    assert zuora.subscription("A-S1").status == "Cancelled"


async def test_up_to_68_a_time_counts_as_its_day_in_pacific_time(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    subscription, client = zuora.add("A-S1"), caller("68.0")
    when = day(1) + "T00:00:00Z"
    await client.amend(cancellation(subscription.id, when))
    assert zuora.subscription("A-S1").cancelled_date == zuora.billing.today()
    answer = await client.query("select CancelledDate from Subscription where Status = 'Cancelled'")
    assert answer.one("CancelledDate") == day(0, "68.0")


async def test_a_request_takes_as_many_amendments_as_its_version_allows(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    first, second = zuora.add("A-S1"), zuora.add("A-S2")
    for version, accepted in (("41.0", False), ("68.0", True)):
        two = [cancellation(s.id, day(1, version)) for s in (first, second)]
        answer = await caller(version).amend("</api:Amendments><api:Amendments>".join(two))
        assert (answer.status == 200) is accepted
    assert zuora.effective_cancellations("A-S1") == zuora.effective_cancellations("A-S2") == 1


async def test_one_failing_amendment_fails_the_whole_call(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    good, bad = zuora.add("A-S1"), zuora.add("A-S2", "Draft")
    two = [cancellation(s.id, day(1)) for s in (good, bad)]
    answer = await caller("69.0").amend("</api:Amendments><api:Amendments>".join(two))
    assert answer.one("Success") == "false"
    assert zuora.subscription("A-S1").status == "Active"
