"""Later cancellations and undone cancellations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import httpx
import pytest

from sandbox.zuora import LocalZuora
from tests.sandbox_zuora.calling import SINGLE, Answer, Caller, cancellation, fields

Version = Callable[[str], Caller]
Day = Callable[..., str]
DIALECTS = ["19.0", "25.0", "38.0", "78.0"]


async def cancel(client: Caller, subscription_id: str, when: str) -> Answer:
    """Cancel as the client's version does; returns the last call's answer."""
    if float(client.version) >= 28:
        return await client.amend(cancellation(subscription_id, when))
    if float(client.version) >= 25:
        return await client.create(cancellation(subscription_id, when), SINGLE)
    made = await client.create(cancellation(subscription_id, when, Status="Draft"))
    if made.one("Success") != "true":
        return made
    return await client.update(fields(Id=made.one("Id") or "", Status="Completed"))


@pytest.mark.parametrize("version", DIALECTS)
async def test_a_later_cancellation_shows_at_once_and_ends_on_its_day(
    zuora: LocalZuora, caller: Version, day: Day, version: str
) -> None:
    before, client = zuora.add("A-S1"), caller(version)
    when = day(90, version)
    assert (await cancel(client, before.id, when)).one("Success") == "true"
    answer = await client.query(
        "select Id, Name, Status, Version, PreviousSubscriptionId, CancelledDate, "
        "SubscriptionEndDate from Subscription where Name = 'A-S1' and Status = 'Cancelled'"
    )
    assert answer.one("CancelledDate") == answer.one("SubscriptionEndDate") == when
    assert answer.one("PreviousSubscriptionId") == before.id
    assert answer.one("Version") == "2"


@pytest.mark.parametrize("version", DIALECTS)
@pytest.mark.parametrize("days", [20, 306])
async def test_a_later_day_outside_the_contract_is_refused(
    zuora: LocalZuora, caller: Version, day: Day, version: str, days: int
) -> None:
    begins = zuora.today() + timedelta(days=21 if days == 20 else -59)
    subscription = zuora.add("A-S1", contract_effective_date=begins, term_end_date=None)
    zuora.new_version("A-S1", term_end_date=zuora.today() + timedelta(days=305))
    latest = zuora.subscription("A-S1")
    assert latest.id != subscription.id
    answer = await cancel(caller(version), latest.id, day(days, version))
    assert (answer.one("Success"), answer.one("Code")) == ("false", "INVALID_VALUE")
    assert zuora.subscription("A-S1").status == "Active"


async def test_an_evergreen_subscription_has_no_end_of_term_date(
    zuora: LocalZuora, caller: Version
) -> None:
    zuora.nil_unset_fields = True
    zuora.add("A-S1", term_type="EVERGREEN")
    answer = await caller("25.0").query(
        "select TermType, TermEndDate, AccountId, PreviousSubscriptionId from Subscription"
    )
    assert (answer.one("TermType"), answer.one("TermEndDate")) == ("EVERGREEN", None)
    assert answer.one("AccountId") == zuora.billing.account.id


async def charged_through(client: Caller, subscription_id: str) -> list[str | None]:
    """The days of all charges, queried as a client has to."""
    plans = await client.query(
        f"select Id from RatePlan where SubscriptionId = '{subscription_id}'"
    )
    wanted = " or ".join(f"RatePlanId = '{plan}'" for plan in plans.all("Id"))
    answer = await client.query(f"select ChargedThroughDate from RatePlanCharge where {wanted}")
    return answer.all("ChargedThroughDate")


@pytest.mark.parametrize("version", ["25.0", "68.0", "69.0"])
async def test_each_charge_is_invoiced_through_its_own_day(
    zuora: LocalZuora, caller: Version, day: Day, version: str
) -> None:
    near, far = (zuora.today() + timedelta(days=days) for days in (5, 40))
    subscription = zuora.add("A-S1", charged_through=((near, None), (far,)))
    zuora.add("another")
    found = await charged_through(caller(version), subscription.id)
    assert sorted(filter(None, found)) == [day(5, version), day(40, version)]
    assert subscription.invoiced_through == far
    assert zuora.count("query", "A-S1") == 2


async def test_without_an_invoice_no_charge_has_a_day(zuora: LocalZuora, caller: Version) -> None:
    client, subscription = caller("69.0"), zuora.add("A-S1", invoiced_through=None)
    assert await charged_through(client, subscription.id) == []
    zuora.nil_unset_fields = True
    assert await charged_through(client, subscription.id) == [None]
    assert zuora.add(charged_through=((None, None),)).invoiced_through is None


async def test_every_version_has_its_own_rate_plans(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    client, first = caller("69.0"), zuora.add("A-S1")
    second = zuora.new_version("A-S1", invoiced_through=zuora.today())
    assert await charged_through(client, first.id) == [day(30)]
    assert await charged_through(client, second.id) == [day(0)]
    answer = await client.query("select Id, SubscriptionId from RatePlan")
    assert len(set(answer.all("Id"))) == 2
    assert set(answer.all("SubscriptionId")) == {first.id, second.id}


def test_the_days_of_charges_must_agree(zuora: LocalZuora) -> None:
    today = zuora.today()
    with pytest.raises(ValueError, match="latest"):
        zuora.add(charged_through=((None,),), invoiced_through=today)


@pytest.mark.parametrize(
    ("version", "path", "known"),
    [
        ("19.0", "RatePlanCharge.ChargedThroughDate", False),
        ("24.0", "RatePlanCharge.ChargedThroughDate", False),
        ("25.0", "RatePlanCharge.ChargedThroughDate", True),
        ("19.0", "RatePlanCharge.RatePlanId", True),
        ("19.0", "RatePlan.SubscriptionId", True),
        ("19.0", "Account.Currency", True),
        ("19.0", "Account.Nonsense", False),
    ],
)
async def test_the_fields_of_charges_and_accounts_by_version(
    zuora: LocalZuora, caller: Version, version: str, path: str, known: bool
) -> None:
    zuora.add()
    kind, field = path.split(".")
    answer = await caller(version).query(f"select {field} from {kind}")
    if known:
        assert answer.one(field)
    else:
        assert answer.one("FaultCode") == "INVALID_FIELD"


async def test_an_account_has_a_currency(zuora: LocalZuora, caller: Version) -> None:
    account = zuora.add_account("EUR")
    zuora.add("A-S1", account_id=account.id)
    client = caller("28.0")
    found = await client.query("select AccountId from Subscription where Name = 'A-S1'")
    text = f"select Currency from Account where Id = '{found.one('AccountId')}'"
    assert (await client.query(text)).one("Currency") == "EUR"


@pytest.mark.parametrize("version", DIALECTS)
async def test_a_deleted_cancellation_can_be_made_again(
    zuora: LocalZuora, caller: Version, day: Day, version: str
) -> None:
    before, client = zuora.add("A-S1"), caller(version)
    for _ in range(2):
        await cancel(client, before.id, day(30, version))
        (made,) = zuora.amendments("A-S1")
        cancelled = zuora.subscription("A-S1")
        answer = await client.delete("Amendment", made.id)
        assert (answer.one("id"), answer.one("success")) == (made.id, "true")
        assert zuora.subscription("A-S1") is before
        assert (before.status, before.version, before.is_latest_version) == ("Active", 1, True)
        assert await plans_of(client, cancelled.id) == 0
        assert await plans_of(client, before.id) == 1
    assert (zuora.effective_cancellations("A-S1"), zuora.undone_cancellations("A-S1")) == (2, 2)
    assert zuora.count("delete", "A-S1") == 2


async def plans_of(client: Caller, identifier: str) -> int:
    answer = await client.query(f"select Id from RatePlan where SubscriptionId = '{identifier}'")
    return int(answer.one("size") or "")


async def test_the_amendment_is_found_by_its_name(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    before, client = zuora.add("A-S1"), caller("38.0")
    await client.amend(cancellation(before.id, day(1, "38.0"), Name="Connect O'PR-1"))
    text = "select Id, Name, Status, SubscriptionId, Type from Amendment where Name = '{}'"
    answer = await client.query(text.format("Connect O\\'PR-1"))
    assert answer.one("SubscriptionId") == before.id
    assert (answer.one("Status"), answer.one("Type")) == ("Completed", "Cancellation")
    assert (await client.query(text.format("another"))).one("size") == "0"


@pytest.mark.parametrize("obstacle", ["invoice", "amend_otherwise", "new_version"])
async def test_an_invoiced_or_earlier_cancellation_is_not_deleted(
    zuora: LocalZuora, caller: Version, day: Day, obstacle: str
) -> None:
    client = caller("69.0")
    await client.amend(cancellation(zuora.add("A-S1").id, day(1)))
    made, *_ = zuora.amendments("A-S1")
    getattr(zuora, obstacle)("A-S1")
    answer = await client.delete("Amendment", made.id)
    assert (answer.status, answer.one("success"), answer.one("Code")) == (
        200,
        "false",
        "CANNOT_DELETE",
    )
    assert len(answer.all("errors")) == 1
    assert zuora.subscription("A-S1").status == "Cancelled"
    assert zuora.undone_cancellations("A-S1") == 0


async def test_before_30_every_amend_invoices_so_that_it_cannot_be_deleted(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    client = caller("29.0")
    await client.amend(cancellation(zuora.add("A-S1").id, day(1, "29.0")), "")
    (made,) = zuora.amendments("A-S1")
    assert (await client.delete("Amendment", made.id)).one("Code") == "CANNOT_DELETE"


async def test_when_the_later_amendment_is_deleted_the_cancellation_is_the_last_again(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    client = caller("69.0")
    await client.amend(cancellation(zuora.add("A-S1").id, day(1)))
    (made,) = zuora.amendments("A-S1")
    later = zuora.amend_otherwise("A-S1", "OwnerTransfer")
    answer = await client.query(f"select Type from Amendment where Id = '{later.id}'")
    assert answer.one("Type") == "OwnerTransfer"
    assert (await client.delete("Amendment", later.id)).one("success") == "true"
    assert zuora.subscription("A-S1").status == "Cancelled"
    assert (await client.delete("Amendment", made.id)).one("success") == "true"
    assert zuora.subscription("A-S1").status == "Active"


async def test_an_invoice_before_the_cancellation_does_not_protect_it(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    client, through = caller("69.0"), zuora.today() + timedelta(days=60)
    subscription = zuora.add("A-S1")
    zuora.invoice("A-S1", through)
    assert await charged_through(client, subscription.id) == [through.isoformat()]
    await client.amend(cancellation(subscription.id, day(1)))
    (made,) = zuora.amendments("A-S1")
    assert (await client.delete("Amendment", made.id)).one("success") == "true"


async def test_a_missing_amendment_cannot_be_deleted(zuora: LocalZuora, caller: Version) -> None:
    answer = await caller("69.0").delete("Amendment", "0" * 32)
    assert (answer.status, answer.one("Code")) == (200, "INVALID_ID")


@pytest.mark.parametrize("tenant", ["harmonization", "orders"])
async def test_a_tenant_with_orders_deletes_no_amendment(
    zuora: LocalZuora, caller: Version, day: Day, tenant: str
) -> None:
    client = caller("69.0")
    await client.amend(cancellation(zuora.add("A-S1").id, day(1)))
    (made,) = zuora.amendments("A-S1")
    zuora.tenant = tenant  # type: ignore[assignment]
    answer = await client.delete("Amendment", made.id)
    assert (answer.status, answer.one("FaultCode")) == (500, "API_DISABLED")
    assert zuora.subscription("A-S1").status == "Cancelled"


async def test_the_answer_to_a_deletion_is_lost_after_the_work(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    client = caller("69.0")
    await client.amend(cancellation(zuora.add("A-S1").id, day(1)))
    (made,) = zuora.amendments("A-S1")
    zuora.on("delete", "A-S1").drop_after()
    with pytest.raises(httpx.RemoteProtocolError):
        await client.delete("Amendment", made.id)
    assert zuora.subscription("A-S1").status == "Active"
    assert (await client.delete("Amendment", made.id)).one("Code") == "INVALID_ID"
    assert zuora.count("delete", "A-S1") == 2


async def test_a_locked_deletion_does_nothing(zuora: LocalZuora, caller: Version, day: Day) -> None:
    client = caller("69.0")
    await client.amend(cancellation(zuora.add("A-S1").id, day(1)))
    (made,) = zuora.amendments("A-S1")
    zuora.on("delete").locked()
    answer = await client.delete("Amendment", made.id)
    assert (answer.one("success"), answer.one("Code")) == ("false", "LOCK_COMPETITION")
    assert zuora.subscription("A-S1").status == "Cancelled"


async def test_the_clock_moves_and_today_is_the_tenants(http: httpx.AsyncClient) -> None:
    zuora = LocalZuora(zone=ZoneInfo("America/Los_Angeles"))
    await zuora.start()
    for hour, day in ((6, 28), (9, 29)):  # the day of the leap year begins at 8 in UTC
        at = datetime(2028, 2, 29, hour, tzinfo=timezone.utc)
        zuora.clock_ahead = at - datetime.now(timezone.utc)
        assert (zuora.today().month, zuora.today().day) == (2, day)
    subscription, client = zuora.add("A-S1"), Caller(zuora, http, "19.0")
    refused = await cancel(client, subscription.id, "2028-02-29T00:00:00.000-08:00")
    assert refused.one("Success") == "false"
    zuora.clock_ahead -= timedelta(days=2)
    assert (await cancel(client, subscription.id, "2028-02-29T00:00:00-08:00")).one(
        "Success"
    ) == "true"
    await zuora.stop()
