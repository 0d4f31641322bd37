"""PayPal's preset, beyond the tests of every preset."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import Conflict, NotConfigured, NotDone, Refused
from connect_ext.portal.settings import read_configuration
from connect_ext.vendors.base import SubscriptionStatus
from connect_ext.vendors.registry import definitions
from tests.in_process import running_extension
from tests.presets.canned import error_of_cancelling, shown
from tests.presets.paypal import LONGEST_REASON, PayPal
from tests.presets.vendors import order, serving, vendor_at

A_SECOND = timedelta(seconds=1)
PAST = datetime(2026, 3, 31, 12, tzinfo=timezone.utc)
CLIENT = {"REST_OAUTH_CLIENT_ID": "the-client", "REST_OAUTH_CLIENT_SECRET": "s3cret-of-it"}


@pytest.fixture
async def paypal():
    async with serving(PayPal()) as stand_in:
        yield stand_in


class TestWhatIsSet:
    def test_the_apps_id_and_secret_are_enough(self):
        own = read_configuration({"VENDOR": "paypal", **CLIENT}, definitions()).default.vendor.own
        assert own.api_url == "https://api-m.paypal.com"
        assert own.auth.token_url == "https://api-m.paypal.com/v1/oauth2/token"
        assert (own.repeatable, own.idempotency_header, own.undo_request) == (False, None, None)

    def test_the_sandbox_needs_two_more_addresses(self):
        host = "https://api-m.sandbox.paypal.com"
        urls = {"REST_API_URL": host, "REST_OAUTH_TOKEN_URL": f"{host}/v1/oauth2/token"}
        variables = {"VENDOR": "paypal", **CLIENT, **urls}
        own = read_configuration(variables, definitions()).default.vendor.own
        assert (own.api_url, own.auth.token_url) == (host, urls["REST_OAUTH_TOKEN_URL"])


class TestAStatus:
    @pytest.mark.parametrize("word", ["ACTIVE", "SUSPENDED"])
    async def test_that_paypal_cancels_is_active(self, http, paypal, word):
        held, rest = paypal.add(word=word), vendor_at(http, paypal)
        subscription = await rest.look_up(order(held.id))
        # The last change of its status is not an end.
        assert (subscription.status, subscription.ends_at) == (SubscriptionStatus.ACTIVE, None)
        accepted = await rest.cancel(order(held.id), subscription)
        assert accepted.subscription is None
        subscription = await rest.look_up(order(held.id))
        assert (subscription.status, held.cancellations) == (SubscriptionStatus.CANCELLED, 1)
        assert abs(subscription.ends_at - held.ends_at) < A_SECOND

    @pytest.mark.parametrize("fields", [{"cancelled": True}, {"word": "EXPIRED"}], ids=str)
    async def test_that_is_over_has_ended_when_it_became_so(self, http, paypal, fields):
        held = paypal.add(ends_at=PAST, **fields)
        subscription = await vendor_at(http, paypal).look_up(order(held.id))
        assert (subscription.status, subscription.ends_at) == (SubscriptionStatus.CANCELLED, PAST)

    @pytest.mark.parametrize("word", ["APPROVAL_PENDING", "APPROVED"])
    async def test_that_has_not_begun_is_not_taken_for_cancelled(self, http, paypal, word):
        held = paypal.add(word=word)
        subscription = await vendor_at(http, paypal).look_up(order(held.id))
        assert subscription.status is SubscriptionStatus.NOT_STARTED

    async def test_that_is_none_of_paypals_is_named_and_waits(self, http, paypal):
        held = paypal.add(word="PAUSED")
        with pytest.raises(NotDone, match="the status 'PAUSED'") as caught:
            await vendor_at(http, paypal).look_up(order(held.id))
        assert caught.value.cause is Cause.UNKNOWN_STATUS

    @pytest.mark.parametrize(
        "written",
        ["2026-03-31T12:00:00Z", "2026-03-31T12:00:00.000Z", "2026-03-31T12:00:00+00:00",
         "2026-03-31T05:00:00-07:00", "2026-03-31t12:00:00.1234567z"],
    )  # fmt: skip
    async def test_its_date_is_read_in_every_form_that_paypal_allows(self, http, paypal, written):
        held = paypal.add(cancelled=True)
        document = {**paypal.shown(held), "status_update_time": written}
        subscription = await shown(http, paypal, held.id, document)
        assert abs(subscription.ends_at - PAST) < A_SECOND

    async def test_its_date_may_be_missing(self, http, paypal):
        held = paypal.add(cancelled=True)
        document = {"id": held.id, "status": "CANCELLED"}
        subscription = await shown(http, paypal, held.id, document)
        assert (subscription.status, subscription.ends_at) == (SubscriptionStatus.CANCELLED, None)

    async def test_of_another_subscription_is_not_believed(self, http, paypal):
        document = paypal.shown(paypal.add(cancelled=True))
        with pytest.raises(NotDone, match="another subscription"):
            await shown(http, paypal, paypal.new_id(99), document)


class TestTheReasonThatPaypalWants:
    async def test_the_reason_names_the_request_and_stays_with_the_subscription(self, http, paypal):
        held = paypal.add()
        await vendor_at(http, paypal).cancel(order(held.id, request_id="PR-1-2-3"), None)
        expected = "Cancelled by the customer (PR-1-2-3)."
        assert json.loads(paypal.seen[-1].body) == {"reason": expected}
        assert paypal.shown(held)["status_change_note"] == expected

    async def test_an_own_reason_that_is_too_long_is_reported_in_paypals_words(self, http, paypal):
        body = json.dumps({"reason": "x" * (LONGEST_REASON + 1)})
        with pytest.raises(Refused) as caught:
            await vendor_at(http, paypal, REST_CANCEL_BODY=body).cancel(
                order(paypal.add().id), None
            )
        assert caught.value.reason == "The value of a field is too long."


def error(name, *details):
    described = [{"issue": issue, "description": text} for issue, text in details]
    return {"name": name, "message": "It could not be done.", "details": described}


class TestAnError:
    @pytest.mark.parametrize(
        ("details", "reason"),
        [
            ([("USER_ACCOUNT_CLOSED", "User account locked or closed.")],
             "User account locked or closed."),
            ([("A", "One."), ("B", "Two.")], "One.; Two."),
            ([], "It could not be done."),
        ],
    )  # fmt: skip
    async def test_of_business_refuses_in_paypals_own_words(self, http, paypal, details, reason):
        document = error("UNPROCESSABLE_ENTITY", *details)
        refused = await error_of_cancelling(http, paypal, 422, document)
        assert (type(refused), refused.reason) == (Refused, reason)

    @pytest.mark.parametrize(
        ("status", "document"),
        [(409, error("RESOURCE_CONFLICT")), (409, {}), (409, {"fault": 1}), (400, {"fault": 1}),
         (422, {"error": "no"}), (422, ["no"])],
    )  # fmt: skip
    async def test_that_is_no_refusal_is_not_now(self, http, paypal, status, document):
        assert type(await error_of_cancelling(http, paypal, status, document)) is Conflict

    @pytest.mark.parametrize("status", [400, 409, 422])
    async def test_that_is_no_json_is_not_now(self, http, paypal, status):
        text = "<html>Bad gateway</html>"
        assert type(await error_of_cancelling(http, paypal, status, text=text)) is Conflict

    async def test_about_the_rate_waits_as_long_as_paypal_says(self, http, paypal):
        document, more = error("RATE_LIMIT_REACHED"), {"Retry-After": "60"}
        busy = await error_of_cancelling(http, paypal, 429, document, headers=more)
        assert (type(busy), busy.retry_after) == (NotDone, 60)

    async def test_about_permissions_names_the_client(self, http, paypal):
        document = error("NOT_AUTHORIZED", ("PERMISSION_DENIED", "You do not have permission."))
        denied = await error_of_cancelling(http, paypal, 403, document)
        assert (type(denied), denied.cause) == (NotConfigured, Cause.CREDENTIALS)
        assert "REST_OAUTH_CLIENT_ID, REST_OAUTH_CLIENT_SECRET" in denied.message

    async def test_about_the_look_is_a_mistake_of_ours(self, http, paypal):
        document = error("INVALID_REQUEST", ("INVALID_PARAMETER_SYNTAX", "Not known."))
        with pytest.raises(NotConfigured) as caught:
            await shown(http, paypal, paypal.new_id(1), document, status=400)
        assert caught.value.vendor_text == "Not known."


class TestTheToken:
    async def test_a_revoked_token_is_replaced_and_the_cancellation_done_once(self, http, paypal):
        held, rest = paypal.add(), vendor_at(http, paypal)
        subscription = await rest.look_up(order(held.id))
        paypal.revoke_tokens()
        await rest.cancel(order(held.id), subscription)
        assert [each.status for each in paypal.changes(held.id)] == [401, 204]
        assert held.cancellations == 1


class TestASecondCancellation:
    async def test_it_is_not_believed_as_a_refusal(self, http, paypal):
        held = paypal.add(cancelled=True, ends_at=PAST)
        with pytest.raises(Conflict) as caught:
            await vendor_at(http, paypal).cancel(order(held.id), None)
        assert "subscription status should be active or suspended" in caught.value.vendor_text

    async def test_a_subscription_that_somebody_else_cancels_meanwhile_is_approved(self):
        class Overtaken(PayPal):
            async def _cancel(self, request):
                held = self.subscriptions[request.match_info["id"]]
                if not held.cancelled:
                    self.cancel(held, at_end=False)
                return await super()._cancel(request)

        async with running_extension() as extension, serving(Overtaken()) as stand_in:
            extension.variables = stand_in.variables()
            held, connect = stand_in.add(), extension.sandbox.connect
            request_id = connect.create_cancel_request(connect.create_subscription(held.id))
            await extension.settle(request_id)
            assert connect.status(request_id) == "approved"
            assert [each.status for each in stand_in.changes(held.id)] == [422]
