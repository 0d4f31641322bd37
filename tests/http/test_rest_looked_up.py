"""REST_LOOKED_UP: values from the look's answer go into the calls after it."""

import json
from urllib.parse import parse_qsl, unquote

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import NotConfigured, Outdated
from connect_ext.http.client import MAX_ANSWER_PARTS
from connect_ext.vendors.base import Act, SubscriptionStatus
from connect_ext.vendors.rest.looked_up import DEEPEST, MOST_CHARACTERS, can_be_sent
from tests.hostile.heartbeat import MOST_LATE_SECONDS, Heartbeat, at_best
from tests.http.vendors import a_vendor, answers, cancellation

UNDO = {"REST_UNDO_REQUEST": "POST /subscriptions/{subscription_id}/undo"}


def found_at_v(value) -> dict[str, str]:
    return {"status": "active", "v": value}


async def sent(http, answer, names=None, text=None, order=None, **variables):
    """The call after a look with this answer; the placeholder ``v`` is its member ``v``."""
    looked_up = {"REST_LOOKED_UP": json.dumps(names or {"v": "v"})}
    handler = answers(answer, text=text)
    order = order or cancellation()
    async with a_vendor(http, handler, **{**UNDO, **looked_up, **variables}) as (rest, server):
        shown = await rest.look_up(order)
        await (rest.take_back if order.act is Act.UNDO else rest.cancel)(order, shown)
        assert len(server.seen) == 2
        return server.seen[-1]


async def unsendable(http, answer, match, **more):
    """After this answer nothing but the look is sent, and the message hides the value."""
    looked_up = {"REST_LOOKED_UP": '{"v": "v"}', "REST_CANCEL_BODY": '{"v": "{v}"}'}
    handler = answers(answer, text=more.pop("text", None))
    async with a_vendor(http, handler, **{**looked_up, **more}) as (rest, server):
        shown = await rest.look_up(cancellation())
        with pytest.raises(NotConfigured, match=match) as caught:
            await rest.cancel(cancellation(), shown)
        with pytest.raises(NotConfigured, match=match):
            await rest.plan(cancellation(), shown)
        assert len(server.seen) == 1
    return caught.value


VALUES = ["text", "", 7, -1.5, 0, 10**20, True, False, {"a": [1, None]}, [], [{}], {}]


class TestInABody:
    @pytest.mark.parametrize("value", VALUES, ids=repr)
    async def test_a_text_that_is_one_placeholder_keeps_the_type(self, http, value):
        body = '{"a": {"version": "{v}"}, "list": ["{v}", 1]}'
        call = await sent(http, found_at_v(value), REST_CANCEL_BODY=body)
        assert json.loads(call.body) == {"a": {"version": value}, "list": [value, 1]}
        assert type(json.loads(call.body)["a"]["version"]) is type(value)

    @pytest.mark.parametrize(
        ("value", "shown"),
        [("text", "text"), ("", ""), (7, "7"), (True, "true"), (1.5, "1.5"), ('"}{v}', '"}{v}')],
    )
    async def test_within_a_text_it_becomes_text(self, http, value, shown):
        body = '{"note": "version {v} of {subscription_id}"}'
        call = await sent(http, found_at_v(value), REST_CANCEL_BODY=body)
        assert json.loads(call.body) == {"note": f"version {shown} of A-1"}

    async def test_a_whole_body_may_be_one(self, http):
        """The full resource with one change, as Microsoft's Partner Center requires."""
        answer = {"id": "A-1", "status": "active", "quantity": 5, "links": [{"uri": "/x"}]}
        call = await sent(
            http,
            answer,
            {"resource": "merge(@, {status: 'deleted'})"},
            REST_CANCEL_REQUEST="PATCH /subscriptions/{subscription_id}",
            REST_CANCEL_BODY='"{resource}"',
        )
        assert (call.method, json.loads(call.body)) == ("PATCH", {**answer, "status": "deleted"})
        assert call.header("Content-Type") == ["application/json"]

    @pytest.mark.parametrize("value", [{}, [], "", 0, False], ids=repr)
    async def test_a_whole_body_is_sent_even_if_it_is_empty(self, http, value):
        call = await sent(http, found_at_v(value), REST_CANCEL_BODY='"{v}"')
        assert json.loads(call.body) == value
        assert call.header("Content-Type") == ["application/json"]

    async def test_in_a_form_it_becomes_text(self, http):
        body = '{"a": {"version": "{v}"}, "b": "v{v}"}'
        call = await sent(http, found_at_v(7), REST_CANCEL_BODY=body, REST_BODY_FORMAT="form")
        assert parse_qsl(call.body.decode()) == [("a[version]", "7"), ("b", "v7")]

    async def test_an_undo_takes_them_too(self, http):
        order = cancellation(act=Act.UNDO)
        call = await sent(http, found_at_v(7), order=order, REST_UNDO_BODY='{"version": "{v}"}')
        assert json.loads(call.body) == {"version": 7}

    async def test_each_placeholder_gets_its_own_value(self, http):
        names = {"etag": "meta.etag", "version": "meta.versions[-1]", "all": "@"}
        answer = {"status": "active", "meta": {"etag": "W/1", "versions": [1, 2]}}
        body = '{"etag": "{etag}", "version": "{version}", "all": "{all}"}'
        call = await sent(http, answer, names, REST_CANCEL_BODY=body)
        assert json.loads(call.body) == {"etag": "W/1", "version": 2, "all": answer}


class TestInAPath:
    @pytest.mark.parametrize(
        ("value", "segment"),
        [("a b", "a b"), ("a/b?c#d&e=%2e", "a/b?c#d&e=%2e"), (7, "7"), (True, "true")],
        ids=repr,
    )
    async def test_it_stays_one_segment(self, http, value, segment):
        request = "DELETE /subscriptions/{subscription_id}/versions/{v}?of={v}"
        call = await sent(http, found_at_v(value), REST_CANCEL_REQUEST=request)
        path, _, query = call.path.partition("?")
        assert path.startswith("/v1/subscriptions/A-1/versions/")
        assert path.count("/") == 5
        assert unquote(path.rpartition("/")[2]) == segment
        assert parse_qsl(query) == [("of", segment)]

    @pytest.mark.parametrize(
        "value",
        ["..", ".", "../admin", "a/../b", "%2e%2e", "..%2f", "\uff0e\uff0e", "", "  ", "a\x00b",
         "a\nb", "\u202e", "x" * 300],
        ids=ascii,
    )  # fmt: skip
    async def test_nothing_is_sent_if_the_value_would_lead_elsewhere(self, http, value):
        request = "DELETE /subscriptions/{subscription_id}/versions/{v}"
        error = await unsendable(
            http,
            found_at_v(value),
            "cannot be part of a path",
            REST_CANCEL_REQUEST=request,
            REST_CANCEL_BODY="{}",
        )
        assert "{v}" in error.message
        assert len(error.message) < 300


class TestInAHeader:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [("W/abc", '"W/abc"'), (7, '"7"'), (False, '"false"'), ("x" * 300, f'"{"x" * 300}"')],
        ids=["text", "number", "false", "300 characters"],
    )
    async def test_it_becomes_text(self, http, value, shown):
        header = json.dumps({"If-Match": '"{v}"'})
        call = await sent(http, found_at_v(value), REST_HEADERS=header)
        assert call.header("If-Match") == [shown]

    async def test_the_look_leaves_it_out(self, http):
        headers = '{"If-Match": "{v}", "X-Both": "{subscription_id}-{v}", "X-Version": "3"}'
        secret = '{"X-Secret": "k3y-{v}", "X-Other": "0ther-{asset_id}"}'
        more = {"REST_HEADERS": headers, "REST_SECRET_HEADERS": secret}
        looked_up = {"REST_LOOKED_UP": '{"v": "v"}'}
        async with a_vendor(http, answers(found_at_v("e1")), **looked_up, **more) as (rest, server):
            await rest.cancel(cancellation(), await rest.look_up(cancellation()))
        look, cancel = server.seen
        for name, of_cancel in {"If-Match": "e1", "X-Both": "A-1-e1", "X-Secret": "k3y-e1"}.items():
            assert look.header(name) == []
            assert cancel.header(name) == [of_cancel]
        for call in server.seen:
            assert call.header("X-Version") == ["3"]
            assert call.header("X-Other") == ["0ther-AS-1-2"]

    @pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00", "é", "\ufeff"], ids=ascii)
    async def test_nothing_is_sent_if_the_value_would_be_another_header(self, http, value):
        header = json.dumps({"If-Match": '"{v}"'})
        error = await unsendable(http, found_at_v(value), "part of a header", REST_HEADERS=header)
        assert "{v}" in error.message
        assert "Evil" not in error.message

    @pytest.mark.parametrize("value", ["", "   "], ids=repr)
    async def test_nothing_is_sent_for_a_blank_value(self, http, value):
        """An empty ``If-Match`` could be read as no condition."""
        await unsendable(http, found_at_v(value), "it is blank", REST_HEADERS='{"If-Match": "{v}"}')


class TestWhatIsNotThere:
    @pytest.mark.parametrize("answer", [{"status": "active"}, found_at_v(None)], ids=str)
    async def test_nothing_is_sent_and_the_placeholder_is_named(self, http, answer):
        error = await unsendable(http, answer, "has no value for it that can be sent")
        assert "{v}" in error.message
        assert "REST_LOOKED_UP" in error.message

    async def test_nothing_is_sent_without_a_look(self, http):
        looked_up = {"REST_LOOKED_UP": '{"v": "v"}', "REST_CANCEL_BODY": '{"v": "{v}"}'}
        async with a_vendor(http, **looked_up) as (rest, server):
            with pytest.raises(NotConfigured, match="has no value for it"):
                await rest.cancel(cancellation(), None)
        assert server.seen == []

    @pytest.mark.parametrize("value", [{"a": 1}, [1], {}, []], ids=str)
    @pytest.mark.parametrize(
        "place",
        [
            {"REST_CANCEL_BODY": '{"v": "x{v}"}'},
            {"REST_CANCEL_BODY": '{"v": "{v}"}', "REST_BODY_FORMAT": "form"},
            {"REST_HEADERS": '{"X-V": "{v}"}'},
            {"REST_CANCEL_REQUEST": "DELETE /subscriptions/{subscription_id}/{v}"},
        ],
        ids=["text", "form", "header", "path"],
    )
    async def test_an_object_is_not_text(self, http, value, place):
        await unsendable(http, found_at_v(value), "an object or a list", **place)

    @pytest.mark.parametrize("status", ["cancelled", "terminating", "draft"])
    async def test_a_bad_value_does_not_matter_if_nothing_is_sent(self, http, status):
        looked_up = {"REST_LOOKED_UP": '{"v": "v"}', "REST_CANCEL_BODY": '{"v": "{v}"}'}
        async with a_vendor(http, answers({"status": status}), **looked_up) as (rest, _):
            shown = await rest.look_up(cancellation())
        assert shown.status is not SubscriptionStatus.ACTIVE


TOO_MUCH = {
    "NaN": "NaN",
    "infinity": "1e999",
    "half a character": '"\\ud800"',
    "half a character in a key": '{"\\udfff": 1}',
    "long": json.dumps("x" * MOST_CHARACTERS),
    "long keys": json.dumps({"x" * (MOST_CHARACTERS + 1): 1}),
    "deep": "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2),
    "deep objects": '{"a":' * (DEEPEST + 2) + "1" + "}" * (DEEPEST + 2),
}
PLACES = {
    "alone": {"REST_CANCEL_BODY": '{"v": "{v}"}'},
    "whole": {"REST_CANCEL_BODY": '"{v}"'},
    "form": {"REST_CANCEL_BODY": '{"v": "{v}"}', "REST_BODY_FORMAT": "form"},
    "text": {"REST_CANCEL_BODY": '{"v": "-{v}-"}'},
    "header": {"REST_HEADERS": '{"X-V": "{v}"}'},
    "path": {"REST_CANCEL_REQUEST": "DELETE /subscriptions/{subscription_id}/{v}"},
}


class TestHostileValues:
    @pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
    @pytest.mark.parametrize("value", TOO_MUCH.values(), ids=list(TOO_MUCH))
    async def test_nothing_is_sent_of_a_value_that_is_not_json_or_too_large(
        self, http, value, place
    ):
        text = f'{{"status": "active", "v": {value}}}'
        match = "has no value for it that can be sent"
        error = await unsendable(http, None, match, text=text, **place)
        assert len(error.message) < 300

    @pytest.mark.parametrize(
        "value",
        [
            ["x"] * (MAX_ANSWER_PARTS - 10),
            {f"k{number}": [number] for number in range(MAX_ANSWER_PARTS // 3 - 10)},
            {"k" * 2_000_000: list(range(MAX_ANSWER_PARTS - 10))},
        ],
        ids=["20,000 texts", "thousands of lists", "a key of megabytes"],
    )
    @pytest.mark.parametrize("body_format", ["json", "form"])
    async def test_the_loop_keeps_running_while_thousands_of_parts_are_read(
        self, http, value, body_format
    ):
        variables = {
            "REST_LOOKED_UP": json.dumps({f"v{number}": "v" for number in range(20)}),
            "REST_CANCEL_BODY": json.dumps({f"n{n}": f"{{v{n}}}" for n in range(20)}),
            "REST_BODY_FORMAT": body_format,
        }

        async def once() -> float:
            said = answers(found_at_v(value))
            async with a_vendor(http, said, **variables) as (rest, _), Heartbeat() as heart:
                shown = await rest.look_up(cancellation())
                with pytest.raises(NotConfigured):
                    await rest.cancel(cancellation(), shown)
            return heart.latest

        assert await at_best(once) <= MOST_LATE_SECONDS

    @pytest.mark.parametrize("value", [*VALUES, "é王😀", "a\r\nb\x00", "x" * 60_000], ids=ascii)
    def test_plain_json_can_be_sent(self, value):
        assert can_be_sent(value)
        assert can_be_sent({"a": [value]})


class TestTheStaleEtag:
    async def test_a_412_waits_and_the_next_look_shows_another(self, http):
        """Nothing was done: somebody changed the subscription after the look."""
        seen = iter(["e1", "e2"])

        async def handler(request):
            if request.method == "GET":
                return await answers(found_at_v(next(seen)))(request)
            is_new = request.headers["If-Match"] == "e2"
            return await answers({"status": "cancelled"}, 200 if is_new else 412)(request)

        variables = {"REST_LOOKED_UP": '{"v": "v"}', "REST_HEADERS": '{"If-Match": "{v}"}'}
        async with a_vendor(http, handler, **variables) as (rest, _):
            shown = await rest.look_up(cancellation())
            with pytest.raises(Outdated, match="HTTP 412 to the cancellation") as caught:
                await rest.cancel(cancellation(), shown)
            assert caught.value.cause is Cause.CONFLICT
            accepted = await rest.cancel(cancellation(), await rest.look_up(cancellation()))
        assert accepted.subscription.status is SubscriptionStatus.CANCELLED

    async def test_a_412_to_a_look_is_a_mistake_in_the_request(self, http):
        async with a_vendor(http, answers({}, 412)) as (rest, _):
            with pytest.raises(NotConfigured, match="check the method, the path"):
                await rest.look_up(cancellation())
