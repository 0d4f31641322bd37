"""Chargebee's words, dates, keys and refusals, beyond the tests of every preset."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from connect_ext.errors import Conflict, NotDone, Refused
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Act, SubscriptionStatus
from tests.presets.chargebee import Chargebee
from tests.presets.stand_in import Trouble
from tests.presets.vendors import order, serving, shown, vendor_at

AT_END = CancellationDate.END_OF_TERM
NOW, EARLIER, LATER = 1_700_000_000, 1_690_000_000, 1_710_000_000


async def looked_at(http, **fields):
    return await shown(http, "chargebee", {"subscription": {"id": "sub-1", **fields}})


@pytest.mark.parametrize("word", ["active", "in_trial", "paused"])
@pytest.mark.parametrize("when", CancellationDate)
async def test_a_running_subscription_is_cancelled_for_each_date(http, word, when):
    async with serving(Chargebee()) as chargebee:
        held = chargebee.add(word=word)
        vendor = vendor_at(http, chargebee, CANCELLATION_DATE=when.value)
        subscription = await vendor.look_up(order(held.id, when))
        assert subscription.status is SubscriptionStatus.ACTIVE
        accepted = await vendor.cancel(order(held.id, when), subscription)
        assert accepted.subscription.status is SubscriptionStatus.CANCELLED
        assert (held.cancellations, held.cancelled) == (1, when is CancellationDate.IMMEDIATE)


async def test_a_transferred_subscription_is_never_treated_as_cancelled(http):
    async with serving(Chargebee()) as chargebee:
        held, vendor = chargebee.add(word="transferred"), vendor_at(http, chargebee)
        subscription = await vendor.look_up(order(held.id))
        assert subscription.status is SubscriptionStatus.ACTIVE
        with pytest.raises(Refused):
            await vendor.cancel(order(held.id), subscription)


async def test_a_future_subscription_has_not_started(http):
    subscription = await looked_at(http, status="future", start_date=LATER)
    assert subscription.status is SubscriptionStatus.NOT_STARTED


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "non_renewing", "cancelled_at": LATER},
        {"status": "non_renewing", "current_term_end": LATER},
        {"status": "in_trial", "trial_end": LATER, "cancelled_at": LATER},
        {"status": "active", "current_term_end": NOW, "cancelled_at": LATER},
    ],
)
async def test_a_later_end_is_seen_however_chargebee_shows_it(http, fields):
    subscription = await looked_at(http, **fields)
    assert subscription.status is SubscriptionStatus.CANCELLED
    assert subscription.ends_at == datetime.fromtimestamp(LATER, timezone.utc)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "active", "current_term_end": LATER, "cancelled_at": EARLIER},
        {"status": "active", "current_term_end": LATER},
        {"status": "in_trial", "trial_end": LATER, "cancelled_at": EARLIER},
        {"status": "in_trial", "trial_end": LATER},
        {"status": "paused", "cancelled_at": EARLIER},
    ],
)
async def test_an_obsolete_end_date_is_ignored(http, fields):
    assert (await looked_at(http, **fields)).status is SubscriptionStatus.ACTIVE


async def test_an_answer_about_another_subscription_is_not_believed(http):
    with pytest.raises(NotDone, match="REST_ID_PATH"):
        await looked_at(http, id="sub-2", status="cancelled")


async def test_the_key_goes_into_chargebees_own_header_and_is_honoured(http):
    async with serving(Chargebee()) as chargebee:
        held, vendor = chargebee.add(), vendor_at(http, chargebee, CANCELLATION_DATE="end_of_term")
        for _ in range(2):
            await vendor.cancel(order(held.id, AT_END, request_id="PR-1"), None)
        await vendor.take_back(order(held.id, act=Act.UNDO, request_id="PR-1"), None)
        keys = [seen.headers["chargebee-idempotency-key"] for seen in chargebee.seen]
        assert keys == ["PR-1", "PR-1", "PR-1-undo"]
        assert not any("Idempotency-Key" in seen.headers for seen in chargebee.seen)
        assert (held.cancellations, held.undone) == (1, 1)


async def test_a_key_used_for_another_request_is_no_refusal(http):
    async with serving(Chargebee()) as chargebee:
        one, other = chargebee.add(), chargebee.add()
        vendor = vendor_at(http, chargebee)
        await vendor.cancel(order(one.id, request_id="PR-1"), None)
        with pytest.raises(Conflict):
            await vendor.cancel(order(other.id, request_id="PR-1"), None)
        assert other.cancellations == 0


async def test_a_state_that_forbids_it_is_a_refusal_with_chargebees_sentence(http):
    async with serving(Chargebee()) as chargebee:
        held = chargebee.add(trouble=Trouble.REFUSES)
        with pytest.raises(Refused) as caught:
            await vendor_at(http, chargebee).cancel(order(held.id), None)
        assert caught.value.reason == chargebee.refusal
        assert chargebee.seen[-1].status == 409


async def test_a_site_with_product_catalog_1_needs_the_other_call(http):
    path = "/api/v2/subscriptions/{subscription_id}/cancel"
    variables = {"REST_CANCEL_REQUEST": f"POST {path}", "REST_CANCEL_BODY": '{"end_of_term": true}'}
    async with serving(Chargebee()) as chargebee:
        vendor = vendor_at(http, chargebee, CANCELLATION_DATE="end_of_term", **variables)
        [call] = (await vendor.plan(order("sub-1", AT_END), None)).calls
        assert call.url == chargebee.url + path.format(subscription_id="sub-1")
        assert (call.method, call.body) == ("POST", "end_of_term=true")
