"""Undoing a cancellation at a REST vendor, and the calls that a dry run shows."""

import json
from urllib.parse import parse_qsl

import pytest

from connect_ext.errors import (
    CancellationError,
    Conflict,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
)
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Accepted, Act
from tests.http.servers import raw_server, speaks
from tests.http.test_rest import CANCELLATION
from tests.http.vendors import KEY, a_vendor, answers, cancellation, rest_vendor

UNDO = {"REST_UNDO_REQUEST": "POST /subscriptions/{subscription_id}/undo"}
BODY = {"REST_UNDO_BODY": '{"id": "{subscription_id}", "by": ["{request_id}"]}'}
DATED = {"REST_CANCEL_BODY": '{"at": "{effective_date}", "id": "{subscription_id}"}'}


def undo(subscription_id="A-1", **more):
    return cancellation(subscription_id, act=Act.UNDO, **more)


async def sent(http, order=None, **variables):
    """The server's only call."""
    async with a_vendor(http, **{**UNDO, **variables}) as (rest, server):
        assert await rest.take_back(order or undo(), None) == Accepted()
        (call,) = server.seen
        return call


async def error_of(http, body=None, status=422, **variables):
    async with a_vendor(http, answers(body, status), **UNDO, **variables) as (rest, server):
        with pytest.raises(CancellationError) as caught:
            await rest.take_back(undo(), None)
    assert len(server.seen) == 1
    assert KEY not in str(caught.value)
    return caught.value


class TestTheCall:
    @pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "PUT"])
    async def test_it_has_the_method_and_the_path_of_the_variable(self, http, method):
        request = f"{method} /s/{{subscription_id}}/cancellation?by={{request_id}}"
        call = await sent(http, undo("a/b"), REST_UNDO_REQUEST=request)
        assert call.method == method
        assert call.path == "/v1/s/a%2Fb/cancellation?by=PR-1-2-3"
        assert call.body == b""
        assert call.header("Authorization") == [f"Bearer {KEY}"]

    async def test_its_body_is_json(self, http):
        call = await sent(http, **BODY)
        assert json.loads(call.body) == {"id": "A-1", "by": ["PR-1-2-3"]}
        assert call.header("Content-Type") == ["application/json"]

    async def test_its_body_can_be_a_form(self, http):
        call = await sent(http, undo("a&b"), **BODY, REST_BODY_FORMAT="form")
        assert parse_qsl(call.body.decode()) == [("id", "a&b"), ("by[0]", "PR-1-2-3")]

    async def test_it_never_has_a_cancellations_key(self, http):
        keys = []
        for count in range(3):
            call = await sent(http, undo(definite_answers=count))
            keys += call.header("Idempotency-Key")
        assert keys == ["PR-1-2-3-undo", "PR-1-2-3-undo-1", "PR-1-2-3-undo-2"]
        cancelling = {cancellation(definite_answers=count).idempotency_key for count in range(9)}
        assert cancelling.isdisjoint(keys)

    async def test_without_the_variable_there_is_none(self, http):
        rest = rest_vendor(http, "https://vendor.example")
        assert not rest.can_take_back
        assert rest_vendor(http, "https://vendor.example", **UNDO).can_take_back
        for call in (rest.take_back, rest.plan):
            with pytest.raises(NotConfigured, match="REST_UNDO_REQUEST is empty"):
                await call(undo(), None)


class TestItsAnswer:
    @pytest.mark.parametrize(("status", "kind"), CANCELLATION.items())
    async def test_it_means_the_same_as_for_a_cancellation(self, http, status, kind):
        error = await error_of(http, {"status": "active"}, status)
        assert type(error) is kind
        if isinstance(error, NotDone | OutcomeUnknown | NotConfigured) and kind is not Conflict:
            assert "taking the cancellation back (REST_UNDO_REQUEST)" in error.message

    @pytest.mark.parametrize("body", [{"status": "active"}, {"status": "cancelled"}, {}, None])
    async def test_a_2xx_alone_does_not_mean_undone(self, http, body):
        async with a_vendor(http, answers(body), **UNDO) as (rest, _):
            assert await rest.take_back(undo(), None) == Accepted(None)

    async def test_an_answer_about_another_subscription_settles_nothing(self, http):
        for status in (200, 404, 409, 422):
            error = await error_of(http, {"id": "A-2"}, status, REST_ID_PATH="id")
            assert type(error) is OutcomeUnknown

    async def test_the_vendors_words_for_not_now_count_here_too(self, http):
        busy = {"REST_BUSY_WHEN": "code == 'locked'"}
        assert type(await error_of(http, {"code": "locked"}, **busy)) is Conflict
        error = await error_of(http, {"message": "It is invoiced."}, 409, **busy)
        assert (type(error), error.reason) == (Refused, "It is invoiced.")

    async def test_a_lost_answer_is_an_unknown_outcome(self, http):
        async with raw_server(speaks(reset=True)) as url:
            with pytest.raises(OutcomeUnknown):
                await rest_vendor(http, url, **UNDO).take_back(undo(), None)


class TestThePlan:
    @pytest.mark.parametrize("body_format", ["json", "form"])
    @pytest.mark.parametrize("act", Act)
    @pytest.mark.parametrize("bodies", [{}, {**DATED, **BODY}], ids=["without", "with a body"])
    async def test_it_is_the_sent_call_and_needs_no_look(self, http, act, bodies, body_format):
        variables = {**UNDO, **bodies, "REST_BODY_FORMAT": body_format}
        async with a_vendor(http, **variables) as (rest, server):
            order = cancellation("a b", act=act)
            [planned] = (await rest.plan(order, None)).calls
            assert server.seen == []
            await (rest.cancel if act is Act.CANCEL else rest.take_back)(order, None)
            [call] = server.seen
            assert planned.method == call.method
            assert planned.url == server.url + call.path
            assert planned.body == call.body.decode()

    @pytest.mark.parametrize("when", CancellationDate)
    async def test_it_says_so_if_the_date_has_no_effect(self, http, when):
        rest = rest_vendor(http, "https://vendor.example", CANCELLATION_DATE=when.value)
        plan = await rest.plan(cancellation(when=when), None)
        assert plan.takes_effect is None
        assert bool(plan.remarks) is (when is not CancellationDate.IMMEDIATE)
        assert all("has no {effective_date}" in remark for remark in plan.remarks)
