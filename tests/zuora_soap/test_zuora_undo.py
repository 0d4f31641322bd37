"""Undone cancellations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connect_ext.errors import (
    CancellationError,
    Conflict,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
    UnknownId,
)
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Act, SubscriptionStatus, TakesBack
from connect_ext.vendors.zuora_soap.subscriptions import ShownSubscription
from connect_ext.vendors.zuora_soap.vendor import ZuoraSoapVendor
from tests.zuora_soap.conftest import MakeVendor, asking
from tests.zuora_soap.scripted import (
    ACTIVE_ID,
    DRAFT_ID,
    OTHER_ID,
    Reply,
    ScriptedZuora,
    amendment,
    fault,
    found,
    row_error,
    soap,
    subscription,
)
from tests.zuora_soap.serving import GENERATIONS, tenant

NAME = "Cancel request PR-1000-2000"
CANCELLED = ShownSubscription(
    SubscriptionStatus.CANCELLED, None, OTHER_ID, previous_id=ACTIVE_ID.upper()
)
UNDO = replace(asking(), act=Act.UNDO)
OURS = amendment(NAME, "Completed")


def deleted(identity: str = DRAFT_ID) -> Reply:
    return Reply(
        soap(
            f"<ns1:deleteResponse><ns1:result><ns1:id>{identity}</ns1:id>"
            "<ns1:success>true</ns1:success></ns1:result></ns1:deleteResponse>"
        )
    )


def refused(code: str, message: str) -> Reply:
    """As Zuora returns it: with lower-case names."""
    return Reply(
        soap(
            f"<ns1:deleteResponse><ns1:result><ns1:errors><ns1:Code>{code}</ns1:Code><ns1:Message>"
            f"{message}</ns1:Message></ns1:errors><ns1:success>false</ns1:success></ns1:result>"
            "</ns1:deleteResponse>"
        )
    )


@pytest.mark.parametrize("version", GENERATIONS)
async def test_an_undone_cancellation_leaves_an_active_subscription(
    version: str,
) -> None:
    async with tenant(version) as there:
        there.add()
        await there.cancel(CancellationDate.END_OF_TERM)
        shown = await there.look()
        assert shown.status is SubscriptionStatus.CANCELLED

        accepted = await there.vendor.take_back(there.undo, shown)

        assert accepted.subscription is None
        assert (await there.look()).status is SubscriptionStatus.ACTIVE
        assert there.zuora.undone_cancellations(there.name) == 1
        assert there.zuora.count("delete") == 1


@pytest.mark.parametrize("version", GENERATIONS)
async def test_an_invoiced_amendment_is_refused_in_zuoras_words(version: str) -> None:
    async with tenant(version) as there:
        there.add()
        await there.cancel(CancellationDate.END_OF_TERM)
        there.zuora.invoice(there.name)

        with pytest.raises(Refused) as caught:
            await there.vendor.take_back(there.undo, await there.look())

        assert caught.value.reason == "An amendment that was invoiced cannot be deleted."
        assert there.zuora.undone_cancellations(there.name) == 0


@pytest.mark.parametrize("version", ["28.0", "29.0"])
async def test_versions_28_and_29_invoice_every_amendment_so_none_can_be_undone(
    version: str,
) -> None:
    """They have no option to prevent it (docs/facts.md, Zuora 1.4, 2.6)."""
    async with tenant(version) as there:
        there.add()
        await there.cancel()
        with pytest.raises(Refused) as caught:
            await there.vendor.take_back(there.undo, await there.look())
        assert "invoiced" in caught.value.reason


@pytest.mark.parametrize("version", GENERATIONS)
async def test_another_amendment_on_top_is_left_alone(version: str) -> None:
    async with tenant(version) as there:
        there.add()
        await there.cancel(CancellationDate.END_OF_TERM)
        there.zuora.amend_otherwise(there.name)

        with pytest.raises(Refused) as caught:
            await there.vendor.take_back(there.undo, await there.look())

        assert "Zuora has a later amendment" in caught.value.hint
        assert there.zuora.count("delete") == 0


@pytest.mark.parametrize("version", GENERATIONS)
async def test_somebody_elses_cancellation_is_not_undone(version: str) -> None:
    async with tenant(version) as there:
        there.add()
        await there.cancel()
        another = replace(there.undo, request_id="PR-2")

        with pytest.raises(Refused) as caught:
            await there.vendor.take_back(another, await there.look())

        assert "no amendment of this request" in caught.value.hint
        assert there.zuora.count("delete") == 0


@pytest.mark.parametrize("kind", ["harmonization", "orders"])
async def test_a_tenant_whose_amendments_cannot_be_deleted_gets_the_next_step(kind: str) -> None:
    async with tenant("78.0") as there:
        there.add()
        await there.cancel()
        there.zuora.tenant = kind  # type: ignore[assignment]

        with pytest.raises(NotConfigured, match=r"Orders Harmonization.*take the cancellation"):
            await there.vendor.take_back(there.undo, await there.look())


async def test_an_undo_without_an_earlier_look_looks_itself(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    vendor = undoing(make_vendor)
    zuora.on("query", found(subscription()), found())

    accepted = await vendor.take_back(UNDO, None)
    with pytest.raises(UnknownId):
        await vendor.take_back(UNDO, None)

    assert accepted.subscription is not None
    assert accepted.subscription.status is SubscriptionStatus.ACTIVE
    assert zuora.of("delete") == []


def undoing(make_vendor: MakeVendor, version: float = 91.0) -> ZuoraSoapVendor:
    vendor = make_vendor(version)
    assert isinstance(vendor, TakesBack)
    assert vendor.can_take_back
    assert isinstance(vendor, ZuoraSoapVendor)
    return vendor


@pytest.mark.parametrize(
    "records",
    [
        [],
        [amendment("Cancel request PR-1000-20001", "Completed")],
        [amendment(NAME.lower(), "Completed")],
        [amendment(NAME, "Completed", Type="NewProduct")],
        [amendment(NAME, "Completed", SubscriptionId=OTHER_ID)],
        [amendment(NAME, "Completed", SubscriptionId="")],
        [amendment(NAME, "Completed", Id="")],
        [amendment(NAME, "Completed", Id="x")],
        [amendment(NAME, "Draft")],
        [amendment(NAME, "Cancelled")],
        [OURS, amendment(NAME, "Completed", Id=OTHER_ID)],
    ],
)
async def test_a_different_amendment_is_never_deleted(
    zuora: ScriptedZuora, make_vendor: MakeVendor, records: list[str]
) -> None:
    zuora.on("query", found(*records))
    with pytest.raises(Refused) as caught:
        await undoing(make_vendor).take_back(UNDO, CANCELLED)
    assert caught.value.hint
    assert zuora.of("delete") == []


@pytest.mark.parametrize("shown", [replace(CANCELLED, previous_id="")])
async def test_a_version_without_a_previous_version_is_left_alone(
    zuora: ScriptedZuora, make_vendor: MakeVendor, shown: ShownSubscription
) -> None:
    zuora.on("query", found(amendment(NAME, "Completed", SubscriptionId="")))
    with pytest.raises(Refused, match="refuses"):
        await undoing(make_vendor).take_back(UNDO, shown)
    assert zuora.of("delete") == []


@pytest.mark.parametrize("field", ["Id", "Name", "Status", "SubscriptionId", "Type"])
async def test_two_values_of_an_amendments_field_count_as_none(
    zuora: ScriptedZuora, make_vendor: MakeVendor, field: str
) -> None:
    another = f"<ns2:{field}>another</ns2:{field}></ns1:records>"
    zuora.on("query", found(OURS.replace("</ns1:records>", another)))
    with pytest.raises(NotDone, match="two values"):
        await undoing(make_vendor).take_back(UNDO, CANCELLED)
    assert zuora.of("delete") == []


async def test_of_several_amendments_the_last_one_is_deleted(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    older = amendment(NAME, "Completed", Id="b" * 32, SubscriptionId="c" * 32)
    zuora.on("query", found(older, OURS, OURS, amendment(NAME, Id="d" * 32)))
    zuora.on("delete", deleted())

    assert (await undoing(make_vendor).take_back(UNDO, CANCELLED)).subscription is None

    (call,) = zuora.of("delete")
    assert call.names("delete") == ["type", "ids"]
    assert (call.text("type"), call.text("ids")) == ("Amendment", DRAFT_ID)


LOCK = "Operation failed due to a lock competition, please retry later."


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused("CANNOT_DELETE", "It is invoiced."), Refused),
        (refused("INVALID_VALUE", "It is invoiced."), Refused),
        (refused("INVALID_ID", "invalid id for type"), OutcomeUnknown),
        (refused("INVALID_VALUE", "Amendment does not exist."), OutcomeUnknown),
        (refused("CANNOT_DELETE", "It was already deleted."), OutcomeUnknown),
        (fault("INVALID_ID"), OutcomeUnknown),
        (refused("LOCK_COMPETITION", "x"), Conflict),
        (refused("UNKNOWN_ERROR", LOCK), Conflict),
        (refused("BATCH_FAIL_ERROR", "optimistic locking failed"), Conflict),
        (refused("A_CODE_OF_TOMORROW", "x"), OutcomeUnknown),
        (refused("CANNOT_DELETE", "Orders is enabled."), NotConfigured),
        (fault("CANNOT_DELETE"), NotConfigured),
        (fault("NO_PERMISSION"), NotConfigured),
        (row_error("delete", "REQUEST_EXCEEDED_LIMIT"), NotDone),
        (deleted(OTHER_ID), OutcomeUnknown),
        (Reply(lost=True), OutcomeUnknown),
        (Reply("<html>", 502), OutcomeUnknown),
        (Reply(soap("<ns1:deleteResponse/>")), OutcomeUnknown),
    ],
)
async def test_each_answer_to_an_undo_has_its_class(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply, kind: type[CancellationError]
) -> None:
    zuora.on("query", found(OURS))
    zuora.on("delete", reply)

    with pytest.raises(CancellationError) as caught:
        await undoing(make_vendor).take_back(UNDO, CANCELLED)

    assert type(caught.value) is kind
    assert len(zuora.of("delete")) == 1
    if isinstance(caught.value, Refused):
        assert caught.value.reason == "It is invoiced."
