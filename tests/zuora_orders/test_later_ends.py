"""Cancellations at the end of the term or of the invoiced period, by Zuora's own policies."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Accepted, SubscriptionStatus
from tests.sandbox_zuora_orders.calling import check
from tests.zuora_orders.scripted import (
    CANCELLED,
    COMPLETED,
    SUBSCRIPTION,
    Answer,
    asking,
    reasons,
)

NOW, TERM, INVOICED = CancellationDate
LATER = pytest.mark.parametrize("when", [TERM, INVOICED])
EVERY = pytest.mark.parametrize("when", CancellationDate)
DETAILS = {
    NOW: {"cancellationPolicy": "SpecificDate", "cancellationEffectiveDate": "2026-03-03"},
    TERM: {"cancellationPolicy": "EndOfCurrentTerm"},
    INVOICED: {"cancellationPolicy": "EndOfLastInvoicePeriod"},
}


def action_of(body):
    [subscription] = body["subscriptions"]
    [action] = subscription["orderActions"]
    return action


@EVERY
async def test_a_date_is_sent_only_if_specific_and_the_order_is_dated_today_in_the_tenants_zone(
    zuora, vendor, when
):
    await vendor.cancel(asking(when=when), None)
    [body] = zuora.bodies("order")
    check("POST", "/v1/orders", body)
    action = action_of(body)
    assert action["cancelSubscription"] == DETAILS[when]
    assert len(action["triggerDates"]) == 3
    days = {body["orderDate"], *(each["triggerDate"] for each in action["triggerDates"])}
    assert days == {"2026-03-03"}


@EVERY
async def test_nothing_after_today_is_billed_with_the_order(zuora, make_vendor, when):
    await make_vendor(ZUORA_GENERATE_INVOICE="true").cancel(asking(when=when), None)
    [body] = zuora.bodies("order")
    assert body["processingOptions"]["billingOptions"] == {"targetDate": "2026-03-03"}


@LATER
@pytest.mark.parametrize("word", ["Cancelled", "Active", ""])
async def test_its_end_is_read_from_the_subscription_and_never_guessed(zuora, vendor, when, word):
    number = SUBSCRIPTION["subscriptionNumber"]
    listed = [{"subscriptionNumber": number, "status": word, "subscriptionEndDate": "2026-05-05"}]
    zuora.say("order", Answer({**COMPLETED, "subscriptions": listed}))
    assert await vendor.cancel(asking(when=when), None) == Accepted()
    zuora.say("subscription", Answer({**CANCELLED, "subscriptionEndDate": "2026-11-07"}))
    shown = await vendor.look_up(asking(when=when))
    assert shown.status is SubscriptionStatus.CANCELLED
    assert shown.ends_at == datetime(2026, 11, 7, 8, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("shown", "is_evergreen"),
    [
        ({}, False),
        ({"termType": "EVERGREEN", "termEndDate": None}, True),
        ({"termType": " Ever green", "termEndDate": "2026-02-01"}, True),
        ({"termType": "TERMED", "termEndDate": None}, False),
        ({"termType": None}, False),
        ({"termType": None, "termEndDate": None}, True),
        ({"termType": ["EVERGREEN"], "termEndDate": "soon"}, True),
    ],
)
async def test_a_subscription_without_a_term_is_shown_as_evergreen(
    zuora, vendor, shown, is_evergreen
):
    zuora.say("subscription", Answer({**SUBSCRIPTION, **shown}))
    assert (await vendor.look_up(asking())).is_evergreen is is_evergreen


async def test_leftover_term_dates_do_not_end_an_evergreen_subscription_in_the_past(zuora, vendor):
    shown = {"termType": "EVERGREEN", "termEndDate": "2026-02-01"}
    zuora.say("subscription", Answer({**SUBSCRIPTION, **shown}))
    await vendor.cancel(asking(), None)
    assert action_of(*zuora.bodies("order"))["cancelSubscription"] == DETAILS[NOW]


@EVERY
async def test_a_repeated_order_has_an_earlier_day_and_the_same_policy(zuora, make_vendor, when):
    zuora.say("order", Answer(reasons(58730020), 400), Answer(COMPLETED))
    vendor = make_vendor(VENDOR_TIME_ZONE="Pacific/Kiritimati", ZUORA_PREVIEW="false")
    await vendor.cancel(asking(when=when), None)
    bodies = zuora.bodies("order")
    assert [body["orderDate"] for body in bodies] == ["2026-03-04", "2026-03-03"]
    first, second = (action_of(body)["cancelSubscription"] for body in bodies)
    assert first == second
    assert first["cancellationPolicy"] == DETAILS[when]["cancellationPolicy"]
