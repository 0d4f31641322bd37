"""Charges, currencies and settings, credible and not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from connect_ext.errors import NotDone
from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.reader import VariableReader
from connect_ext.portal.settings import COMMON_VARIABLES
from connect_ext.vendors.zuora_soap.settings import read_settings
from connect_ext.vendors.zuora_soap.variables import VARIABLES
from tests.zuora_soap.conftest import MakeVendor, asking
from tests.zuora_soap.scripted import (
    ACTIVE_ID,
    OTHER_ID,
    Asked,
    Reply,
    ScriptedZuora,
    amended,
    fault,
    found,
    previewed,
    record,
)
from tests.zuora_soap.serving import tenant
from tests.zuora_soap.test_zuora_vendor import ACTIVE

PLAN = "a" * 32
INVOICED = replace(asking(), when=CancellationDate.END_OF_INVOICED_PERIOD)


def plan(identity: str = PLAN, of: str = ACTIVE_ID) -> str:
    return record("RatePlan", Id=identity, SubscriptionId=of)


def charge(of: str = PLAN, through: str = "2026-05-01") -> str:
    return record("RatePlanCharge", RatePlanId=of, ChargedThroughDate=through)


def answering(plans: Reply, charges: Reply) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        question = asked.text("queryString") or ""
        return charges if "RatePlanCharge" in question else plans

    return answer


def incomplete(reply: Reply) -> Reply:
    return replace(reply, body=reply.body.replace("<ns1:done>true", "<ns1:done>false"))


def with_another(field: str, node: str) -> str:
    return node.replace("</ns1:records>", f"<ns2:{field}>x</ns2:{field}></ns1:records>")


@pytest.mark.parametrize(
    ("plans", "charges"),
    [
        (found(plan(of=OTHER_ID)), found()),
        (found(plan("x")), found()),
        (found(plan("")), found()),
        (found(plan("' or Id != '")), found()),
        (found(with_another("Id", plan())), found()),
        (incomplete(found(plan())), found(charge())),
        (found(*(plan(f"{n:032x}") for n in range(2001))), found()),
        (found(plan()), found(charge(OTHER_ID))),
        (found(plan()), found(charge(""))),
        (found(plan()), found(charge(through="soon"))),
        (found(plan()), found(charge(through="2026-02-29"))),
        (found(plan()), found(with_another("ChargedThroughDate", charge()))),
        (found(plan()), incomplete(found(charge()))),
        (fault("TEMPORARY_ERROR"), found()),
        (found(plan()), fault("TEMPORARY_ERROR")),
    ],
)
async def test_charges_that_cannot_be_believed_cancel_nothing(
    zuora: ScriptedZuora, make_vendor: MakeVendor, plans: Reply, charges: Reply
) -> None:
    zuora.on("query", answering(plans, charges))
    with pytest.raises(NotDone):
        await make_vendor().cancel(INVOICED, ACTIVE)
    assert {*zuora.operations()} == {"login", "query"}


async def test_a_repeated_rate_plan_is_queried_once(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("query", answering(found(plan(), plan()), found(charge(), charge(through=""))))
    zuora.on("amend", amended())
    await make_vendor(preview=False).cancel(INVOICED, ACTIVE)
    assert [each.text("queryString") for each in zuora.of("query")] == [
        f"select Id, SubscriptionId from RatePlan where SubscriptionId = '{ACTIVE_ID}'",
        f"select RatePlanId, ChargedThroughDate from RatePlanCharge where RatePlanId = '{PLAN}'",
    ]
    assert zuora.of("amend")[0].text("EffectiveDate") == "2026-05-01"


# --- the amounts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        found(),
        found(record("Account", Id=ACTIVE_ID, Currency="USD")),
        found(record("Account", Id=OTHER_ID, Currency="Mr Smith")),
        found(record("Account", Id=OTHER_ID, Currency="")),
        found(*(record("Account", Id=OTHER_ID, Currency=each) for each in ("USD", "EUR"))),
        found(with_another("Currency", record("Account", Id=OTHER_ID, Currency="USD"))),
        fault("NO_PERMISSION"),
        Reply(lost=True),
    ],
)
async def test_an_unknown_currency_is_left_out_and_stops_nothing(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply
) -> None:
    zuora.on("query", reply)
    zuora.on("preview", previewed(("10", "0")))
    zuora.on("amend", amended())
    accepted = await make_vendor().cancel(asking(), replace(ACTIVE, account_id=OTHER_ID))
    assert accepted.amounts == "According to Zuora's preview, the cancellation would charge 10.00."
    assert len(zuora.of("amend")) == 1


@pytest.mark.parametrize("version", ["38.0", "78.0"])
async def test_a_preview_shows_currency_period_and_tax(version: str) -> None:
    async with tenant(version, preview=True) as there:
        there.add(account_id=there.zuora.add_account("EUR").id)
        accepted = await there.cancel()
        assert accepted.amounts == (
            "According to Zuora's preview, the cancellation would credit 70.21 EUR for 4 March to 2"
            " April 2026, 11.21 EUR of which is tax."
        )
        assert accepted.remarks == ()


@pytest.mark.parametrize("version", ["19.0", "27.0"])
async def test_without_a_preview_no_amounts_are_mentioned(version: str) -> None:
    async with tenant(version, preview=True) as there:
        there.add()
        assert (await there.cancel()).amounts == ""


# --- the settings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "when", "is_mistake"),
    [
        ("24.0", "end_of_invoiced_period", True),
        ("19.0", "END_OF_INVOICED_PERIOD", True),
        ("25.0", "end_of_invoiced_period", False),
        ("153.0", "end_of_invoiced_period", False),
        ("24.0", "end_of_term", False),
        ("24.0", "immediate", False),
    ],
)
def test_a_version_without_invoiced_dates_is_a_mistake(
    version: str, when: str, is_mistake: bool
) -> None:
    given = {
        "ZUORA_SOAP_URL": f"https://www.zuora.com/apps/services/a/{version}",
        "ZUORA_USERNAME": "user@vendor.example",
        "ZUORA_PASSWORD": "a password",
        "CANCELLATION_DATE": when,
    }
    reader = VariableReader([*COMMON_VARIABLES, *VARIABLES], given)
    read_settings(reader)
    mistake = (
        "CANCELLATION_DATE is end_of_invoiced_period, but Zuora shows to which day a subscription"
        " is invoiced only from version 25.0 in ZUORA_SOAP_URL on; it takes immediate,"
        " end_of_term or end_of_invoiced_period."
    )
    assert reader.mistakes == ([mistake] if is_mistake else [])
