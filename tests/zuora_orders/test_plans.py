"""A plan describes exactly the calls that follow, and changes nothing."""

from __future__ import annotations

import json
from datetime import date

import pytest

from connect_ext.errors import Refused, UnknownId
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Act
from tests.zuora_orders.scripted import (
    CANCELLED,
    MARKER,
    SUBSCRIPTION,
    Answer,
    asking,
    order,
    reasons,
)

BY_US = {**CANCELLED, "cancelReason": MARKER}
ENDS = dict(zip(CancellationDate, (date(2026, 3, 3), date(2027, 1, 1), None), strict=True))


def check_nothing_was_changed(zuora):
    for seen in zuora.seen:
        assert seen.method == "GET" or seen.operation in ("token", "preview")


def check_was_planned(zuora, plan):
    """The last call, and only that one, is the planned one."""
    [call], sent = plan.calls, zuora.seen[-1]
    assert (call.method, call.url) == (sent.method, zuora.url + sent.path)
    assert call.body == (json.dumps(sent.body) if sent.body else "")
    assert zuora.operations().count(sent.operation) == 1


@pytest.mark.parametrize("when", CancellationDate)
@pytest.mark.parametrize("preview", ["true", "false"])
@pytest.mark.parametrize("works", [True, False])
async def test_a_cancellation_is_sent_as_planned(zuora, make_vendor, when, preview, works):
    vendor = make_vendor(ZUORA_PREVIEW=preview, ZUORA_GENERATE_INVOICE="true")
    zuora.say("subscription", Answer({**SUBSCRIPTION, "scheduledCancelDate": "2026-12-31"}))
    zuora.answers["preview"] += [] if works else [Answer(b"", 500)]
    asked = asking(when=when)
    shown = await vendor.look_up(asked)
    zuora.answers["preview"] = zuora.answers["preview"][-1:]
    plan = await vendor.plan(asked, shown)
    check_nothing_was_changed(zuora)
    accepted = await vendor.cancel(asked, shown)
    check_was_planned(zuora, plan)
    assert plan.takes_effect == ENDS[when]
    assert (plan.remarks, plan.amounts) == (accepted.remarks, accepted.amounts)
    assert bool(plan.amounts) is (works and preview == "true")
    assert plan.remarks[-1] == "Zuora would have cancelled it anyway on 2026-12-31."


async def test_it_has_the_number_for_the_next_order(zuora, vendor):
    zuora.say("order by number", Answer(order("Failed")), Answer(reasons(50000040), 404))
    asked = asking(may_have_been_sent=True)
    shown = await vendor.look_up(asked)
    [call] = (await vendor.plan(asked, shown)).calls
    assert json.loads(call.body)["orderNumber"] == shown.order_number != ""
    assert shown.order_number.endswith("-2")


@pytest.mark.parametrize("number", [None, "Ours 1:2"])
async def test_a_deletion_is_sent_as_planned(zuora, vendor, number):
    zuora.say("subscription", Answer(BY_US))
    if number:
        listed = [{"orderNumber": number, "status": "Completed", "description": MARKER}]
        zuora.say("orders", Answer({"success": True, "orders": listed}))
    else:
        zuora.say("order by number", Answer(order("Completed")))
    asked = asking(act=Act.UNDO)
    shown = await vendor.look_up(asked)
    plan = await vendor.plan(asked, shown)
    check_nothing_was_changed(zuora)
    await vendor.take_back(asked, shown)
    check_was_planned(zuora, plan)
    assert (plan.takes_effect, plan.remarks, plan.amounts) == (None, (), "")


@pytest.mark.parametrize(
    ("act", "shown"),
    [
        (Act.CANCEL, BY_US),
        (Act.CANCEL, {**SUBSCRIPTION, "status": "Suspended"}),
        (Act.UNDO, SUBSCRIPTION),
        (Act.UNDO, {**BY_US, "cancelReason": "Late payment"}),
        (Act.UNDO, BY_US),
    ],
)
async def test_if_nothing_would_be_sent_it_says_so(zuora, vendor, act, shown):
    zuora.say("subscription", Answer(shown))
    with pytest.raises(Refused) as caught:
        await vendor.plan(asking(act=act), None)
    assert caught.value.hint.startswith("Zuora ")
    check_nothing_was_changed(zuora)


@pytest.mark.parametrize("act", Act)
async def test_an_unknown_id_is_unknown_to_all_calls(zuora, vendor, act):
    zuora.say("subscription", Answer(reasons(50000040), 404))
    for call in (vendor.plan, vendor.cancel, vendor.take_back):
        with pytest.raises(UnknownId):
            await call(asking(act=act), None)
    check_nothing_was_changed(zuora)
