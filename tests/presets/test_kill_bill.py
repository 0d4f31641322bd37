"""Kill Bill's preset, beyond the tests of every preset."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Conflict,
    OutcomeUnknown,
    Refused,
    UnknownId,
)
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Act, SubscriptionStatus
from tests.presets.canned import error_of_cancelling
from tests.presets.kill_bill import KillBill
from tests.presets.stand_in import Trouble
from tests.presets.vendors import assert_no_credentials, order, serving, shown, vendor_at

ACTIVE, CANCELLED = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
A_MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
async def kill_bill():
    async with serving(KillBill()) as stand_in:
        yield stand_in


def now() -> datetime:
    return datetime.now(timezone.utc)


def looked_at(http, document, **variables):
    return shown(
        http, "kill-bill", document, document["subscriptionId"], REST_API_KEY="a:b", **variables
    )


class TestAState:
    @pytest.mark.parametrize("word", ["ACTIVE", "BLOCKED", "PENDING"])
    async def test_that_goes_on_or_will_begin_is_active(self, http, kill_bill, word):
        held = kill_bill.add(word=word)
        subscription = await vendor_at(http, kill_bill).look_up(order(held.id))
        assert (subscription.status, subscription.ends_at) == (ACTIVE, None)

    @pytest.mark.parametrize("word", ["ACTIVE", "BLOCKED", "PENDING"])
    async def test_with_a_cancelled_date_is_cancelled_and_ends_later(self, http, kill_bill, word):
        held = kill_bill.add(word=word)
        kill_bill.cancel(held, at_end=True)
        subscription = await vendor_at(http, kill_bill).look_up(order(held.id))
        assert subscription.status is CANCELLED
        assert abs(subscription.ends_at - held.ends_at) < A_MILLISECOND

    async def test_expired_is_cancelled_and_ended_when_billing_did(self, http, kill_bill):
        held = kill_bill.add(word="EXPIRED")
        subscription = await vendor_at(http, kill_bill).look_up(order(held.id))
        assert subscription.status is CANCELLED
        assert subscription.ends_at < now()

    @pytest.mark.parametrize("state", [None, "TRANSFERRED"])
    async def test_that_is_none_of_kill_bills_is_nothing_even_with_a_date(
        self, http, kill_bill, state
    ):
        document = kill_bill.shown(kill_bill.add(ends_at=now()))
        with pytest.raises(CancellationError) as caught:
            await looked_at(http, {**document, "state": state})
        assert caught.value.cause in (Cause.UNKNOWN_STATUS, Cause.UNREADABLE)


class TestACancellation:
    async def test_of_one_that_has_not_begun_is_shown_by_its_date_alone(self, http, kill_bill):
        held, rest = kill_bill.add(word="PENDING"), vendor_at(http, kill_bill)
        await rest.cancel(order(held.id), None)
        subscription = await rest.look_up(order(held.id))
        assert (kill_bill.shown(held)["state"], subscription.status) == ("PENDING", CANCELLED)
        assert subscription.ends_at > now()

    async def test_at_once_may_take_effect_later_the_same_day(self, http):
        async with serving(KillBill(at_the_hour=True)) as stand_in:
            held, rest = stand_in.add(), vendor_at(http, stand_in)
            await rest.cancel(order(held.id), None)
            subscription = await rest.look_up(order(held.id))
        assert stand_in.shown(held)["state"] == "ACTIVE"
        assert subscription.status is CANCELLED
        assert now() < subscription.ends_at < now() + timedelta(days=1)

    async def test_that_is_the_second_is_unknown_and_a_look_shows_the_first(self, http, kill_bill):
        held, rest = kill_bill.add(), vendor_at(http, kill_bill)
        kill_bill.cancel(held, at_end=False)
        with pytest.raises(OutcomeUnknown):
            await rest.cancel(order(held.id), None)
        assert (await rest.look_up(order(held.id))).status is CANCELLED
        assert held.cancellations == 1

    async def test_names_its_author_and_the_request(self, http, kill_bill):
        held, rest = kill_bill.add(), vendor_at(http, kill_bill)
        await rest.cancel(order(held.id, request_id="PR-7"), None)
        (call,) = kill_bill.changes(held.id)
        assert call.headers["X-Killbill-CreatedBy"] == "CloudBlue Connect"
        assert call.headers["X-Killbill-Comment"] == "PR-7"
        assert "Idempotency-Key" not in call.headers


class TestADay:
    """Versions before 0.24 show days, in the account's time zone."""

    @pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
    async def test_begins_in_the_time_zone_that_is_set(self, http, zone):
        stand_in = KillBill(days=True)
        held = stand_in.add(ends_at=datetime(2030, 5, 10, 12, tzinfo=timezone.utc))
        subscription = await looked_at(http, stand_in.shown(held), VENDOR_TIME_ZONE=zone)
        assert subscription.status is CANCELLED
        assert subscription.ends_at == datetime(2030, 5, 10, tzinfo=ZoneInfo(zone))

    async def test_that_has_begun_ends_a_cancelled_one(self, http):
        stand_in = KillBill(days=True)
        held = stand_in.add(cancelled=True, ends_at=now())
        subscription = await looked_at(http, stand_in.shown(held))
        assert subscription.status is CANCELLED
        assert subscription.ends_at <= now()


class TestAnError:
    async def test_of_a_plugin_refuses_in_its_own_words(self, http, kill_bill):
        held = kill_bill.add(trouble=Trouble.REFUSES)
        with pytest.raises(Refused) as caught:
            await vendor_at(http, kill_bill).cancel(order(held.id), None)
        assert caught.value.reason == kill_bill.refusal

    @pytest.mark.parametrize(
        "more",
        [
            {"document": {"code": 4, "message": "Lock wait timeout exceeded"}},
            {"document": {"code": None, "message": "Header X-Killbill-CreatedBy needs to be set"}},
            {"text": "<html>Bad Request</html>"},
        ],
        ids=["unexpected", "not numbered", "not Kill Bill's"],
    )
    async def test_without_a_number_of_its_own_is_not_now(self, http, more):
        assert type(await error_of_cancelling(http, KillBill(), 400, **more)) is Conflict

    @pytest.mark.parametrize("name", ["REST_API_KEY", "REST_SECRET_HEADERS"])
    async def test_about_the_user_or_the_tenant_is_no_refusal(self, http, kill_bill, name):
        wrong = {"REST_API_KEY": "a:b", "REST_SECRET_HEADERS": "{}"}
        held, rest = kill_bill.add(), vendor_at(http, kill_bill, **{name: wrong[name]})
        await assert_no_credentials(rest, held.id)

    async def test_about_the_id_is_that_it_is_unknown(self, http, kill_bill):
        nobody, rest = order(kill_bill.new_id(7)), vendor_at(http, kill_bill)
        assert (await rest.look_up(nobody)).status is SubscriptionStatus.UNKNOWN_ID
        with pytest.raises(UnknownId):
            await rest.cancel(nobody, None)


class TestTakingBack:
    async def test_a_subscription_that_ends_later_becomes_active_again(self, http, kill_bill):
        held = kill_bill.add()
        rest = vendor_at(http, kill_bill, CANCELLATION_DATE="end_of_term")
        await rest.cancel(order(held.id, CancellationDate.END_OF_TERM), None)
        await rest.take_back(order(held.id, act=Act.UNDO), None)
        assert (await rest.look_up(order(held.id))).status is ACTIVE
        assert (held.cancellations, held.undone) == (1, 1)

    async def test_an_ended_subscription_is_refused(self, http, kill_bill):
        held, rest = kill_bill.add(), vendor_at(http, kill_bill)
        kill_bill.cancel(held, at_end=False)
        with pytest.raises(Refused, match="refuses") as caught:
            await rest.take_back(order(held.id, act=Act.UNDO), None)
        assert "not in pending cancelled state" in caught.value.reason
