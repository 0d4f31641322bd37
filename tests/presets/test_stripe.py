"""Stripe's words, dates, keys and refusals, beyond the tests of every preset."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from connect_ext.errors import Conflict, NotDone, Refused
from connect_ext.portal.policy import CancellationDate
from connect_ext.redaction import redact
from connect_ext.vendors.base import Act, SubscriptionStatus
from tests.presets.stand_in import TERM, Trouble
from tests.presets.stripe import MANAGED, Stripe
from tests.presets.vendors import order, serving, shown, vendor_at

AT_END = CancellationDate.END_OF_TERM
ENDED_AT = 1_700_000_000


@pytest.mark.parametrize(
    "word", ["active", "trialing", "past_due", "unpaid", "paused", "incomplete"]
)
@pytest.mark.parametrize("when", CancellationDate)
async def test_a_running_subscription_is_cancelled_for_each_date(http, word, when):
    async with serving(Stripe()) as stripe:
        held, vendor = stripe.add(word=word), vendor_at(http, stripe, CANCELLATION_DATE=when.value)
        subscription = await vendor.look_up(order(held.id, when))
        assert subscription.status is SubscriptionStatus.ACTIVE
        accepted = await vendor.cancel(order(held.id, when), subscription)
        assert accepted.subscription.status is SubscriptionStatus.CANCELLED
        assert (held.cancellations, held.cancelled) == (1, when is CancellationDate.IMMEDIATE)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "canceled", "ended_at": ENDED_AT, "cancel_at_period_end": False},
        {"status": "canceled", "ended_at": ENDED_AT, "cancel_at_period_end": True},
        {"status": "canceled", "ended_at": ENDED_AT, "cancel_at": ENDED_AT},
        {"status": "incomplete_expired", "ended_at": ENDED_AT},
    ],
)
async def test_an_ended_subscription_ended_when_stripe_says_so(http, fields):
    subscription = await shown(http, "stripe", {"id": "sub-1", **fields})
    assert subscription.status is SubscriptionStatus.CANCELLED
    assert subscription.ends_at == datetime.fromtimestamp(ENDED_AT, timezone.utc)


async def test_a_subscription_that_never_began_has_no_end_to_wait_for(http):
    document = {"id": "sub-1", "status": "incomplete_expired", "ended_at": None, "items": {}}
    subscription = await shown(http, "stripe", document)
    assert (subscription.status, subscription.ends_at) == (SubscriptionStatus.CANCELLED, None)


@pytest.mark.parametrize("word", ["active", "trialing", "past_due"])
@pytest.mark.parametrize(
    ("flag", "date"), [(True, True), (True, False), (False, True)], ids=["both", "flag", "date"]
)
async def test_a_later_end_is_seen_however_stripe_shows_it(http, word, flag, date):
    async with serving(Stripe(flag=flag, date=date)) as stripe:
        ends_at = datetime.now(timezone.utc) + TERM
        held = stripe.add(word=word, ends_at=ends_at)
        subscription = await vendor_at(http, stripe).look_up(order(held.id))
        assert subscription.status is SubscriptionStatus.CANCELLED
        assert abs(subscription.ends_at - ends_at) < timedelta(seconds=5)


async def test_with_different_item_periods_the_first_end_counts(http):
    soon, late = ENDED_AT + 10, ENDED_AT + 20
    items = {"data": [{"current_period_end": late}, {"current_period_end": soon}]}
    document = {"id": "sub-1", "status": "active", "cancel_at_period_end": True, "items": items}
    subscription = await shown(http, "stripe", document)
    assert subscription.ends_at == datetime.fromtimestamp(soon, timezone.utc)


async def test_a_schedules_refusal_is_stripes_own_sentence(http):
    async with serving(Stripe()) as stripe:
        held = stripe.add(trouble=Trouble.REFUSES)
        vendor = vendor_at(http, stripe, CANCELLATION_DATE=AT_END.value)
        with pytest.raises(Refused) as caught:
            await vendor.cancel(order(held.id, AT_END), None)
        assert caught.value.reason == MANAGED
        # As the customer's side sees it: the schedule's id looks like a key.
        shown_as = redact(caught.value.reason, [stripe.key], held.id)
        assert shown_as.startswith("The subscription is managed by the subscription schedule")
        assert shown_as.endswith("Please update the schedule instead.")


async def test_a_lock_or_a_key_in_use_is_no_refusal(http):
    async with serving(Stripe()) as stripe:
        held = stripe.add(trouble=Trouble.IS_BUSY)
        # HTTP 429 to a DELETE, 409 to a POST.
        with pytest.raises(NotDone):
            await vendor_at(http, stripe).cancel(order(held.id), None)
        with pytest.raises(Conflict):
            await vendor_at(http, stripe, CANCELLATION_DATE="end_of_term").cancel(
                order(held.id, AT_END), None
            )
        assert [seen.status for seen in stripe.seen] == [429, 409]


async def test_a_key_used_for_another_request_is_no_refusal(http):
    async with serving(Stripe()) as stripe:
        one, other = stripe.add(), stripe.add()
        vendor = vendor_at(http, stripe, CANCELLATION_DATE="end_of_term")
        await vendor.cancel(order(one.id, AT_END, request_id="PR-1"), None)
        with pytest.raises(Conflict):
            await vendor.cancel(order(other.id, AT_END, request_id="PR-1"), None)
        assert (one.cancellations, other.cancellations) == (1, 0)


async def test_a_repeat_has_the_key_of_the_first_and_the_undo_has_its_own(http):
    async with serving(Stripe()) as stripe:
        held, vendor = stripe.add(), vendor_at(http, stripe, CANCELLATION_DATE="end_of_term")
        for _ in range(2):
            await vendor.cancel(order(held.id, AT_END, request_id="PR-1"), None)
        await vendor.take_back(order(held.id, act=Act.UNDO, request_id="PR-1"), None)
        await vendor.cancel(order(held.id, AT_END, request_id="PR-1", definite_answers=1), None)
        keys = [seen.headers["Idempotency-Key"] for seen in stripe.seen]
        assert keys == ["PR-1", "PR-1", "PR-1-undo", "PR-1-1"]
        assert (held.cancellations, held.undone) == (2, 1)
