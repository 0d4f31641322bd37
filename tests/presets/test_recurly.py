"""Recurly's words, dates, keys and refusals, beyond the tests of every preset."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from connect_ext.errors import Conflict, Refused
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Act, SubscriptionStatus
from tests.presets.recurly import PERIOD, VERSION, Recurly
from tests.presets.stand_in import TERM, Trouble
from tests.presets.vendors import order, played, serving, shown, vendor_at

AT_END = CancellationDate.END_OF_TERM
IN_SUMMER = "2027-06-01T12:00:00Z"


async def looked_at(http, **fields):
    return await shown(http, "recurly", {"id": "sub-1", **fields})


@pytest.mark.parametrize("word", ["active", "paused"])
async def test_a_running_subscription_is_terminated_at_once(http, word):
    async with serving(Recurly()) as recurly:
        held, vendor = recurly.add(word=word), vendor_at(http, recurly)
        subscription = await vendor.look_up(order(held.id))
        assert subscription.status is SubscriptionStatus.ACTIVE
        accepted = await vendor.cancel(order(held.id), subscription)
        assert accepted.subscription.status is SubscriptionStatus.CANCELLED
        assert (held.cancelled, held.cancellations) == (True, 1)


@pytest.mark.parametrize(
    ("when", "after"),
    [(AT_END, TERM), (CancellationDate.END_OF_INVOICED_PERIOD, PERIOD)],
    ids=["term", "invoiced"],
)
async def test_the_end_of_the_term_differs_from_the_end_of_the_invoiced_period(http, when, after):
    async with serving(Recurly()) as recurly:
        held, vendor = recurly.add(), vendor_at(http, recurly, CANCELLATION_DATE=when.value)
        await vendor.cancel(order(held.id, when), None)
        ends_at = (await vendor.look_up(order(held.id, when))).ends_at
        assert abs((ends_at - datetime.now(timezone.utc) - after).total_seconds()) < 60


async def test_a_paused_subscription_does_not_end_later_and_recurly_says_why(http):
    async with serving(Recurly()) as recurly:
        held = recurly.add(word="paused")
        vendor = vendor_at(http, recurly, CANCELLATION_DATE=AT_END.value)
        with pytest.raises(Refused) as caught:
            await vendor.cancel(order(held.id, AT_END), None)
        assert caught.value.reason == "Only active and future subscriptions can be canceled."


@pytest.mark.parametrize("word", ["expired", "failed"])
async def test_an_expired_subscription_ended_when_recurly_says_so(http, word):
    subscription = await looked_at(http, state=word, expires_at="2024-06-01T12:00:00Z")
    assert subscription.status is SubscriptionStatus.CANCELLED
    assert subscription.ends_at == datetime(2024, 6, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "fields",
    [{"expires_at": IN_SUMMER}, {"expires_at": None, "current_term_ends_at": IN_SUMMER}],
    ids=["expires_at", "the term"],
)
async def test_a_canceled_subscription_ends_later(http, fields):
    subscription = await looked_at(http, state="canceled", **fields)
    assert subscription.status is SubscriptionStatus.CANCELLED
    assert subscription.ends_at == datetime(2027, 6, 1, 12, tzinfo=timezone.utc)


async def test_a_future_subscription_has_not_started(http):
    subscription = await looked_at(http, state="future", current_term_ends_at=IN_SUMMER)
    assert subscription.status is SubscriptionStatus.NOT_STARTED


async def test_every_call_names_the_version(http):
    async with serving(Recurly()) as recurly:
        assert {seen.headers["Accept"] for seen in await played(http, recurly)} == {VERSION}


async def test_a_repeat_has_the_key_of_the_first_whatever_the_method(http):
    async with serving(Recurly()) as recurly:
        one, other = recurly.add(), recurly.add()
        now, at_end = (
            vendor_at(http, recurly),
            vendor_at(http, recurly, CANCELLATION_DATE="end_of_term"),
        )
        for _ in range(2):
            await now.cancel(order(one.id, request_id="PR-1"), None)
            await at_end.cancel(order(other.id, AT_END, request_id="PR-2"), None)
        await at_end.take_back(order(other.id, act=Act.UNDO, request_id="PR-2"), None)
        keys = [seen.headers["Idempotency-Key"] for seen in recurly.seen]
        assert keys == ["PR-1", "PR-2", "PR-1", "PR-2", "PR-2-undo"]
        assert (one.cancellations, other.cancellations, other.undone) == (1, 1, 1)


async def test_a_simultaneous_request_is_no_refusal_whatever_its_http_status(http):
    async with serving(Recurly()) as recurly:
        held, vendor = recurly.add(trouble=Trouble.IS_BUSY), vendor_at(http, recurly)
        for _ in range(2):
            with pytest.raises(Conflict):
                await vendor.cancel(order(held.id), None)
        assert [seen.status for seen in recurly.seen] == [409, 422]


async def test_ids_may_be_uuids_with_another_path_to_the_id(http):
    document = {"id": "rstandin00001", "uuid": "1", "state": "expired"}
    subscription = await shown(
        http, "recurly", document, "uuid-1", REST_ID_PATH="join('-', ['uuid', uuid])"
    )
    assert subscription.status is SubscriptionStatus.CANCELLED
