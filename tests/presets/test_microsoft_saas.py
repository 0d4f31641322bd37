"""The preset of Microsoft's marketplace, beyond the tests of every preset."""

from __future__ import annotations

import asyncio
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import Conflict, NotConfigured, NotDone, OutcomeUnknown, Refused
from connect_ext.portal.settings import read_configuration
from connect_ext.vendors.base import Accepted, SubscriptionStatus
from connect_ext.vendors.registry import definitions
from tests.in_process import running_extension
from tests.presets.canned import error_of_cancelling, shown
from tests.presets.microsoft_saas import MARKETPLACE, TENANT, MicrosoftSaas
from tests.presets.vendors import order, serving, vendor_at

ENTRA = f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
CLIENT = {"REST_OAUTH_CLIENT_ID": "the-app", "REST_OAUTH_CLIENT_SECRET": "s3cret-of-it"}


@pytest.fixture
async def microsoft():
    async with serving(MicrosoftSaas()) as stand_in:
        yield stand_in


def error(code, message):
    return {"code": code, "message": message, "target": "delete"}


class TestWhatIsSet:
    def test_the_app_and_its_tenants_token_endpoint_are_enough(self):
        variables = {"VENDOR": "microsoft-saas", "REST_OAUTH_TOKEN_URL": ENTRA, **CLIENT}
        own = read_configuration(variables, definitions()).default.vendor.own
        assert own.api_url == "https://marketplaceapi.microsoft.com/api"
        assert own.auth.scope == f"{MARKETPLACE}/.default"
        assert (own.repeatable, own.idempotency_header, own.undo_request) == (False, None, None)

    def test_the_tenant_is_asked_for(self):
        with pytest.raises(NotConfigured, match="REST_OAUTH_TOKEN_URL got nothing") as caught:
            read_configuration({"VENDOR": "microsoft-saas", **CLIENT}, definitions())
        assert "1 mistake" in caught.value.message

    async def test_entra_gets_the_credentials_in_the_body_as_it_requires(self, http, microsoft):
        rest = vendor_at(http, microsoft)
        await rest.look_up(order(microsoft.add().id))
        assert [each.status for each in microsoft.seen] == [400, 200, 200]


class TestAStatus:
    @pytest.mark.parametrize("word", ["Subscribed", "Suspended", "PendingFulfillmentStart"])
    async def test_at_every_point_of_its_life_it_can_be_cancelled(self, http, microsoft, word):
        held, rest = microsoft.add(word=word), vendor_at(http, microsoft)
        subscription = await rest.look_up(order(held.id))
        assert (subscription.status, subscription.ends_at) == (SubscriptionStatus.ACTIVE, None)
        assert await rest.cancel(order(held.id), subscription) == Accepted(None)
        assert held.cancellations == 1

    async def test_that_is_unsubscribed_is_over_although_it_seems_to_renew(self, http, microsoft):
        held = microsoft.add(cancelled=True)
        subscription = await vendor_at(http, microsoft).look_up(order(held.id))
        assert (subscription.status, subscription.ends_at) == (SubscriptionStatus.CANCELLED, None)

    async def test_that_has_not_begun_is_not_taken_for_cancelled(self, http, microsoft):
        held = microsoft.add(word="NotStarted")
        subscription = await vendor_at(http, microsoft).look_up(order(held.id))
        assert subscription.status is SubscriptionStatus.NOT_STARTED

    async def test_that_is_none_of_microsofts_is_named_and_waits(self, http, microsoft):
        held = microsoft.add(word="Expiring")
        with pytest.raises(NotDone, match="the status 'Expiring'"):
            await vendor_at(http, microsoft).look_up(order(held.id))

    async def test_of_another_subscription_is_not_believed(self, http, microsoft):
        document = microsoft.shown(microsoft.add(cancelled=True))
        with pytest.raises(NotDone, match="another subscription"):
            await shown(http, microsoft, microsoft.new_id(99), document)


class TestTheCalls:
    async def test_every_call_for_a_request_has_its_guid_for_tracing(self, http, microsoft):
        held, rest = microsoft.add(), vendor_at(http, microsoft)
        await rest.cancel(order(held.id), await rest.look_up(order(held.id)))
        sent = [each.headers["x-ms-correlationid"] for each in microsoft.seen if each.about]
        assert sent == [str(uuid5(NAMESPACE_URL, f"PR-{held.id}"))] * 2
        assert UUID(sent[0]).version == 5

    async def test_every_call_names_the_version(self, http, microsoft):
        held, rest = microsoft.add(), vendor_at(http, microsoft)
        await rest.cancel(order(held.id), await rest.look_up(order(held.id)))
        assert {each.path for each in microsoft.seen if each.about} == {
            f"/api/saas/subscriptions/{held.id}?api-version=2018-08-31"
        }


class TestAnError:
    async def test_that_delete_is_not_allowed_refuses_in_microsofts_words(self, http, microsoft):
        document = error("BadRequest", MicrosoftSaas.refusal)
        refused = await error_of_cancelling(http, microsoft, 400, document)
        assert (type(refused), refused.reason) == (Refused, MicrosoftSaas.refusal)

    @pytest.mark.parametrize(
        ("status", "document"),
        [
            (400, error("Failed", "The subscription is locked due to pending operations")),
            (409, error("Conflict", "Another operation is in progress on the resource.")),
            (409, None),
            (400, {"error": {"code": "UnexpectedError", "message": "An unexpected error."}}),
            (400, {}),
        ],
    )
    async def test_that_is_surely_no_refusal_is_not_now(self, http, microsoft, status, document):
        assert type(await error_of_cancelling(http, microsoft, status, document)) is Conflict

    @pytest.mark.parametrize("status", [400, 409])
    @pytest.mark.parametrize("text", ["", "Conflict", "<html>Bad gateway</html>"])
    async def test_without_a_code_is_not_now_either(self, http, microsoft, status, text):
        """Microsoft does not describe the bodies of errors."""
        assert type(await error_of_cancelling(http, microsoft, status, text=text)) is Conflict

    async def test_of_the_older_shape_keeps_its_words(self, http, microsoft):
        document = {"error": {"code": "Conflict", "message": "Wait for pending operations."}}
        conflict = await error_of_cancelling(http, microsoft, 409, document)
        assert conflict.vendor_text == "Wait for pending operations."

    async def test_after_the_work_is_an_unknown_outcome(self, http, microsoft):
        assert type(await error_of_cancelling(http, microsoft, 500)) is OutcomeUnknown

    async def test_about_another_publishers_subscription_rejects_nobody(self, http, microsoft):
        """Microsoft's 403 means this or a wrong token; both are for the person who sets it up."""
        held, rest = microsoft.add(), vendor_at(http, microsoft)
        microsoft.of_others.add(held.id)
        for call in (rest.look_up(order(held.id)), rest.cancel(order(held.id), None)):
            with pytest.raises(NotConfigured, match="HTTP 403") as caught:
                await call
            assert caught.value.cause is Cause.CREDENTIALS


class TestTheOperation:
    async def test_it_is_awaited_and_a_call_meanwhile_is_not_now(self, http, microsoft):
        held, rest = microsoft.add(), vendor_at(http, microsoft)
        microsoft.operation_seconds = 2.0
        await rest.cancel(order(held.id), None)
        assert (await rest.look_up(order(held.id))).status is SubscriptionStatus.ACTIVE
        with pytest.raises(Conflict):
            await rest.cancel(order(held.id), None)
        await asyncio.sleep(microsoft.operation_seconds + 0.5)
        assert (await rest.look_up(order(held.id))).status is SubscriptionStatus.CANCELLED

    async def test_a_failed_operation_is_retried_after_the_vendors_time(self):
        async with running_extension() as extension, serving(MicrosoftSaas()) as stand_in:
            stand_in.operation_seconds = 0.0
            extension.variables = {**stand_in.variables(), "SETTLE_MINUTES": "30"}
            held, connect = stand_in.add(), extension.sandbox.connect
            stand_in.operation_fails.add(held.id)
            request_id = connect.create_cancel_request(connect.create_subscription(held.id))
            began = extension.clock_seconds
            assert (await extension.deliver(request_id)).status == "reschedule"
            assert connect.status(request_id) == "pending"
            await extension.settle(request_id)
            assert connect.status(request_id) == "approved"
            assert extension.clock_seconds - began > 30 * 60
            assert [each.status for each in stand_in.changes(held.id)] == [202, 202]
            assert held.cancellations == 1
