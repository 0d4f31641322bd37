"""The calls of each generation, and the reading of their answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import NotDone, OutcomeUnknown, UnknownId
from connect_ext.vendors.base import Subscription, SubscriptionStatus, Vendor
from connect_ext.vendors.zuora_soap.generations import effective_date
from connect_ext.vendors.zuora_soap.subscriptions import ShownSubscription
from connect_ext.vendors.zuora_soap.zoql import quoted
from tests.zuora_soap.conftest import NOW, MakeVendor, asking
from tests.zuora_soap.scripted import (
    ACTIVE_ID,
    DRAFT_ID,
    HTML,
    NUMBER,
    OTHER_ID,
    Reply,
    ScriptedZuora,
    amended,
    amendment,
    fault,
    found,
    previewed,
    record,
    row_error,
    saved,
    subscription,
)

ACTIVE = ShownSubscription(SubscriptionStatus.ACTIVE, None, ACTIVE_ID)
FIELDS = (
    "Id, Name, Status, Version, PreviousSubscriptionId, AccountId, CancelledDate, "
    "SubscriptionEndDate, ContractEffectiveDate, TermEndDate, TermType"
)
NAME = "Cancel request PR-1000-2000"


# --- looking up ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("Active", SubscriptionStatus.ACTIVE),
        ("Suspended", SubscriptionStatus.ACTIVE),
        ("Cancelled", SubscriptionStatus.CANCELLED),
        ("Draft", SubscriptionStatus.NOT_STARTED),
        ("PendingActivation", SubscriptionStatus.NOT_STARTED),
        ("Pending Activation", SubscriptionStatus.NOT_STARTED),
        ("PendingAcceptance", SubscriptionStatus.NOT_STARTED),
    ],
)
async def test_the_status_of_the_latest_version_decides(
    zuora: ScriptedZuora, make_vendor: MakeVendor, status: str, meaning: SubscriptionStatus
) -> None:
    zuora.on(
        "query",
        found(
            subscription("Expired", Id="1" * 32, Version="9"),
            subscription(status, Version="10"),
            subscription("Expired", Id="2" * 32, Version="1"),
        ),
    )

    shown = await make_vendor().look_up(asking())

    assert shown.status is meaning
    assert shown.version_id == ACTIVE_ID
    assert zuora.operations() == ["login", "query"]


async def test_an_unfinished_amendment_does_not_make_a_running_subscription_a_draft(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    running = subscription(TermType="TERMED")
    zuora.on("query", found(running, subscription("Draft", Id=OTHER_ID, Version="2")))

    assert await make_vendor().look_up(asking()) == ACTIVE


@pytest.mark.parametrize(
    ("fields", "ends_at"),
    [
        ({"CancelledDate": "2026-03-09"}, datetime(2026, 3, 9, tzinfo=timezone.utc)),
        (
            {"CancelledDate": "2026-03-09T00:00:00.000-08:00"},
            datetime(2026, 3, 9, 8, tzinfo=timezone.utc),
        ),
        ({"CancelledDate": "2026-03-09T01:02:03Z"}, datetime(2026, 3, 9, 1, 2, 3, 0, timezone.utc)),
        ({"CancelledDate": "2026-03-09T00:00:00"}, datetime(2026, 3, 9, 8, tzinfo=timezone.utc)),
        ({"SubscriptionEndDate": "2026-03-10"}, datetime(2026, 3, 10, tzinfo=timezone.utc)),
        ({}, None),
    ],
)
async def test_a_cancelled_subscription_tells_when_it_ends(
    zuora: ScriptedZuora,
    make_vendor: MakeVendor,
    fields: dict[str, str],
    ends_at: datetime | None,
) -> None:
    zuora.on("query", found(subscription("Cancelled", **fields)))

    shown = await make_vendor().look_up(asking())

    assert shown.status is SubscriptionStatus.CANCELLED
    assert shown.ends_at == ends_at


async def test_an_empty_answer_is_an_unknown_id(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("query", found())

    for key in (NUMBER, ACTIVE_ID):
        shown = await make_vendor().look_up(asking(key))
        assert shown.status is SubscriptionStatus.UNKNOWN_ID


async def test_an_id_is_queried_as_an_id(zuora: ScriptedZuora, make_vendor: MakeVendor) -> None:
    zuora.on("query", found(subscription(TermType="TERMED")))

    assert await make_vendor().look_up(asking(ACTIVE_ID.upper())) == ACTIVE
    assert zuora.of("query")[0].text("queryString") == (
        f"select {FIELDS} from Subscription where Id = '{ACTIVE_ID}'"
    )


async def test_the_id_of_a_superseded_version_leads_to_the_latest(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    old = subscription("Expired", Id=OTHER_ID)
    zuora.on("query", found(old), found(old, subscription(Version="2", TermType="TERMED")))

    assert await make_vendor().look_up(asking(OTHER_ID)) == ACTIVE
    assert zuora.of("query")[1].text("queryString") == (
        f"select {FIELDS} from Subscription where Name = '{NUMBER}'"
    )


@pytest.mark.parametrize("other", [NUMBER.lower(), "B-2"])
async def test_two_subscriptions_in_one_answer_count_as_none(
    zuora: ScriptedZuora, make_vendor: MakeVendor, other: str
) -> None:
    zuora.on("query", found(subscription(), subscription("Cancelled", Name=other, Version="2")))

    with pytest.raises(NotDone, match="not asked for"):
        await make_vendor().look_up(asking())


@pytest.mark.parametrize("field", ["Status", "Id", "Name", "Version"])
async def test_two_values_of_one_field_count_as_none(
    zuora: ScriptedZuora, make_vendor: MakeVendor, field: str
) -> None:
    another = f"<ns2:{field}>another</ns2:{field}></ns1:records>"
    zuora.on("query", found(subscription().replace("</ns1:records>", another)))

    with pytest.raises(NotDone, match="two values under one name"):
        await make_vendor().look_up(asking())


@pytest.mark.parametrize("key", ["", "a\x00b", "a\nb", "\ud800", "x" * 256])
async def test_an_impossible_id_is_never_queried(
    zuora: ScriptedZuora, make_vendor: MakeVendor, key: str
) -> None:
    shown = await make_vendor().look_up(asking(key))

    assert shown.status is SubscriptionStatus.UNKNOWN_ID
    assert zuora.asked == []


@pytest.mark.parametrize(
    ("key", "literal"),
    [
        ("x' or Name != '", r"'x\' or Name != \''"),
        ("x\\", r"'x\\'"),
        ("\\' or 1 = 1", r"'\\\' or 1 = 1'"),
        ("<a>&amp;", "'<a>&amp;'"),
        ("Ümläut-\U0001f600", "'Ümläut-\U0001f600'"),
    ],
)
async def test_a_number_cannot_leave_its_literal(
    zuora: ScriptedZuora, make_vendor: MakeVendor, key: str, literal: str
) -> None:
    zuora.on("query", found())

    await make_vendor().look_up(asking(key))

    assert quoted(key) == literal
    question = zuora.of("query")[0].text("queryString")
    assert question is not None
    assert question.endswith(f"where Name = {literal}")


# --- generations --------------------------------------------------------------------------------


def test_dates_are_moments_up_to_68_and_days_from_69_on() -> None:
    in_tokyo = NOW.astimezone(timezone(timedelta(hours=9)))

    assert effective_date(68.0, in_tokyo).text == "2026-03-04T05:06:07+00:00"
    assert effective_date(68.0, in_tokyo).moment <= NOW
    assert effective_date(69.0, in_tokyo).text == "2026-03-04"
    assert effective_date(69.0, in_tokyo).moment == datetime(2026, 3, 4, tzinfo=timezone.utc)


@pytest.mark.parametrize("offset", range(-12, 15))
def test_up_to_24_the_date_is_another_day_in_every_zone(offset: int) -> None:
    zone = timezone(timedelta(hours=offset))
    moment = effective_date(24.0, NOW).moment

    assert moment.astimezone(zone).date() > NOW.astimezone(zone).date()


@pytest.mark.parametrize(
    ("hour", "begins", "sent"),
    [
        (23, "2026-03-05", "2026-03-05"),
        (10, "2026-03-05", "2026-03-05"),
        (9, "2026-03-05", "2026-03-05"),
        (23, "2026-04-04", "2026-04-04"),
        (23, "2026-03-04", "2026-03-04"),
        (23, "2025-03-04", "2026-03-04"),
    ],
)
async def test_the_first_day_is_sent_if_it_is_still_to_come(
    zuora: ScriptedZuora, make_vendor: MakeVendor, hour: int, begins: str, sent: str
) -> None:
    dates = {"ContractEffectiveDate": begins}
    assert await sent_date(zuora, make_vendor(69.0, preview=False), hour, dates) == sent


@pytest.mark.parametrize(
    ("hour", "term_ends", "sent"),
    [
        (0, "2026-03-03", "2026-03-03"),
        (11, "2026-03-03", "2026-03-03"),
        # Even at UTC-12, the day is over at 12:00 UTC.
        (12, "2026-03-03", "2026-03-04"),
        (0, "2026-03-02", "2026-03-04"),
        (0, "2026-02-04", "2026-03-04"),
        (23, "2026-03-04", "2026-03-04"),
        (0, "2026-03-05", "2026-03-04"),
    ],
)
async def test_the_last_day_of_the_term_is_sent_if_it_is_today_in_some_zone(
    zuora: ScriptedZuora, make_vendor: MakeVendor, hour: int, term_ends: str, sent: str
) -> None:
    dates = {"ContractEffectiveDate": "2025-03-04", "TermEndDate": term_ends}
    assert await sent_date(zuora, make_vendor(69.0, preview=False), hour, dates) == sent


@pytest.mark.parametrize(
    ("hour", "dates", "sent"),
    [
        (23, {"ContractEffectiveDate": "2026-03-05T00:00:00.000-08:00"}, "2026-03-05T08:00:00"),
        (23, {"ContractEffectiveDate": "2026-03-06T00:00:00.000-08:00"}, "2026-03-06T08:00:00"),
        (9, {"TermEndDate": "2026-03-03T00:00:00.000-08:00"}, "2026-03-03T08:00:00"),
        (9, {"TermEndDate": "2026-03-02T00:00:00.000-08:00"}, "2026-03-04T09:00:00"),
    ],
)
async def test_up_to_68_the_moment_of_that_day_is_sent(
    zuora: ScriptedZuora, make_vendor: MakeVendor, hour: int, dates: dict[str, str], sent: str
) -> None:
    vendor = make_vendor(68.0, preview=False)
    assert await sent_date(zuora, vendor, hour, dates) == f"{sent}+00:00"


@pytest.mark.parametrize("version", [38.0, 78.0])
@pytest.mark.parametrize(
    "text", ["", "soon", "2026-02-30", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
)
async def test_a_day_that_cannot_be_read_changes_no_date(
    zuora: ScriptedZuora, make_vendor: MakeVendor, version: float, text: str
) -> None:
    dates = {"ContractEffectiveDate": text, "TermEndDate": text}
    found_date = await sent_date(zuora, make_vendor(version, preview=False), 23, dates)
    assert found_date == effective_date(version, NOW.replace(hour=23, minute=0, second=0)).text


async def sent_date(
    zuora: ScriptedZuora, vendor: Vendor, hour: int, dates: dict[str, str]
) -> str | None:
    """The only date of a cancellation requested at this hour (UTC) of 4 March 2026."""
    zuora.on("query", found(subscription(**dates)))
    zuora.on("amend", amended())
    asked_at = NOW.replace(hour=hour, minute=0, second=0)
    cancellation = replace(asking(), asked_at=asked_at)
    await vendor.cancel(cancellation, await vendor.look_up(cancellation))
    (amend,) = zuora.of("amend")
    assert amend.text("ContractEffectiveDate") == amend.text("EffectiveDate")
    return amend.text("EffectiveDate")


# --- amend --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [28.0, 38.0, 68.0, 69.0, 91.0])
async def test_amend_is_previewed_and_confirms_the_cancellation(
    zuora: ScriptedZuora, make_vendor: MakeVendor, version: float
) -> None:
    zuora.on("preview", previewed(("-703.22", "-1.10"), ("3.20", "0")))
    zuora.on("amend", amended())
    zuora.on("query", found(record("Account", Id=OTHER_ID, Currency="USD")))
    date = effective_date(version, NOW)

    shown = replace(ACTIVE, account_id=OTHER_ID)
    accepted = await make_vendor(version).cancel(asking(), shown)

    assert zuora.operations() == ["login", "preview", "query", "amend"]
    assert accepted.subscription == Subscription(SubscriptionStatus.CANCELLED, date.moment)
    assert accepted.remarks == ()
    assert accepted.amounts == (
        "According to Zuora's preview, the cancellation would credit 701.12 USD, 1.10 USD"
        " of which is tax."
    )
    (amend,) = zuora.of("amend")
    for name in (
        "ContractEffectiveDate",
        "ServiceActivationDate",
        "CustomerAcceptanceDate",
        "EffectiveDate",
    ):
        assert amend.text(name) == date.text
    assert amend.text("Name") == NAME
    assert amend.text("Status") == "Completed"
    assert amend.text("SubscriptionId") == ACTIVE_ID
    assert amend.text("Type") == "Cancellation"


@pytest.mark.parametrize("invoice", [False, True])
@pytest.mark.parametrize("payments", [False, True])
async def test_billing_is_switched_on_and_off_in_words_from_version_30_on(
    zuora: ScriptedZuora, make_vendor: MakeVendor, invoice: bool, payments: bool
) -> None:
    zuora.on("preview", previewed())
    zuora.on("amend", amended())

    for version in (29.0, 30.0, 91.0):
        vendor = make_vendor(version, generate_invoice=invoice, process_payments=payments)
        await vendor.cancel(asking(), ACTIVE)

    for kind in ("preview", "amend"):
        said = [(a.text("GenerateInvoice"), a.text("ProcessPayments")) for a in zuora.of(kind)]
        words = (str(invoice).lower(), str(payments).lower())
        assert said == [(None, None), words, words]


async def test_no_preview_is_sent_if_it_is_switched_off(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("amend", amended())

    accepted = await make_vendor(preview=False).cancel(asking(), ACTIVE)

    assert zuora.operations() == ["login", "amend"]
    assert accepted.remarks == ()


@pytest.mark.parametrize(
    "reply",
    [
        row_error("amend", "INVALID_VALUE", "Cancellation cannot be previewed, Mr Smith."),
        fault("UNKNOWN_ERROR"),
        HTML,
        Reply(lost=True),
        previewed(("NaN", "0")),
        previewed(("1e999999", "0")),
    ],
)
async def test_a_failed_preview_is_a_remark_and_stops_nothing(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply
) -> None:
    zuora.on("preview", reply)
    zuora.on("amend", amended())

    accepted = await make_vendor().cancel(asking(), ACTIVE)

    (remark,) = accepted.remarks
    assert remark.startswith("The preview failed, and the cancellation went on without it: ")
    assert "Smith" not in remark
    assert accepted.subscription is not None


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (fault("REQUEST_EXCEEDED_LIMIT", status=429), Cause.BUSY),
        (fault("LOCK_COMPETITION"), Cause.BUSY),
        (fault("INVALID_SESSION"), Cause.CREDENTIALS),
    ],
)
async def test_an_error_that_is_not_the_previews_own_stops_the_cancellation(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply, cause: Cause
) -> None:
    zuora.on("preview", reply)

    with pytest.raises(NotDone) as caught:
        await make_vendor().cancel(asking(), ACTIVE)

    assert caught.value.cause is cause
    assert zuora.of("amend") == []


async def test_a_preview_without_items_says_so(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("preview", previewed())
    zuora.on("amend", amended())

    accepted = await make_vendor().cancel(asking(), ACTIVE)

    assert accepted.amounts == "According to Zuora's preview, the cancellation would bill nothing."
    assert accepted.remarks == ()


async def test_success_without_an_amendment_is_looked_up_again(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("amend", amended(""))

    assert (await make_vendor(preview=False).cancel(asking(), ACTIVE)).subscription is None


async def test_without_an_earlier_look_up_the_vendor_looks_itself(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("amend", amended())
    zuora.on(
        "query",
        found(subscription()),
        found(subscription("Cancelled", CancelledDate="2026-03-01")),
        found(),
    )
    vendor = make_vendor(preview=False)

    cancelled = await vendor.cancel(asking(), None)
    already = await vendor.cancel(asking(), None)
    with pytest.raises(UnknownId):
        await vendor.cancel(asking(), None)

    assert cancelled.subscription is not None
    assert already.subscription is not None
    assert already.subscription.status is SubscriptionStatus.CANCELLED
    assert len(zuora.of("amend")) == 1


@pytest.mark.parametrize("request_id", ["PR-1 <&>'\"\\", "PR-1\x00\n", "P" * 300])
async def test_a_name_holds_the_request_id_escaped_and_cut(
    zuora: ScriptedZuora, make_vendor: MakeVendor, request_id: str
) -> None:
    zuora.on("query", found())
    zuora.on("create", saved("create"))
    zuora.on("update", saved("update"))

    await make_vendor(19.0).cancel(asking(request_id=request_id), ACTIVE)

    name = zuora.of("create")[0].text("Name")
    assert name is not None
    assert len(name) <= 100
    assert name.startswith("Cancel request P")
    question = zuora.of("query")[0].text("queryString")
    assert question is not None
    assert question.endswith(f"where Name = {quoted(name)}")


# --- create, then update ------------------------------------------------------------------------


async def test_two_steps_make_a_draft_and_complete_it_with_dates_in_the_future(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("query", found())
    zuora.on("create", saved("create"))
    zuora.on("update", saved("update"))
    date = effective_date(24.0, NOW)

    accepted = await make_vendor(24.0).cancel(asking(), ACTIVE)

    assert zuora.operations() == ["login", "query", "create", "update"]
    create, update = zuora.asked[2:]
    assert create.names("zObjects") == [
        "Description",
        "EffectiveDate",
        "Name",
        "Status",
        "SubscriptionId",
        "Type",
    ]
    assert create.text("Status") == "Draft"
    assert create.text("EffectiveDate") == date.text
    assert create.text("useSingleTransaction") is None
    assert update.names("zObjects") == [
        "Id",
        "ContractEffectiveDate",
        "CustomerAcceptanceDate",
        "ServiceActivationDate",
        "Status",
    ]
    assert update.text("Id") == DRAFT_ID
    assert update.text("Status") == "Completed"
    assert update.text("ContractEffectiveDate") == date.text
    assert accepted.subscription == Subscription(SubscriptionStatus.CANCELLED, date.moment)
    assert date.moment > NOW


@pytest.mark.parametrize("version", [19.0, 25.0])
@pytest.mark.parametrize("status", ["Draft", "PendingActivation", "Pending Acceptance"])
async def test_a_draft_left_by_an_earlier_attempt_is_completed_and_no_other_is_made(
    zuora: ScriptedZuora, make_vendor: MakeVendor, version: float, status: str
) -> None:
    zuora.on("query", found(amendment(NAME, status)))
    zuora.on("update", saved("update"))
    later = replace(asking(), asked_at=NOW + timedelta(days=3))
    date = effective_date(version, later.asked_at)

    accepted = await make_vendor(version).cancel(later, ACTIVE)

    assert zuora.operations() == ["login", "query", "update"]
    assert zuora.of("update")[0].text("Id") == DRAFT_ID
    assert zuora.of("update")[0].text("EffectiveDate") == date.text
    assert accepted.subscription == Subscription(SubscriptionStatus.CANCELLED, date.moment)
    assert accepted.remarks == ("Completed the draft amendment that an earlier attempt had left.",)


@pytest.mark.parametrize(
    "other",
    [
        amendment("Cancel request PR-1000-20001"),
        amendment(NAME, Type="NewProduct"),
        amendment(NAME, SubscriptionId=OTHER_ID),
        amendment(NAME, "Cancelled"),
    ],
)
async def test_an_amendment_that_is_not_ours_is_left_alone(
    zuora: ScriptedZuora, make_vendor: MakeVendor, other: str
) -> None:
    zuora.on("query", found(other))
    zuora.on("create", saved("create", OTHER_ID))
    zuora.on("update", saved("update", OTHER_ID))

    await make_vendor(19.0).cancel(asking(), ACTIVE)

    assert zuora.operations() == ["login", "query", "create", "update"]
    assert zuora.of("update")[0].text("Id") == OTHER_ID


async def test_of_two_drafts_every_attempt_takes_the_same(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("query", found(amendment(NAME, Id="b" * 32), amendment(NAME, Id="a" * 32)))
    zuora.on("update", saved("update"))

    await make_vendor(19.0).cancel(asking(), ACTIVE)

    assert zuora.of("update")[0].text("Id") == "a" * 32


async def test_a_completed_amendment_that_is_not_visible_yet_is_not_repeated(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("query", found(amendment(NAME, "Completed")))

    with pytest.raises(OutcomeUnknown):
        await make_vendor(19.0).cancel(asking(), ACTIVE)

    assert zuora.operations() == ["login", "query"]


@pytest.mark.parametrize(
    ("version", "step"), [(19.0, "create"), (19.0, "update"), (25.0, "create"), (91.0, "amend")]
)
async def test_nothing_is_sent_after_a_lost_answer(
    zuora: ScriptedZuora, make_vendor: MakeVendor, version: float, step: str
) -> None:
    zuora.on("query", found())
    zuora.on("create", saved("create"))
    zuora.on(step, Reply(lost=True))

    with pytest.raises(OutcomeUnknown):
        await make_vendor(version, preview=False).cancel(asking(), ACTIVE)

    assert zuora.operations()[-1] == step
    assert len(zuora.of(step)) == 1


# --- one create ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [25.0, 27.0])
async def test_one_create_is_completed_in_one_transaction_and_then_looked_up(
    zuora: ScriptedZuora, make_vendor: MakeVendor, version: float
) -> None:
    zuora.on("query", found())
    zuora.on("create", saved("create"))

    accepted = await make_vendor(version).cancel(asking(), ACTIVE)

    assert zuora.operations() == ["login", "query", "create"]
    (create,) = zuora.of("create")
    assert create.names("Header") == ["CallOptions", "SessionHeader"]
    assert create.text("useSingleTransaction") == "true"
    assert create.text("Status") == "Completed"
    assert create.text("EffectiveDate") == "2026-03-04T05:06:07+00:00"
    assert accepted.subscription is None


def test_the_vendor_can_be_asked_forbids_repeats_and_names_its_own_variables(
    make_vendor: MakeVendor,
) -> None:
    vendor = make_vendor()

    assert vendor.can_be_asked
    assert not vendor.is_repeatable
    assert "ZUORA_SOAP_URL" in vendor.advice.refusal
    assert "ZUORA_SOAP_URL" in vendor.advice.address_of_cancellation
