"""Tests of every preset with its stand-in, without a runner."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Conflict,
    NotConfigured,
    NotDone,
    Refused,
    UnknownId,
)
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Act, SubscriptionStatus
from tests.presets.stand_in import Trouble
from tests.presets.stand_ins import STAND_INS
from tests.presets.vendors import AT_ONCE, order, serving, vendor_at

each = pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.vendor)
each_later_date = pytest.mark.parametrize(
    ("stand_in", "when"),
    [(each, when) for each in STAND_INS for when in each.later_dates],
    ids=lambda value: value if isinstance(value, str) else value.vendor,
)


@each
async def test_each_date_is_supported_or_a_clear_mistake(http, stand_in):
    async with serving(stand_in()) as server:
        for when in CancellationDate:
            if when is AT_ONCE or when.value in server.later_dates:
                assert vendor_at(http, server, CANCELLATION_DATE=when.value).can_be_asked
            else:
                with pytest.raises(NotConfigured, match=f"which {server.vendor} does not support"):
                    vendor_at(http, server, CANCELLATION_DATE=when.value)


@each
async def test_wrong_credentials_are_named_and_nothing_is_believed(http, stand_in):
    async with serving(stand_in()) as server:
        held = server.add()
        vendor = vendor_at(http, server, **server.wrong_credentials())
        for call in (vendor.look_up(order(held.id)), vendor.cancel(order(held.id), None)):
            with pytest.raises(NotConfigured) as caught:
                await call
            assert caught.value.cause is Cause.CREDENTIALS
        assert held.cancellations == 0


@each
async def test_an_accepted_cancellation_shows_in_later_looks(http, stand_in):
    async with serving(stand_in()) as server:
        held, vendor = server.add(), vendor_at(http, server)
        subscription = await vendor.look_up(order(held.id))
        assert subscription.status is SubscriptionStatus.ACTIVE
        await vendor.cancel(order(held.id), subscription)
        for _ in range(50):
            subscription = await vendor.look_up(order(held.id))
            if subscription.status is SubscriptionStatus.CANCELLED:
                break
            await asyncio.sleep(0.1)
        assert subscription.status is SubscriptionStatus.CANCELLED
        assert (held.cancelled, held.cancellations) == (True, 1)


@each
async def test_a_second_cancellation_has_no_second_effect(http, stand_in):
    async with serving(stand_in()) as server:
        held, vendor = server.add(), vendor_at(http, server)
        subscription = await vendor.look_up(order(held.id))
        await vendor.cancel(order(held.id), subscription)
        again = order(held.id, definite_answers=1)
        with suppress(CancellationError):
            await vendor.cancel(again, subscription)
        assert held.cancellations == 1


@each
async def test_an_unknown_id_is_unknown_to_every_call(http, stand_in):
    async with serving(stand_in()) as server:
        nobody, vendor = order(server.new_id(10**6)), vendor_at(http, server)
        subscription = await vendor.look_up(nobody)
        assert subscription.status is SubscriptionStatus.UNKNOWN_ID
        with pytest.raises(UnknownId):
            await vendor.cancel(nobody, None)


@each_later_date
async def test_a_later_end_is_neither_active_nor_ended(http, stand_in, when):
    async with serving(stand_in()) as server:
        vendor = vendor_at(http, server, CANCELLATION_DATE=when)
        held, when = server.add(), CancellationDate(when)
        subscription = await vendor.look_up(order(held.id, when))
        await vendor.cancel(order(held.id, when), subscription)
        assert held.ends_later
        subscription = await vendor.look_up(order(held.id, when))
        assert subscription.status is SubscriptionStatus.CANCELLED
        assert subscription.ends_at is not None
        assert abs((subscription.ends_at - held.ends_at).total_seconds()) < 2


@each_later_date
async def test_a_refused_later_end_is_a_refusal_and_not_now_is_not(http, stand_in, when):
    async with serving(stand_in()) as server:
        vendor = vendor_at(http, server, CANCELLATION_DATE=when)
        refused, busy = (server.add(trouble=each) for each in (Trouble.REFUSES, Trouble.IS_BUSY))
        assert (await _error(vendor, refused, CancellationDate(when), Refused)).reason
        for _ in range(2):
            await _error(vendor, busy, CancellationDate(when), (Conflict, NotDone))
        assert (refused.cancellations, busy.cancellations) == (0, 0)


@each_later_date
async def test_an_undo_is_done_once_and_leaves_nothing_to_undo(http, stand_in, when):
    async with serving(stand_in()) as server:
        vendor = vendor_at(http, server, CANCELLATION_DATE=when)
        assert vendor.can_take_back is server.takes_back
        held, when = server.add(), CancellationDate(when)
        await vendor.cancel(order(held.id, when), await vendor.look_up(order(held.id, when)))
        if server.takes_back:
            undo = order(held.id, act=Act.UNDO)
            await vendor.take_back(undo, await vendor.look_up(undo))
            subscription = await vendor.look_up(undo)
            assert (held.undone, subscription.status) == (1, SubscriptionStatus.ACTIVE)


async def _error(vendor, held, when, kind) -> CancellationError:
    subscription = await vendor.look_up(order(held.id, when))
    with pytest.raises(kind) as caught:
        await vendor.cancel(order(held.id, when), subscription)
    return caught.value
