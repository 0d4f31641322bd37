"""Things that a vendor, a proxy or an operator might make us believe, but cannot."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import NotConfigured, NotDone, OutcomeUnknown
from connect_ext.http.oauth import MAX_TOKEN_CHARACTERS
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import SubscriptionStatus
from connect_ext.vendors.zuora.dates import days_of, midnight
from tests.zuora_orders.scripted import (
    CANCELLED,
    COMPLETED,
    ID,
    MARKER,
    NUMBER,
    OLD_ID,
    ORDER,
    SUBSCRIPTION,
    TOKEN,
    Answer,
    asking,
    order,
    reasons,
)

NOW = CancellationDate.IMMEDIATE
ACTIVE, DONE = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
OTHER, HEX = "A-S00000002", "0123456789abcdef0123456789abcdef"
OLD = {**SUBSCRIPTION, "id": OLD_ID, "isLatestVersion": False, "status": "Expired"}


async def ordered(zuora, vendor, answer):
    """The outcome of an order that gets this answer."""
    zuora.say("order", answer)
    return await vendor.cancel(asking(), await vendor.look_up(asking()))


class TestAnotherSubscription:
    @pytest.mark.parametrize(
        ("key", "shown"),
        [
            (NUMBER, {"subscriptionNumber": OTHER}),
            (NUMBER, {"subscriptionNumber": f"{NUMBER}\u0301"}),
            # A subscription looked up by number is never found by an id.
            (NUMBER, {"subscriptionNumber": OTHER, "id": NUMBER}),
            ("K-1", {"subscriptionNumber": "\u212a-1"}),
            ("STRASSE", {"subscriptionNumber": "Stra\u00dfe"}),
            (f" {NUMBER}", {}),
        ],
    )
    async def test_it_is_not_believed(self, zuora, vendor, key, shown):
        zuora.say("subscription", Answer({**CANCELLED, **shown}))
        with pytest.raises(NotDone, match="about another subscription"):
            await vendor.look_up(asking(key))

    @pytest.mark.parametrize(
        "second",
        [
            Answer({**CANCELLED, "subscriptionNumber": OTHER}),
            Answer({**CANCELLED, "subscriptionNumber": OTHER, "id": NUMBER}),
            Answer({**CANCELLED, "isLatestVersion": False}),
            # The first answer already showed it.
            Answer(reasons(50000040), 404),
        ],
    )
    @pytest.mark.parametrize("key", [OLD_ID, NUMBER])
    async def test_an_old_version_leads_to_the_latest_one_of_its_number_or_nowhere(
        self, zuora, vendor, key, second
    ):
        zuora.say("subscription", Answer(OLD), second)
        with pytest.raises(NotDone):
            await vendor.look_up(asking(key))
        assert len(zuora.operations()) == 3

    async def test_a_number_that_looks_like_an_id_is_a_number(self, zuora, vendor):
        old = {**OLD, "subscriptionNumber": HEX}
        zuora.say("subscription", Answer(old), Answer(CANCELLED))
        with pytest.raises(NotDone, match="about another subscription"):
            await vendor.look_up(asking(OLD_ID))

    @pytest.mark.parametrize("latest", [False, "false", 0, "", {}, "true"])
    async def test_a_version_that_is_not_clearly_the_latest_is_looked_up_again(
        self, zuora, vendor, latest
    ):
        old = {**CANCELLED, "isLatestVersion": latest}
        zuora.say("subscription", Answer(old), Answer(SUBSCRIPTION))
        assert (await vendor.look_up(asking())).status is ACTIVE

    @pytest.mark.parametrize(
        "number",
        ["..", ".", "../orders", "%2e%2e", "a/..", "\uff0e\uff0e", "\ud800", "a\nb", "A" * 501],
    )
    async def test_no_number_leads_a_call_elsewhere(self, zuora, vendor, number):
        zuora.say("subscription", Answer({**OLD, "subscriptionNumber": number}))
        with pytest.raises(NotDone):
            await vendor.look_up(asking(OLD_ID))
        assert zuora.operations() == ["token", "subscription"]

    @pytest.mark.parametrize("echo", ["PR-1000-2000-3000-002", "x" * 30_000, "PR-1, PR-1"])
    async def test_another_calls_answer_is_not_believed(self, zuora, vendor, echo):
        echoed = {"Zuora-Track-Id": echo[:8000]}
        with pytest.raises(OutcomeUnknown, match="about another call"):
            await ordered(zuora, vendor, Answer(COMPLETED, headers=echoed))
        zuora.say("subscription", Answer(CANCELLED, headers=echoed))
        with pytest.raises(NotDone, match="about another call"):
            await vendor.look_up(asking())

    @pytest.mark.parametrize(
        "member", ['"subscriptionNumber": "A-2"', '"x": {"a": 1, "a": 2}', '"success": false']
    )
    async def test_two_values_under_one_name_mean_nothing(self, zuora, vendor, member):
        said = f"{{{member}, {json.dumps(CANCELLED)[1:]}"
        assert json.loads(said)["status"] == "Cancelled"
        zuora.say("subscription", Answer(said.encode()))
        with pytest.raises(NotDone):
            await vendor.look_up(asking())


class TestAnAnswerToTheOrder:
    @pytest.mark.parametrize(
        "changed",
        [
            {"orderNumber": "O-00000001"},
            {"orderNumber": f"{ORDER}-2"},
            {"orderNumber": ORDER.lower()},
            {"success": "true"},
            {"success": 1},
            {"success": None},
            {"success": True, "Success": False},
            {"success": True, "SUCCESS": "no"},
            {"reasons": [{"code": 58730020}]},
            {"reasons": [{"code": 58730040}]},
            {"reasons": [{"code": 90000011}]},
            {"reasons": {"code": 58730020}},
            {"reasons": "no"},
            {"subscriptions": [{"subscriptionNumber": OTHER, "status": "Cancelled"}]},
            {"subscriptions": [{"status": "Cancelled"}]},
            {"subscriptions": [*COMPLETED["subscriptions"], {"subscriptionNumber": OTHER}]},
            {"subscriptionNumbers": [NUMBER, OTHER]},
            {"subscriptionNumbers": [[NUMBER]]},
            {"subscriptionNumbers": [{NUMBER: NUMBER}]},
        ],
    )
    @pytest.mark.parametrize("status", [200, 400, 401, 429])
    async def test_an_answer_that_does_not_clearly_say_so_is_an_unknown_outcome(
        self, zuora, vendor, status, changed
    ):
        more = {} if status == 200 else {"reasons": [{"code": 58730020}]}
        with pytest.raises(OutcomeUnknown) as caught:
            await ordered(zuora, vendor, Answer({**COMPLETED, **more, **changed}, status))
        assert caught.value.retry_after >= 300
        assert len(zuora.bodies("order")) == (2 if status == 401 else 1)

    async def test_an_answer_of_the_greatest_readable_depth_is_no_bug(self, zuora, vendor):
        for depth in range(800, 1000):
            deep = '{"subscriptionNumbers": [' + "[" * depth + "]" * depth + "],"
            body = deep + json.dumps(COMPLETED)[1:]
            with pytest.raises(OutcomeUnknown):
                await ordered(zuora, vendor, Answer(body.encode()))

    @pytest.mark.parametrize("word", ["completed!", "Complete", "COMPLETED DRAFT", "ok", "\u212a"])
    @pytest.mark.parametrize("own", ["Cancelled", "Active"])
    async def test_an_odd_status_proves_nothing(self, zuora, vendor, word, own):
        listed = [{"subscriptionNumber": NUMBER, "status": own}]
        answer = Answer({**COMPLETED, "status": word, "subscriptions": listed})
        assert (await ordered(zuora, vendor, answer)).subscription is None

    async def test_two_statuses_of_the_subscription_count_as_none(self, zuora, vendor):
        listed = [
            {"subscriptionNumber": NUMBER, "status": each} for each in ("Active", "Cancelled")
        ]
        answer = Answer({**COMPLETED, "subscriptions": listed})
        assert (await ordered(zuora, vendor, answer)).subscription is None

    @pytest.mark.parametrize("account", ["", " ", None, 17, "A" * 71, {"a": 1}])
    async def test_nothing_is_ordered_without_an_account(self, zuora, vendor, account):
        shown = {"accountNumber": account, "invoiceOwnerAccountNumber": account}
        zuora.say("subscription", Answer({**SUBSCRIPTION, **shown}))
        with pytest.raises(NotDone, match="account"):
            await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert zuora.bodies("order") == []

    @pytest.mark.parametrize(
        "number",
        ["O-1 tok3n", "6447d349d8854f0d8d5535484b0b811b", "Jane.Doe", "+49-30-1234", "x" * 101],
    )
    async def test_only_zuoras_own_number_and_ours_are_shown(self, zuora, vendor, number):
        listed = [{"orderNumber": number, "status": "Pending", "description": MARKER}]
        zuora.say("orders", Answer({"success": True, "orders": listed}))
        shown = await vendor.look_up(asking(may_have_been_sent=True))
        assert shown.status is SubscriptionStatus.UNFINISHED
        assert number not in shown.detail

    async def test_a_status_of_a_megabyte_is_ignored(self, zuora, vendor):
        zuora.say("order by number", Answer(order("Pend" + " " * 10**6 + "ing")))
        with pytest.raises(NotDone, match="without a status"):
            await vendor.look_up(asking(may_have_been_sent=True))


class TestDays:
    @pytest.mark.parametrize(
        "odd",
        [
            *("20260303", "2026-W10-2", "2026-03-03T00:00:00Z", "2026-3-3", "03/03/2026"),
            *("2026-02-29", "2026-03-03 ", "\u0662\u0660\u0662\u0666-03-03", "0000-01-01"),
            *(1772496000, True, ["2026-03-03"], "0001-01-01", "9999-12-31", "+2026-03-03"),
        ],
    )
    async def test_an_end_in_an_odd_form_is_not_guessed(self, zuora, make_vendor, odd):
        zuora.say("subscription", Answer({**CANCELLED, "subscriptionEndDate": odd}))
        for zone in ("Asia/Tokyo", "America/Los_Angeles"):
            with pytest.raises(NotDone, match="an invalid date"):
                await make_vendor(VENDOR_TIME_ZONE=zone).look_up(asking())

    @pytest.mark.parametrize("odd", ["0001-01-01", "9999-12-31", "2026-W10-2", 17, {}])
    @pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles"])
    async def test_an_odd_day_of_an_active_subscription_is_not_ordered(
        self, zuora, make_vendor, odd, zone
    ):
        shown = dict.fromkeys(("contractEffectiveDate", "scheduledCancelDate"), odd)
        shown |= {"termEndDate": odd, "subscriptionEndDate": "2027-01-01"}
        zuora.say("subscription", Answer({**SUBSCRIPTION, **shown}))
        vendor = make_vendor(VENDOR_TIME_ZONE=zone)
        accepted = await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert accepted.subscription.status is DONE
        assert zuora.bodies("order")[0]["orderDate"] in ("2026-03-03", "2026-03-04")

    @pytest.mark.parametrize(
        "zone",
        [
            # Zones where clocks change at midnight, which then comes twice or never.
            *("America/Havana", "America/Santiago", "America/Asuncion", "Africa/Cairo"),
            *("Asia/Beirut", "Asia/Amman", "Atlantic/Azores", "America/Sao_Paulo"),
            *("America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia"),
        ],
    )
    def test_midnight_is_the_days_first_moment(self, zone):
        where = ZoneInfo(zone)
        for number in range(6 * 365):
            day = date(2016, 1, 1) + timedelta(days=number)
            begins = midnight(day, where)
            assert begins.astimezone(where).date() == day
            assert (begins - timedelta(seconds=1)).astimezone(where).date() < day
            for moment in (begins, begins + timedelta(hours=22, minutes=59)):
                assert days_of(moment, where, None, None, NOW).ordered == day

    def test_a_day_skipped_by_a_zone_is_still_ordered(self):
        apia = ZoneInfo("Pacific/Apia")
        before = datetime(2011, 12, 30, 9, 59, 59, tzinfo=timezone.utc)
        for seconds, day in ((0, date(2011, 12, 29)), (1, date(2011, 12, 31))):
            moment = before + timedelta(seconds=seconds)
            assert days_of(moment, apia, None, None, NOW).ordered == day


class TestTokens:
    @pytest.mark.parametrize("lifetime", [-1, 0, "-3600", "NaN", float("nan"), 1e300, [], None])
    async def test_an_odd_lifetime_is_a_short_one(self, zuora, vendor, lifetime):
        zuora.say("token", Answer({**TOKEN, "expires_in": lifetime}))
        await vendor.look_up(asking())
        await vendor.look_up(asking())
        assert zuora.operations() == ["token", "subscription", "subscription"]

    @pytest.mark.parametrize(("more", "is_kept"), [(0, True), (1, False)])
    async def test_a_token_is_as_long_as_it_may_be(self, zuora, vendor, tokens, more, is_kept):
        # A real server's head ends at 8 kB; a longer token is never sent.
        token = "t" * (MAX_TOKEN_CHARACTERS + more)
        zuora.say("token", Answer({"access_token": token}))
        with pytest.raises((NotDone, NotConfigured)) as caught:
            await vendor.look_up(asking())
        assert (tokens == [token]) is is_kept
        assert token[:100] not in str(caught.value)

    @pytest.mark.parametrize(
        ("answer", "times", "error"),
        [
            (Answer(b"", 401), 2, NotConfigured),
            (Answer(reasons(90000011)), 2, NotConfigured),
            (Answer(reasons(90000011), 403), 2, NotConfigured),
            # Somebody has changed it, or claims so: the order is not sent again.
            (Answer(reasons(90000011), 500), 1, OutcomeUnknown),
            (Answer(reasons(90000011), 504), 1, OutcomeUnknown),
            (Answer({**reasons(90000011), "success": True}), 1, OutcomeUnknown),
            (Answer({**COMPLETED, "reasons": [{"code": 90000011}]}), 1, OutcomeUnknown),
            (Answer(reasons(90000011, 58730020)), 1, NotConfigured),
            (Answer(reasons(90000011, 58730099)), 1, OutcomeUnknown),
        ],
    )
    async def test_an_order_is_repeated_once_unchanged(self, zuora, vendor, answer, times, error):
        with pytest.raises(error):
            await ordered(zuora, vendor, answer)
        sent = [seen for seen in zuora.seen if seen.operation == "order"]
        assert len(sent) == times
        assert len({seen.headers["Idempotency-Key"] for seen in sent}) == 1
        assert len({json.dumps(seen.body) for seen in sent}) == 1

    async def test_a_permanent_401_is_a_mistake_in_the_variables(self, zuora, vendor):
        zuora.say("subscription", Answer(b"", 401))
        for _ in range(3):
            with pytest.raises(NotConfigured) as caught:
                await vendor.look_up(asking(ID))
            assert caught.value.cause is Cause.CREDENTIALS
        # One new token each time, since the last one may be old.
        assert zuora.operations().count("token") == 4
