"""``{parameter:ID}``: further fulfillment parameters of the request in the calls."""

import json
from urllib.parse import parse_qsl, unquote

import pytest

from connect_ext.errors import NotConfigured
from connect_ext.vendors.base import Act
from sandbox import Parameter
from tests.http.vendors import a_vendor, cancellation
from tests.in_process import running_extension

OF_CUSTOMER = "/customers/{parameter:customer.id-1}/subscriptions/{subscription_id}"
ADDRESS = {
    "REST_STATUS_REQUEST": f"GET {OF_CUSTOMER}",
    "REST_CANCEL_REQUEST": f"DELETE {OF_CUSTOMER}?by={{parameter:customer.id-1}}",
    "REST_UNDO_REQUEST": f"POST {OF_CUSTOMER}/undo",
}
PLACES = {
    "the look's path": {
        "REST_STATUS_REQUEST": "GET /{parameter:customer}/{subscription_id}",
    },
    "the cancellation's path": {
        "REST_CANCEL_REQUEST": "DELETE /{parameter:customer}/{subscription_id}",
    },
    "its body": {"REST_CANCEL_BODY": '{"a": [{"of": "{parameter:customer}"}]}'},
    "a text in its body": {"REST_CANCEL_BODY": '{"of": "x-{parameter:customer}"}'},
    "a header": {"REST_HEADERS": '{"X-Customer": "{parameter:customer}"}'},
    "a secret header": {"REST_SECRET_HEADERS": '{"X-Customer": "k3y-{parameter:customer}"}'},
    "the undo's path": {"REST_UNDO_REQUEST": "POST /{parameter:customer}/{subscription_id}"},
    "the undo's body": {
        "REST_UNDO_REQUEST": "POST /undo/{subscription_id}",
        "REST_UNDO_BODY": '{"of": "{parameter:customer}"}',
    },
}


def order(value="C-7", **more):
    return cancellation(parameters=(("customer", value), ("customer.id-1", value)), **more)


class TestWhereItStands:
    @pytest.mark.parametrize("value", ["C-7", "a/b?c#d&e", "ü 王", "..a", "%41"])
    async def test_in_a_path_it_stays_one_segment(self, http, value):
        async with a_vendor(http, **ADDRESS) as (rest, server):
            shown = await rest.look_up(order(value))
            await rest.cancel(order(value), shown)
            await rest.take_back(order(value, act=Act.UNDO), shown)
        for call in server.seen:
            path, _, query = call.path.partition("?")
            segments = path.split("/")
            assert segments[:3] == ["", "v1", "customers"]
            assert unquote(segments[3]) == value
            assert segments[4:6] == ["subscriptions", "A-1"]
            assert parse_qsl(query) == ([("by", value)] if query else [])

    @pytest.mark.parametrize("body_format", ["json", "form"])
    async def test_in_a_body_it_is_a_text(self, http, body_format):
        value = '7", "evil": "1&x=2'
        body = '{"alone": "{parameter:customer}", "in": "of {parameter:customer}."}'
        variables = {"REST_CANCEL_BODY": body, "REST_BODY_FORMAT": body_format}
        async with a_vendor(http, **variables) as (rest, server):
            await rest.cancel(order(value), None)
        sent = server.seen[0].body.decode()
        found = json.loads(sent) if body_format == "json" else dict(parse_qsl(sent))
        assert found == {"alone": value, "in": f"of {value}."}

    @pytest.mark.parametrize("body_format", ["json", "form"])
    @pytest.mark.parametrize("value", ["Müller GmbH", "株式会社", "first\nsecond"], ids=ascii)
    async def test_in_a_body_it_may_hold_characters_forbidden_in_headers(
        self, http, value, body_format
    ):
        variables = {**PLACES["its body"], "REST_BODY_FORMAT": body_format}
        async with a_vendor(http, **variables) as (rest, server):
            await rest.cancel(order(value), await rest.look_up(order(value)))
        sent = server.seen[-1].body.decode()
        found = json.loads(sent)["a"][0] if body_format == "json" else dict(parse_qsl(sent))
        assert value in found.values()

    async def test_in_a_header_it_goes_with_the_look_too(self, http):
        headers = {
            "REST_HEADERS": '{"X-Customer": "{parameter:customer}"}',
            "REST_SECRET_HEADERS": '{"X-Signed": "k3y {parameter:customer}"}',
        }
        async with a_vendor(http, **headers) as (rest, server):
            await rest.cancel(order(), await rest.look_up(order()))
        for call in server.seen:
            assert call.header("X-Customer") == ["C-7"]
            assert call.header("X-Signed") == ["k3y C-7"]


def parameters(*values, phase="fulfillment"):
    return [Parameter("customer", value, phase) for value in values]


WRONG = {
    "missing": [],
    "blank": parameters(""),
    "only blanks": parameters("  "),
    "two that differ": parameters("C-7", "C-8"),
    "one of two is blank": parameters("C-7", ""),
    "what the customer fills in": parameters("C-7", phase="ordering"),
    "of the configuration": parameters("C-7", phase="configuration"),
    "no text": [Parameter("customer", None, structured_value={"id": "C-7"})],
    "half a character": parameters("C-\ud800"),
}
LEADS_ELSEWHERE = ["..", "a/../b", "%2e%2e", "C\n7", "C\u202e7", "x" * 300]
PATHS = {name: place for name, place in PLACES.items() if name.endswith("path")}


class TestWhatCannotBeFilledIn:
    @pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
    async def test_a_missing_parameter_is_noticed_before_anything_is_sent(self, http, place):
        async with a_vendor(http, **place) as (rest, server):
            with pytest.raises(NotConfigured, match="no fulfillment parameter 'customer'"):
                await rest.look_up(cancellation())
        assert server.seen == []

    @pytest.mark.parametrize("place", PATHS.values(), ids=list(PATHS))
    @pytest.mark.parametrize("value", LEADS_ELSEWHERE, ids=ascii)
    async def test_a_value_that_would_lead_elsewhere_is_noticed_before_anything_is_sent(
        self, http, place, value
    ):
        async with a_vendor(http, **place) as (rest, server):
            with pytest.raises(NotConfigured, match="cannot be part of a path") as caught:
                await rest.look_up(order(value))
        assert server.seen == []
        assert len(caught.value.message) < 300

    @pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "ü", "a\x00"], ids=ascii)
    async def test_a_value_that_would_be_another_header_is_noticed_before_anything_is_sent(
        self, http, value
    ):
        header = PLACES["a header"]
        async with a_vendor(http, **header) as (rest, server):
            with pytest.raises(NotConfigured, match="cannot be part of a header"):
                await rest.look_up(order(value))
        assert server.seen == []

    async def test_a_value_in_a_path_and_in_a_header_must_fit_both(self, http):
        places = {**PLACES["the cancellation's path"], **PLACES["a header"]}
        async with a_vendor(http, **places) as (rest, server):
            with pytest.raises(NotConfigured, match="cannot be part of a header"):
                await rest.look_up(order("ü"))
        assert server.seen == []

    @pytest.mark.parametrize("body_format", ["json", "form"])
    async def test_half_a_character_is_not_text(self, http, body_format):
        variables = {**PLACES["its body"], "REST_BODY_FORMAT": body_format}
        async with a_vendor(http, **variables) as (rest, server):
            with pytest.raises(NotConfigured, match="no fulfillment parameter 'customer'"):
                await rest.look_up(order("\udfff"))
        assert server.seen == []


def requested(extension, *more, subscription_id="SUB-1"):
    """A cancel request for a subscription with these further parameters."""
    connect = extension.sandbox.connect
    extension.sandbox.vendor.add(subscription_id)
    own = Parameter("subscription_id", subscription_id)
    asset_id = connect.create_subscription(parameters=[own, *more])
    return connect.create_cancel_request(asset_id)


class TestTheRequest:
    @pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
    async def test_it_waits_for_a_person_and_nothing_is_looked_up_or_marked(self, wrong):
        async with running_extension(**PLACES["its body"]) as extension:
            request_id = requested(extension, *wrong)
            response = await extension.deliver(request_id)
            assert (response.status, response.countdown >= 240) == ("reschedule", True)
            assert extension.sandbox.vendor.calls == []
            [note] = extension.sandbox.connect.notes(request_id)
            assert "no fulfillment parameter 'customer'" in note["text"]
            assert "sending" not in note["text"]
            assert extension.sandbox.connect.status(request_id) == "pending"

    @pytest.mark.parametrize("value", ["../admin", "a\u200bb"], ids=ascii)
    async def test_it_waits_for_a_person_if_the_parameter_leads_elsewhere(self, value):
        async with running_extension(**PLACES["the cancellation's path"]) as extension:
            request_id = requested(extension, *parameters(value))
            response = await extension.deliver(request_id)
            assert response.status == "reschedule"
            assert extension.sandbox.vendor.calls == []
            [note] = extension.sandbox.connect.notes(request_id)
            assert "cannot be part of a path" in note["text"]
            assert value not in note["text"]

    async def test_it_continues_once_the_parameter_is_there(self):
        async with running_extension(**PLACES["a header"]) as extension:
            request_id = requested(extension)
            assert (await extension.deliver(request_id)).status == "reschedule"
            request = await extension.client().requests[request_id].get()
            request["asset"]["params"] += [each.json() for each in parameters("C-7", "C-7")]
            assert (await extension.handle(request)).status == "success"
            [call] = extension.sandbox.vendor.cancel_calls("SUB-1")
            assert call.headers["X-Customer"] == "C-7"

    async def test_parameters_that_the_customer_fills_in_are_not_used(self):
        async with running_extension(**PLACES["a header"]) as extension:
            both = [*parameters("C-666", phase="ordering"), *parameters("C-7")]
            request_id = requested(extension, *both)
            assert (await extension.deliver(request_id)).status == "success"
            for call in extension.sandbox.vendor.calls:
                assert call.headers["X-Customer"] == "C-7"
