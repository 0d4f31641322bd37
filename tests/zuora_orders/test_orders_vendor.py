"""Zuora's orders as a vendor: look-ups, orders, and the outcomes of answers."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from connect_ext.errors import NotConfigured, NotDone, OutcomeUnknown, Refused, UnknownId
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import SubscriptionStatus
from connect_ext.vendors.zuora.dates import days_of
from connect_ext.vendors.zuora.orders import order_number, track_id
from tests.zuora_orders.scripted import (
    CANCELLED,
    COMPLETED,
    ID,
    MARKER,
    NOW,
    NUMBER,
    OLD_ID,
    ORDER,
    REQUEST,
    SUBSCRIPTION,
    TOKEN,
    Answer,
    asking,
    order,
    reasons,
)

ACTIVE, DONE = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
CANCELLING, UNFINISHED = SubscriptionStatus.CANCELLING, SubscriptionStatus.UNFINISHED
NOT_FOUND = Answer(reasons(50000040), 404)
NO_ORDERS = Answer({"success": True, "orders": []})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


class TestLookingUp:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("Active", ACTIVE),
            ("Cancelled", DONE),
            ("canceled", DONE),
            ("Draft", SubscriptionStatus.NOT_STARTED),
            ("Pending Activation", SubscriptionStatus.NOT_STARTED),
            ("PendingActivation", SubscriptionStatus.NOT_STARTED),
            ("Pending Acceptance", SubscriptionStatus.NOT_STARTED),
            ("Suspended", SubscriptionStatus.SUSPENDED),
        ],
    )
    async def test_statuses_are_read_without_blanks_and_case(self, zuora, vendor, word, status):
        zuora.say("subscription", Answer({**SUBSCRIPTION, "status": word}))
        assert (await vendor.look_up(asking())).status is status

    @pytest.mark.parametrize("word", ["Expired", "OutOfTerm", "x" * 40, "a@b.c"])
    async def test_an_unknown_status_waits_and_is_named_if_it_is_a_word(self, zuora, vendor, word):
        zuora.say("subscription", Answer({**SUBSCRIPTION, "status": word}))
        with pytest.raises(NotDone) as caught:
            await vendor.look_up(asking())
        assert caught.value.cause.value == "unknown-status"
        assert (word in caught.value.message) is (word in ("Expired", "OutOfTerm"))

    @pytest.mark.parametrize(
        ("fields", "ends_at"),
        [
            ({}, "2026-03-03T08:00:00"),
            ({"subscriptionEndDate": "2026-11-07"}, "2026-11-07T08:00:00"),
            ({"subscriptionEndDate": None, "termEndDate": "2026-07-01"}, "2026-07-01T07:00:00"),
            ({"subscriptionEndDate": None, "termEndDate": None}, None),
        ],
    )
    async def test_a_cancelled_subscription_ends_with_its_last_day_in_the_tenants_zone(
        self, zuora, vendor, fields, ends_at
    ):
        zuora.say("subscription", Answer({**CANCELLED, **fields}))
        assert (await vendor.look_up(asking())).ends_at == (at(ends_at) if ends_at else None)

    @pytest.mark.parametrize("code", [50000040, "50000040"])
    @pytest.mark.parametrize("status", [200, 404])
    async def test_an_unknown_key_is_recognised_by_its_code(self, zuora, vendor, status, code):
        zuora.say("subscription", Answer(reasons(code), status))
        assert (await vendor.look_up(asking())).status is SubscriptionStatus.UNKNOWN_ID

    @pytest.mark.parametrize("body", [b"", b"no Route matched", {}, {"success": False}])
    async def test_a_404_without_a_code_is_a_wrong_host(self, zuora, vendor, body):
        zuora.say("subscription", Answer(body, 404))
        with pytest.raises(NotConfigured, match="ZUORA_API_URL"):
            await vendor.look_up(asking())

    @pytest.mark.parametrize("key", [NUMBER, NUMBER.lower(), ID, ID.upper()])
    async def test_it_is_found_by_its_number_and_by_its_id(self, zuora, vendor, key):
        assert (await vendor.look_up(asking(key))).status is ACTIVE
        assert zuora.seen[-1].path.startswith(f"/v1/subscriptions/{key}?")

    async def test_an_answer_about_a_different_subscription_is_not_believed(self, zuora, vendor):
        for key in ("A-S00000002", "A-S0000000", f"{NUMBER}1"):
            with pytest.raises(NotDone, match="about another subscription"):
                await vendor.look_up(asking(key))

    async def test_an_old_versions_id_is_believed_only_if_zuora_echoes_our_call(
        self, zuora, vendor
    ):
        assert (await vendor.look_up(asking(OLD_ID))).status is ACTIVE
        zuora.echoes = False
        with pytest.raises(NotDone, match="about another subscription"):
            await vendor.look_up(asking(OLD_ID))

    async def test_an_answer_that_echoes_another_call_is_not_believed(self, zuora, vendor):
        zuora.say("subscription", Answer(SUBSCRIPTION, headers={"Zuora-Track-Id": "PR-9"}))
        with pytest.raises(NotDone, match="is about another call"):
            await vendor.look_up(asking())

    async def test_an_old_version_is_followed_to_the_latest_one_by_its_number(self, zuora, vendor):
        old = {**SUBSCRIPTION, "id": OLD_ID, "isLatestVersion": False, "status": "Expired"}
        zuora.say("subscription", Answer(old), Answer(SUBSCRIPTION))
        assert (await vendor.look_up(asking(OLD_ID))).status is ACTIVE
        assert zuora.seen[-1].path.startswith(f"/v1/subscriptions/{NUMBER}?")

    @pytest.mark.parametrize("key", ["A/S", "A#S?x=1", "ä", "A S"])
    async def test_a_key_is_one_segment_of_the_path(self, zuora, vendor, key):
        zuora.say("subscription", NOT_FOUND)
        await vendor.look_up(asking(key))
        path = zuora.seen[-1].path.partition("?")[0]
        assert path.count("/") == 3
        assert path.isascii()


class TestTheOrderOfAnEarlierAttempt:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("Completed", CANCELLING),
            ("Executing", CANCELLING),
            ("Pending", UNFINISHED),
            ("Draft", UNFINISHED),
            ("Scheduled", UNFINISHED),
        ],
    )
    async def test_it_is_found_by_its_number_with_its_status(self, zuora, vendor, word, status):
        zuora.say("order by number", Answer(order(word)))
        shown = await vendor.look_up(asking(may_have_been_sent=True))
        assert shown.status is status
        assert zuora.seen[-1].path == f"/v1/orders/{ORDER}"
        assert (ORDER in shown.detail) is (status is UNFINISHED)

    async def test_the_order_is_looked_up_only_after_an_attempt_while_the_subscription_is_active(
        self, zuora, vendor
    ):
        await vendor.look_up(asking())
        zuora.say("subscription", Answer(CANCELLED))
        await vendor.look_up(asking(may_have_been_sent=True))
        assert zuora.operations() == ["token", "subscription", "subscription"]

    @pytest.mark.parametrize("where", ["description", "changeReason"])
    async def test_it_is_found_by_its_text_if_it_has_another_number(self, zuora, vendor, where):
        action = {"type": "CancelSubscription", "changeReason": MARKER}
        subscriptions = [{"subscriptionNumber": NUMBER, "orderActions": [action]}]
        ours = (
            {"description": MARKER} if where == "description" else {"subscriptions": subscriptions}
        )
        listed = [
            {"orderNumber": "O-1", "status": "Pending", "description": "another's"},
            {"orderNumber": "O-00000002", "status": "Pending", **ours},
        ]
        page = {"success": True, "orders": listed[:1], "nextPage": "https://elsewhere.example/"}
        zuora.say("orders", Answer(page), Answer({"success": True, "orders": listed[1:]}))
        shown = await vendor.look_up(asking(may_have_been_sent=True))
        assert shown.status is UNFINISHED
        assert "O-00000002" in shown.detail
        pages = [seen.query["page"] for seen in zuora.seen if seen.operation == "orders"]
        assert pages == ["1", "2"]

    @pytest.mark.parametrize("word", ["Cancelled", "Reverted", "Failed"])
    async def test_a_number_whose_order_has_ended_without_effect_is_used_up(
        self, zuora, vendor, word
    ):
        zuora.say("order by number", Answer(order(word)), NOT_FOUND)
        shown = await vendor.look_up(asking(may_have_been_sent=True))
        assert shown.status is ACTIVE
        zuora.say("order", Answer({**COMPLETED, "orderNumber": f"{ORDER}-2"}))
        accepted = await vendor.cancel(asking(), shown)
        assert accepted.subscription
        assert zuora.bodies("order")[0]["orderNumber"] == f"{ORDER}-2"

    async def test_five_orders_without_effect_are_enough(self, zuora, vendor):
        numbers = [order_number(REQUEST, turn) for turn in range(1, 6)]
        zuora.say("order by number", *(Answer(order("Failed", number)) for number in numbers))
        with pytest.raises(NotConfigured, match="5 orders"):
            await vendor.look_up(asking(may_have_been_sent=True))

    async def test_an_unknown_status_waits_for_somebody(self, zuora, vendor):
        zuora.say("order by number", Answer(order("Something New")))
        with pytest.raises(NotDone) as caught:
            await vendor.look_up(asking(may_have_been_sent=True))
        assert caught.value.cause.value == "unknown-status"

    async def test_if_orders_cannot_be_read_the_subscription_alone_decides(self, zuora, vendor):
        zuora.say("order by number", Answer(reasons(58730010), 403))
        shown = await vendor.look_up(asking(may_have_been_sent=True))
        assert (shown.status, shown.orders_unseen) == (ACTIVE, True)

    async def test_a_gateways_answer_does_not_mean_that_orders_cannot_be_read(self, zuora, vendor):
        zuora.say("order by number", Answer(b"", 404))
        with pytest.raises(NotConfigured):
            await vendor.look_up(asking(may_have_been_sent=True))

    async def test_a_number_without_an_order_may_be_answered_as_an_invalid_value(
        self, zuora, vendor
    ):
        zuora.say("order by number", Answer(reasons(58730020), 400))
        shown = await vendor.look_up(asking(may_have_been_sent=True))
        assert (shown.status, shown.orders_unseen) == (ACTIVE, False)
        assert zuora.operations()[-1] == "orders"

    @pytest.mark.parametrize("answer", [Answer(b"", 500), Answer(reasons(58730050), 409)])
    async def test_a_failed_question_is_repeated_later(self, zuora, vendor, answer):
        zuora.say("order by number", answer)
        with pytest.raises(NotDone):
            await vendor.look_up(asking(may_have_been_sent=True))

    async def test_an_answer_about_another_order_is_not_believed(self, zuora, vendor):
        zuora.say("order by number", Answer(order("Completed", "O-1")))
        with pytest.raises(NotDone, match="about another order"):
            await vendor.look_up(asking(may_have_been_sent=True))


class TestTheOrder:
    async def test_it_is_the_order_that_zuora_describes(self, zuora, vendor):
        accepted = await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert accepted.subscription
        assert accepted.subscription.status is DONE
        assert accepted.subscription.ends_at == at("2026-03-03T08:00:00")
        triggers = ("ContractEffective", "ServiceActivation", "CustomerAcceptance")
        [body] = zuora.bodies("order")
        assert body == {
            "orderNumber": ORDER,
            "orderDate": "2026-03-03",
            "existingAccountNumber": "A0002",
            "description": MARKER,
            "subscriptions": [
                {
                    "subscriptionNumber": NUMBER,
                    "orderActions": [
                        {
                            "type": "CancelSubscription",
                            "changeReason": MARKER,
                            "triggerDates": [
                                {"name": name, "triggerDate": "2026-03-03"} for name in triggers
                            ],
                            "cancelSubscription": {
                                "cancellationPolicy": "SpecificDate",
                                "cancellationEffectiveDate": "2026-03-03",
                            },
                        }
                    ],
                }
            ],
            "processingOptions": {"runBilling": False, "collectPayment": False},
        }

    @pytest.mark.parametrize("payments", [True, False])
    async def test_billing_is_switched_on_in_words(self, zuora, make_vendor, payments):
        switch = {"ZUORA_PROCESS_PAYMENTS": str(payments).lower(), "ZUORA_PREVIEW": "false"}
        vendor = make_vendor(ZUORA_GENERATE_INVOICE="true", **switch)
        await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert zuora.bodies("order")[0]["processingOptions"] == {
            "runBilling": True,
            "collectPayment": payments,
            "billingOptions": {"targetDate": "2026-03-03"},
        }

    async def test_the_account_is_the_owner_if_no_other_pays(self, zuora, vendor):
        zuora.say("subscription", Answer({**SUBSCRIPTION, "invoiceOwnerAccountNumber": None}))
        await vendor.cancel(asking(ID), await vendor.look_up(asking(ID)))
        [body] = zuora.bodies("order")
        assert body["existingAccountNumber"] == "A0001"
        assert body["subscriptions"][0]["subscriptionNumber"] == NUMBER

    async def test_every_call_has_its_headers_and_only_the_order_has_a_key(
        self, zuora, make_vendor
    ):
        vendor = make_vendor(ZUORA_ENTITY_ID="ent-1", ZUORA_ORG_IDS="org-1, org-2")
        await vendor.cancel(asking(attempt="a1"), await vendor.look_up(asking()))
        for seen in zuora.seen[1:]:
            assert seen.headers["Zuora-Version"] == "2025-08-12"
            assert seen.headers["Zuora-Track-Id"] == REQUEST
            assert seen.headers["Zuora-Entity-Ids"] == "ent-1"
            assert seen.headers["Zuora-Org-Ids"] == "org-1,org-2"
            assert seen.headers["Authorization"] == f"Bearer {TOKEN['access_token']}"
            assert ("Idempotency-Key" in seen.headers) is (seen.operation == "order")

    async def test_no_header_is_sent_without_an_entity(self, zuora, vendor):
        await vendor.look_up(asking())
        assert not {"Zuora-Entity-Ids", "Zuora-Org-Ids"} & set(zuora.seen[-1].headers)

    async def test_the_key_differs_for_each_request_attempt_and_body(self, zuora, vendor):
        tomorrow = at("2026-03-05T12:00:00")
        asked = [
            asking(attempt="a1"),
            asking(attempt="a1"),
            asking(attempt="a2"),
            asking(attempt="a1", asked_at=tomorrow),
            asking(attempt="a1", request_id="PR-2"),
        ]
        zuora.say("order", Answer(COMPLETED))
        shown = await vendor.look_up(asking())
        for each in asked:
            await vendor.cancel(each, shown)
        keys = [seen.headers["Idempotency-Key"] for seen in zuora.seen if seen.operation == "order"]
        assert keys[0] == keys[1]
        assert len(set(keys)) == 4
        assert all(len(key) == 64 and REQUEST not in key for key in keys)

    @pytest.mark.parametrize(
        ("request_id", "shown"),
        [(REQUEST, REQUEST), ("PR-1:2;\"3' #?/4", "PR-1234"), ("P" * 200, "P" * 64), ("é", "")],
    )
    def test_the_texts_of_a_request_can_be_sent(self, request_id, shown):
        assert track_id(request_id) == shown
        assert order_number(request_id) == f"CONNECT-{shown}"

    @pytest.mark.parametrize(
        ("asked_at", "zone", "dates", "days"),
        [
            ("2026-03-04T05:06", "America/Los_Angeles", ("2026-01-01", "2027-01-01"), (3, 3)),
            ("2026-03-04T07:59:59", "America/Los_Angeles", (None, None), (3, 3)),
            ("2026-03-04T08:00:00", "America/Los_Angeles", (None, None), (4, 4)),
            ("2026-03-04T15:00", "Asia/Tokyo", (None, None), (5, 5)),
            ("2026-03-04T05:06", "UTC", ("2026-03-09", "2027-01-01"), (9, 9)),
            ("2026-03-04T05:06", "UTC", ("2026-01-01", "2026-03-02"), (4, 2)),
            ("2026-03-04T05:06", "UTC", ("2026-03-04", "2026-03-04"), (4, 4)),
            # Clocks go forward on the 8th of March and on the 29th.
            ("2026-03-09T06:59:59", "America/Los_Angeles", (None, None), (8, 8)),
            ("2026-03-29T21:59:59", "Europe/Berlin", (None, None), (29, 29)),
            ("2026-03-29T22:00:00", "Europe/Berlin", (None, None), (30, 30)),
        ],
    )
    def test_its_days_lie_in_the_contract_and_term_by_the_tenants_calendar(
        self, asked_at, zone, dates, days
    ):
        begins, term_ends = (at(text).date() if text else None for text in dates)
        now = CancellationDate.IMMEDIATE
        found = days_of(at(asked_at), ZoneInfo(zone), begins, term_ends, now)
        assert (found.ordered.day, found.effective.day) == days

    async def test_a_subscription_that_begins_later_is_cancelled_on_its_first_day(
        self, zuora, vendor
    ):
        later = {**SUBSCRIPTION, "contractEffectiveDate": "2026-05-01"}
        zuora.say("subscription", Answer(later))
        accepted = await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert zuora.bodies("order")[0]["orderDate"] == "2026-05-01"
        assert accepted.subscription.ends_at == at("2026-05-01T07:00:00")

    async def test_zuoras_own_planned_cancellation_is_reported(self, zuora, vendor):
        zuora.say("subscription", Answer({**SUBSCRIPTION, "scheduledCancelDate": "2026-12-31"}))
        accepted = await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert accepted.remarks == ("Zuora would have cancelled it anyway on 2026-12-31.",)


class TestWhatBecomesOfIt:
    @pytest.mark.parametrize("status", ["Active", None, "Suspended"])
    async def test_a_completed_order_without_a_cancelled_subscription_is_looked_at(
        self, zuora, vendor, status
    ):
        listed = [{"subscriptionNumber": NUMBER, "status": status}]
        zuora.say("order", Answer({**COMPLETED, "subscriptions": listed}))
        assert (await vendor.cancel(asking(), None)).subscription is None

    @pytest.mark.parametrize("status", ["Pending", "Draft", "Scheduled"])
    async def test_a_waiting_order_is_unfinished_and_named(self, zuora, vendor, status):
        zuora.say("order", Answer({**COMPLETED, "status": status}))
        accepted = await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert accepted.subscription.status is UNFINISHED
        assert f"{ORDER} " in accepted.subscription.detail
        assert status.lower() in accepted.subscription.detail

    async def test_a_waiting_order_that_cannot_be_looked_at_is_unknown(self, zuora, vendor):
        zuora.say("order", Answer({**COMPLETED, "status": "Pending"}))
        zuora.say("subscription", Answer(SUBSCRIPTION), Answer(b"", 503))
        with pytest.raises(OutcomeUnknown):
            await vendor.cancel(asking(), await vendor.look_up(asking()))

    @pytest.mark.parametrize(
        "change",
        [
            {"orderNumber": "O-00000001"},
            {"orderNumber": None},
            {"status": None},
            {"success": "true"},
            {"success": None},
            {"subscriptions": [{"subscriptionNumber": "A-S2", "status": "Cancelled"}]},
            {"subscriptionNumbers": ["A-S2"]},
            {"reasons": [{"code": 1, "message": ""}]},
        ],
    )
    async def test_an_answer_that_is_not_about_our_order_is_an_unknown_outcome(
        self, zuora, vendor, change
    ):
        zuora.say("order", Answer({**COMPLETED, **change}))
        with pytest.raises(OutcomeUnknown) as caught:
            await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert caught.value.retry_after == 300

    async def test_a_refusal_counts_if_no_order_of_ours_has_the_number(self, zuora, vendor):
        zuora.say("order", Answer(reasons(58730020, message="注文日が不正です。"), 400))
        with pytest.raises(Refused) as caught:
            await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert caught.value.reason == "注文日が不正です。"
        assert zuora.operations()[-2:] == ["order by number", "orders"]

    @pytest.mark.parametrize("status", ["Completed", "Executing"])
    async def test_a_refusal_because_of_our_own_order_is_an_unknown_outcome(
        self, zuora, vendor, status
    ):
        zuora.say("order", Answer(reasons(58730020), 400))
        zuora.say("order by number", Answer(order(status)))
        with pytest.raises(OutcomeUnknown):
            await vendor.cancel(asking(), await vendor.look_up(asking()))

    async def test_a_refusal_because_of_our_unfinished_order_does_not_count(self, zuora, vendor):
        zuora.say("order", Answer(reasons(58730030), 400))
        zuora.say("order by number", Answer(order("Pending")))
        accepted = await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert accepted.subscription.status is UNFINISHED

    async def test_a_number_of_another_subscription_is_used_up(self, zuora, vendor):
        another = [{"subscriptionNumber": "A-S2", "orderActions": []}]
        zuora.say("order by number", Answer(order("Completed", subscriptions=another)), NOT_FOUND)
        done = Answer({**COMPLETED, "orderNumber": f"{ORDER}-2"})
        zuora.say("order", Answer(reasons(58730020), 400), done)
        accepted = await vendor.cancel(asking(), await vendor.look_up(asking()))
        assert accepted.subscription.status is DONE

    @pytest.mark.parametrize("was_sent", [True, False])
    async def test_a_refusal_after_an_attempt_whose_order_is_gone_tries_one_more_number(
        self, zuora, vendor, was_sent
    ):
        zuora.say("order", Answer(reasons(58730020), 400))
        asked = asking(may_have_been_sent=was_sent, attempt="3f9a12c4-1")
        shown = await vendor.look_up(asked)
        with pytest.raises(Refused):
            await vendor.cancel(asked, shown)
        numbers = [body["orderNumber"] for body in zuora.bodies("order")]
        assert numbers == [ORDER, f"{ORDER}-3f9a12c4-1"][: 1 + was_sent]

    async def test_a_refusal_by_a_tenant_with_unreadable_orders_is_a_configuration_error(
        self, zuora, vendor
    ):
        zuora.say("order", Answer(reasons(58730020), 400))
        zuora.say("order by number", Answer(reasons(58730010), 403))
        with pytest.raises(NotConfigured, match="zuora-soap"):
            await vendor.cancel(asking(), await vendor.look_up(asking()))

    async def test_the_subscription_is_looked_at_before_anything_is_sent(self, zuora, vendor):
        zuora.say("subscription", Answer(CANCELLED))
        assert (await vendor.cancel(asking(), None)).subscription.status is DONE
        zuora.say("subscription", NOT_FOUND)
        with pytest.raises(UnknownId):
            await vendor.cancel(asking(), None)
        assert zuora.bodies("order") == []

    async def test_it_can_be_asked_and_never_allows_a_repeat(self, vendor):
        assert vendor.can_be_asked
        assert not vendor.is_repeatable
        assert "Zuora" in vendor.advice.suspended


class TestTokens:
    async def test_vendors_with_other_settings_share_a_clients_token_and_keep_it_secret(
        self, zuora, make_vendor, tokens
    ):
        for vendor in (make_vendor(), make_vendor(ZUORA_PREVIEW="false")):
            await vendor.look_up(asking())
        assert zuora.operations().count("token") == 1
        assert tokens == [TOKEN["access_token"]] * 2

    async def test_it_is_requested_with_the_credentials_only_in_the_body(self, zuora, vendor):
        await vendor.look_up(asking())
        [form] = zuora.bodies("token")
        assert sorted(form) == ["client_id", "client_secret", "grant_type"]
        assert "Authorization" not in zuora.seen[0].headers

    @pytest.mark.parametrize("operation", ["subscription", "order"])
    @pytest.mark.parametrize("status", [200, 401])
    async def test_a_refused_token_is_replaced_once_and_the_call_sent_again(
        self, zuora, vendor, operation, status
    ):
        good = zuora.answers[operation][0]
        zuora.say(operation, Answer(reasons(90000011), status), good)
        accepted = await vendor.cancel(asking(), None)
        assert accepted.subscription.status is DONE
        assert zuora.operations().count("token") == 2
        sent = [seen.headers.get("Idempotency-Key") for seen in zuora.seen]
        assert len(set(sent) - {None}) == 1

    @pytest.mark.parametrize("status", [200, 401])
    async def test_a_refused_new_token_is_a_configuration_error(self, zuora, vendor, status):
        zuora.say("subscription", Answer(reasons(90000011), status))
        with pytest.raises(NotConfigured, match="ZUORA_CLIENT_SECRET"):
            await vendor.look_up(asking())
        assert zuora.operations() == ["token", "subscription"] * 2

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    async def test_a_refused_client_is_a_configuration_error(self, zuora, vendor, status):
        zuora.say("token", Answer({"error": "invalid_client"}, status))
        with pytest.raises(NotConfigured, match="ZUORA_CLIENT_ID"):
            await vendor.look_up(asking())
        assert zuora.operations() == ["token"]

    async def test_it_is_kept_for_its_hour(self, zuora, vendor):
        for _ in range(3):
            await vendor.look_up(asking(asked_at=NOW))
        assert zuora.operations().count("token") == 1
