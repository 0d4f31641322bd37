"""A plan shows what will happen and changes nothing."""

from __future__ import annotations

import re
from datetime import date

import pytest

from connect_ext.errors import NotDone, Refused
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Plans, SubscriptionStatus
from tests.zuora_soap.conftest import MakeVendor, asking
from tests.zuora_soap.scripted import ScriptedZuora, amendment, found, row_error, subscription
from tests.zuora_soap.serving import GENERATIONS, Tenant, tenant
from tests.zuora_soap.test_zuora_undo import CANCELLED, UNDO, undoing
from tests.zuora_soap.test_zuora_vendor import ACTIVE, NAME


def without_session(envelope: str) -> str:
    return re.sub(r"<api:session>[^<]*", "<api:session>[…]", envelope)


def with_draft(there: Tenant, body: str) -> str:
    (made,) = there.zuora.amendments(there.name)
    return body.replace("[the draft's id]", made.id)


@pytest.mark.parametrize("version", GENERATIONS)
@pytest.mark.parametrize("when", [CancellationDate.IMMEDIATE, CancellationDate.END_OF_TERM])
async def test_a_plan_shows_the_envelopes_that_are_sent_afterwards(
    version: str, when: CancellationDate
) -> None:
    async with tenant(version, preview=True) as there:
        there.add()
        assert isinstance(there.vendor, Plans)
        asked = there.asked.__class__(**{**vars(there.asked), "when": when})

        plan = await there.vendor.plan(asked, await there.look())
        assert there.writes() == []
        assert (await there.look()).status is SubscriptionStatus.ACTIVE

        accepted = await there.cancel(when)
        planned = [with_draft(there, call.body) for call in plan.calls]
        assert planned == [without_session(sent) for sent in there.writes()]
        assert {(call.method, call.url) for call in plan.calls} == {
            ("POST", there.zuora.soap_url(version))
        }
        assert plan.amounts == accepted.amounts
        assert len(plan.calls) == (2 if version == "19.0" else 1)


@pytest.mark.parametrize("version", GENERATIONS)
async def test_a_plan_of_an_undo_shows_the_delete(version: str) -> None:
    async with tenant(version) as there:
        there.add()
        await there.cancel()
        before = len(there.writes())

        plan = await there.vendor.plan(there.undo, await there.look())
        assert len(there.writes()) == before

        await there.vendor.take_back(there.undo, await there.look())
        assert [call.body for call in plan.calls] == [without_session(there.writes()[-1])]
        assert plan.takes_effect is None


async def test_a_plan_shows_the_day_in_the_tenants_zone() -> None:
    async with tenant("78.0", "Pacific/Kiritimati", "2026-03-04T20:30") as there:
        there.add()
        plan = await there.vendor.plan(there.asked, await there.look())
        assert plan.takes_effect == date(2026, 3, 5)


async def test_a_plan_completes_the_existing_draft(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("query", found(amendment(NAME)))
    plan = await undoing(make_vendor, 19.0).plan(asking(), ACTIVE)
    (call,) = plan.calls
    assert "update" in call.body
    assert zuora.operations() == ["login", "query"]


async def test_a_plan_says_why_there_is_no_preview(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("preview", row_error("amend", "INVALID_VALUE", "Not Mr Smith's."))
    plan = await undoing(make_vendor).plan(asking(), ACTIVE)
    (remark,) = plan.remarks
    assert remark.startswith("The preview failed: ")
    assert "Smith" not in remark


async def test_only_calls_that_would_be_sent_are_planned(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    vendor = undoing(make_vendor, 19.0)
    zuora.on("query", found())
    with pytest.raises(Refused):
        await vendor.plan(UNDO, CANCELLED)
    zuora.on("query", found(subscription("Cancelled", CancelledDate="2026-03-01")))
    with pytest.raises(Refused):
        await vendor.plan(asking(), None)
    zuora.on("query", found(amendment(NAME, "Completed")))
    with pytest.raises(NotDone):
        await vendor.plan(asking(), ACTIVE)
