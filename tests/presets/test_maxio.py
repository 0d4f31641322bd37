"""Maxio's preset, beyond the tests of every preset."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

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
from tests.presets import canned
from tests.presets.maxio import ENDED, ZONE, Maxio
from tests.presets.stand_in import Trouble
from tests.presets.vendors import assert_no_credentials, order, serving, shown, vendor_at

ACTIVE, CANCELLED = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
AT_THE_END = CancellationDate.END_OF_TERM
LATER = {"CANCELLATION_DATE": AT_THE_END.value}
A_SECOND = timedelta(seconds=1)

LIVE = (
    *("active", "trialing", "assessing", "pending", "paused", "past_due", "soft_failure"),
    *("unpaid", "on_hold", "suspended"),
)


@pytest.fixture
async def maxio():
    async with serving(Maxio()) as stand_in:
        yield stand_in


def document(held, **fields):
    """An answer to a look with these fields besides the usual ones."""
    return {"subscription": {**Maxio().shown(held), **fields}}


class TestAState:
    @pytest.mark.parametrize("word", LIVE)
    async def test_that_bills_or_may_bill_again_is_active(self, http, maxio, word):
        held = maxio.add(word=word)
        subscription = await vendor_at(http, maxio).look_up(order(held.id))
        assert (subscription.status, subscription.ends_at) == (ACTIVE, None)

    @pytest.mark.parametrize("word", LIVE)
    async def test_with_the_flag_is_cancelled_and_ends_later(self, http, maxio, word):
        held = maxio.add(word=word)
        maxio.cancel(held, at_end=True)
        subscription = await vendor_at(http, maxio).look_up(order(held.id))
        assert subscription.status is CANCELLED
        assert abs(subscription.ends_at - held.ends_at) < A_SECOND

    @pytest.mark.parametrize("word", ENDED)
    @pytest.mark.parametrize("flag", [True, False, None])
    async def test_that_is_an_end_is_cancelled_with_or_without_the_flag(
        self, http, maxio, word, flag
    ):
        held = maxio.add(word=word)
        answer = document(held, cancel_at_end_of_period=flag)
        subscription = await shown(http, "maxio", answer, held.id)
        assert subscription.status is CANCELLED
        assert subscription.ends_at is None or subscription.ends_at < datetime.now(timezone.utc)

    @pytest.mark.parametrize("word", ["awaiting_signup", "awaiting_signup_date"])
    @pytest.mark.parametrize("flag", [True, False])
    async def test_that_is_no_beginning_yet_is_never_cancelled(self, http, maxio, word, flag):
        held = maxio.add(word=word)
        answer = document(held, cancel_at_end_of_period=flag)
        subscription = await shown(http, "maxio", answer, held.id)
        assert subscription.status is SubscriptionStatus.NOT_STARTED

    @pytest.mark.parametrize("word", [None, "reactivated"])
    async def test_that_is_none_of_maxios_is_nothing_even_with_the_flag(self, http, maxio, word):
        held = maxio.add()
        answer = document(held, state=word, cancel_at_end_of_period=True)
        with pytest.raises(CancellationError) as caught:
            await shown(http, "maxio", answer, held.id)
        assert caught.value.cause in (Cause.UNKNOWN_STATUS, Cause.UNREADABLE)


class TestTheEnd:
    AT = "2030-05-10T12:00:00-04:00"
    EARLIER = "2020-01-01T00:00:00-05:00"

    @pytest.mark.parametrize(
        "fields",
        [
            {"cancel_at_end_of_period": True, "delayed_cancel_at": AT, "canceled_at": EARLIER},
            {
                "cancel_at_end_of_period": True,
                "delayed_cancel_at": None,
                "current_period_ends_at": AT,
                "canceled_at": EARLIER,
            },
            {"state": "canceled", "canceled_at": AT, "expires_at": EARLIER},
            {"state": "expired", "expires_at": AT, "canceled_at": EARLIER},
            {"state": "trial_ended", "trial_ended_at": AT, "canceled_at": EARLIER},
        ],
        ids=["ends later", "without its date", "canceled", "expired", "trial_ended"],
    )
    async def test_is_read_where_the_state_has_it(self, http, maxio, fields):
        held = maxio.add()
        subscription = await shown(http, "maxio", document(held, **fields), held.id)
        assert subscription.status is CANCELLED
        assert subscription.ends_at == datetime(2030, 5, 10, 12, tzinfo=ZONE)

    async def test_of_an_earlier_cancellation_cancels_nothing(self, http, maxio):
        held = maxio.add()
        answer = document(held, canceled_at=self.EARLIER, delayed_cancel_at=self.EARLIER)
        assert (await shown(http, "maxio", answer, held.id)).status is ACTIVE


class TestACancellation:
    async def test_at_the_end_answers_with_a_message_and_a_look_shows_it(self, http, maxio):
        held, rest = maxio.add(), vendor_at(http, maxio, **LATER)
        accepted = await rest.cancel(order(held.id, AT_THE_END), None)
        assert accepted.subscription is None
        assert (await rest.look_up(order(held.id))).status is CANCELLED

    async def test_of_a_past_due_one_is_refused_at_the_end_and_done_at_once(self, http, maxio):
        held = maxio.add(word="past_due")
        with pytest.raises(Refused, match="refuses") as caught:
            await vendor_at(http, maxio, **LATER).cancel(order(held.id, AT_THE_END), None)
        assert "past due" in caught.value.reason
        await vendor_at(http, maxio).cancel(order(held.id), None)
        assert held.cancelled

    @pytest.mark.parametrize(("second", "kind"), [(404, UnknownId), (422, Refused)])
    async def test_that_is_the_second_is_denied_and_a_look_shows_the_first(
        self, http, second, kind
    ):
        async with serving(Maxio(second=second)) as stand_in:
            held, rest = stand_in.add(), vendor_at(http, stand_in)
            stand_in.cancel(held, at_end=False)
            with pytest.raises(kind):
                await rest.cancel(order(held.id), None)
            assert (await rest.look_up(order(held.id))).status is CANCELLED
        assert held.cancellations == 1

    async def test_says_at_maxio_which_request_it_is_for(self, http, maxio):
        held, rest = maxio.add(), vendor_at(http, maxio)
        await rest.cancel(order(held.id, request_id="PR-7"), None)
        (call,) = maxio.changes(held.id)
        assert b'"cancellation_message": "CloudBlue Connect PR-7"' in call.body
        assert "Idempotency-Key" not in call.headers


class TestAnError:
    async def test_refuses_in_all_of_maxios_own_sentences(self, http, maxio):
        held = maxio.add(trouble=Trouble.REFUSES)
        with pytest.raises(Refused) as caught:
            await vendor_at(http, maxio).cancel(order(held.id), None)
        assert caught.value.reason == (
            f"The subscription {maxio.refusal}; Cancel the group instead"
        )

    async def test_409_is_not_now(self, http):
        error = await canned.error_of_cancelling(http, Maxio(), 409, {"errors": ["Try again"]})
        assert type(error) is Conflict

    async def test_that_blocks_the_whole_site_is_no_answer_to_a_look(self, http, maxio):
        # All requests to such a site get HTTP 422, including the look (the SDK's README).
        sentence = "Site data clearing is in progress. Please try later."
        with pytest.raises(NotConfigured) as caught:
            await canned.shown(http, maxio, "1", {"errors": [sentence]}, status=422)
        assert caught.value.vendor_text == sentence

    async def test_about_the_key_is_no_refusal(self, http, maxio):
        held = maxio.add()
        rest = vendor_at(http, maxio, **maxio.wrong_credentials())
        await assert_no_credentials(rest, held.id)

    async def test_about_the_id_is_that_it_is_unknown(self, http, maxio):
        nobody, rest = order(maxio.new_id(7)), vendor_at(http, maxio)
        assert (await rest.look_up(nobody)).status is SubscriptionStatus.UNKNOWN_ID


class TestTheKey:
    async def test_may_have_its_password_already(self, http, maxio):
        held = maxio.add()
        rest = vendor_at(http, maxio, REST_API_KEY=f"{maxio.key}:x")
        assert (await rest.look_up(order(held.id))).status is ACTIVE


class TestTheId:
    async def test_is_a_number_in_the_answer(self, http, maxio):
        held = maxio.add()
        assert document(held)["subscription"]["id"] == int(held.id)
        assert (await shown(http, "maxio", document(held), held.id)).status is ACTIVE

    async def test_of_another_subscription_is_not_believed(self, http, maxio):
        held = maxio.add()
        with pytest.raises(NotDone, match="another subscription"):
            await shown(http, "maxio", document(held), maxio.new_id(99))


class TestTakingBack:
    async def test_lets_it_go_on_and_may_be_done_twice(self, http, maxio):
        held, rest = maxio.add(), vendor_at(http, maxio, **LATER)
        await rest.cancel(order(held.id, AT_THE_END), None)
        for _ in range(2):
            await rest.take_back(order(held.id, act=Act.UNDO), None)
        assert (await rest.look_up(order(held.id))).status is ACTIVE
        assert (held.cancellations, held.undone) == (1, 1)
