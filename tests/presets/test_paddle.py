"""Paddle's preset, beyond the tests of every preset."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Conflict,
    NotDone,
    Refused,
    UnknownId,
)
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Act, SubscriptionStatus
from tests.presets.canned import error_of_cancelling
from tests.presets.paddle import Paddle
from tests.presets.vendors import assert_no_credentials, order, serving, shown, vendor_at

LIVE = ("active", "trialing", "past_due", "paused")
AT_THE_END = CancellationDate.END_OF_TERM


@pytest.fixture
async def paddle():
    async with serving(Paddle()) as stand_in:
        yield stand_in


def ahead(subscription) -> bool:
    return subscription.ends_at > datetime.now(timezone.utc)


class TestAStatus:
    @pytest.mark.parametrize("word", LIVE)
    async def test_that_bills_or_may_bill_again_is_active_and_is_cancelled(
        self, http, paddle, word
    ):
        held, rest = paddle.add(word=word), vendor_at(http, paddle)
        subscription = await rest.look_up(order(held.id))
        assert (subscription.status, subscription.ends_at) == (SubscriptionStatus.ACTIVE, None)
        accepted = await rest.cancel(order(held.id), subscription)
        assert accepted.subscription.status is SubscriptionStatus.CANCELLED
        assert (held.cancelled, held.cancellations) == (True, 1)
        assert await rest.look_up(order(held.id)) == accepted.subscription
        assert not ahead(accepted.subscription)

    @pytest.mark.parametrize("word", LIVE)
    async def test_with_a_cancellation_that_is_scheduled_is_cancelled_and_ends_later(
        self, http, paddle, word
    ):
        held = paddle.add(word=word)
        paddle.cancel(held, at_end=True)
        subscription = await vendor_at(http, paddle).look_up(order(held.id))
        assert (subscription.status, subscription.ends_at) == (
            SubscriptionStatus.CANCELLED,
            held.ends_at,
        )

    async def test_with_a_pause_that_is_scheduled_is_active(self, http, paddle):
        held = paddle.add()
        paddle.to_be_paused.add(held.id)
        subscription = await vendor_at(http, paddle).look_up(order(held.id))
        assert (subscription.status, subscription.ends_at) == (SubscriptionStatus.ACTIVE, None)

    @pytest.mark.parametrize("status", [None, "deactivated"])
    async def test_that_is_none_of_paddles_is_nothing_even_with_a_cancellation(
        self, http, paddle, status
    ):
        document = {"data": {**paddle.shown(paddle.add()), "status": status}}
        document["data"]["scheduled_change"] = {"action": "cancel", "effective_at": "2030-01-01"}
        with pytest.raises(CancellationError) as caught:
            await shown(http, "paddle", document, document["data"]["id"])
        assert caught.value.cause in (Cause.UNKNOWN_STATUS, Cause.UNREADABLE)


class TestAtTheEnd:
    async def test_a_paused_one_ends_at_once(self, http, paddle):
        held = paddle.add(word="paused")
        rest = vendor_at(http, paddle, CANCELLATION_DATE="end_of_term")
        accepted = await rest.cancel(order(held.id, AT_THE_END), None)
        assert accepted.subscription.status is SubscriptionStatus.CANCELLED
        assert not ahead(accepted.subscription)

    async def test_any_other_ends_when_the_period_does(self, http, paddle):
        held = paddle.add(word="trialing")
        rest = vendor_at(http, paddle, CANCELLATION_DATE="end_of_term")
        accepted = await rest.cancel(order(held.id, AT_THE_END), None)
        assert accepted.subscription.status is SubscriptionStatus.CANCELLED
        assert accepted.subscription.ends_at == held.ends_at
        assert ahead(accepted.subscription)


class TestASecondCancellation:
    @pytest.mark.parametrize("at_end", [True, False])
    async def test_is_refused_and_a_look_shows_the_first(self, http, paddle, at_end):
        held, rest = paddle.add(), vendor_at(http, paddle)
        paddle.cancel(held, at_end=at_end)
        with pytest.raises(Refused):
            await rest.cancel(order(held.id), None)
        subscription = await rest.look_up(order(held.id))
        assert subscription.status is SubscriptionStatus.CANCELLED
        assert ahead(subscription) == at_end
        assert held.cancellations == 1


class TestAnError:
    @pytest.mark.parametrize(
        "code",
        [
            "subscription_locked_renewal",
            "subscription_locked_processing",
            "subscription_outstanding_transaction",
            "concurrent_modification",
            "conflict",
        ],
    )
    async def test_that_paddle_says_to_wait_for_is_not_now(self, http, code):
        document = {"error": {"type": "request_error", "code": code, "detail": "Not now."}}
        error = await error_of_cancelling(http, Paddle(), 409, document)
        assert type(error) is Conflict
        assert error.vendor_text == "Not now."

    @pytest.mark.parametrize(
        ("code", "detail"),
        [
            (
                "subscription_locked_pending_changes",
                "cannot update subscription, pending scheduled changes",
            ),
            (
                "subscription_update_when_canceled",
                "cannot update subscription, as subscription is canceled",
            ),
            ("bad_request", "Invalid request."),
        ],
    )
    async def test_for_good_refuses_in_paddles_own_words(self, http, code, detail):
        document = {"error": {"type": "request_error", "code": code, "detail": detail}}
        error = await error_of_cancelling(http, Paddle(), 400, document)
        assert type(error) is Refused
        assert error.reason == detail

    @pytest.mark.parametrize("status", [400, 409])
    @pytest.mark.parametrize("more", [{"text": "<html>Bad</html>"}, {"document": {"fault": 1}}])
    async def test_that_is_not_paddles_is_not_now(self, http, status, more):
        assert type(await error_of_cancelling(http, Paddle(), status, **more)) is Conflict

    async def test_about_the_key_is_no_refusal(self, http, paddle):
        held = paddle.add()
        rest = vendor_at(http, paddle, **paddle.wrong_credentials())
        await assert_no_credentials(rest, held.id)

    async def test_about_the_id_is_that_it_is_unknown(self, http, paddle):
        nobody, rest = order(paddle.new_id(7)), vendor_at(http, paddle)
        subscription = await rest.look_up(nobody)
        assert subscription.status is SubscriptionStatus.UNKNOWN_ID
        with pytest.raises(UnknownId):
            await rest.cancel(nobody, None)

    async def test_about_the_rate_waits_as_long_as_paddle_says(self, http):
        document = {"error": {"type": "api_error", "code": "too_many_requests", "detail": "Slow."}}
        error = await error_of_cancelling(
            http, Paddle(), 429, document, headers={"Retry-After": "60"}
        )
        assert type(error) is NotDone
        assert error.retry_after == 60


class TestTakingBack:
    async def test_removes_the_scheduled_change(self, http, paddle):
        held, rest = paddle.add(word="past_due"), vendor_at(http, paddle)
        paddle.cancel(held, at_end=True)
        await rest.take_back(order(held.id, act=Act.UNDO), None)
        subscription = await rest.look_up(order(held.id))
        assert (subscription.status, held.undone) == (SubscriptionStatus.ACTIVE, 1)

    async def test_an_ended_subscription_is_refused(self, http, paddle):
        held, rest = paddle.add(), vendor_at(http, paddle)
        paddle.cancel(held, at_end=False)
        with pytest.raises(Refused) as caught:
            await rest.take_back(order(held.id, act=Act.UNDO), None)
        assert caught.value.reason == "cannot update subscription, as subscription is canceled"


async def test_another_subscription_in_the_answer_is_not_believed(http, paddle):
    document = {"data": paddle.shown(paddle.add(cancelled=True))}
    with pytest.raises(NotDone, match="another subscription"):
        await shown(http, "paddle", document, paddle.new_id(99))
