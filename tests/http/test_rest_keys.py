"""The header with the idempotency key, and the UUID made from it."""

import json
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from connect_ext.vendors.base import Act
from tests.http.vendors import a_vendor, cancellation

UNDO = {"REST_UNDO_REQUEST": "POST /subscriptions/{subscription_id}/undo"}


def uuid_of(key):
    return str(uuid5(NAMESPACE_URL, key))


async def sent(http, *orders, **variables):
    """The calls for these orders, one after the other."""
    async with a_vendor(http, **{**UNDO, **variables}) as (rest, server):
        for order in orders or (cancellation(),):
            await (rest.take_back if order.act is Act.UNDO else rest.cancel)(order, None)
        return server.seen


class TestTheHeader:
    @pytest.mark.parametrize(
        ("variable", "header", "value"),
        [
            ("chargebee-idempotency-key: {request_id}", "Chargebee-Idempotency-Key", "PR-1-2-3"),
            ("X-Key:{request_id}", "X-Key", "PR-1-2-3"),
            ("X-Key: a-{request_id}/{subscription_id}", "X-Key", "a-PR-1-2-3/A-1"),
            ("MS-RequestId: {request_uuid}", "MS-RequestId", uuid_of("PR-1-2-3")),
            ("X-Key: {request_uuid} {asset_id}", "X-Key", f"{uuid_of('PR-1-2-3')} AS-1-2"),
        ],
    )
    async def test_it_has_the_name_and_the_text_of_the_variable(
        self, http, variable, header, value
    ):
        [call] = await sent(http, REST_IDEMPOTENCY_HEADER=variable)
        assert call.header(header) == [value]
        assert call.header("Idempotency-Key") == []

    @pytest.mark.parametrize("act", Act)
    @pytest.mark.parametrize("auth", ["bearer", "header:X-Api-Token", "basic:", "none"])
    @pytest.mark.parametrize("nothing", ["", " ", "<none>"], ids=repr)
    async def test_without_the_variable_there_is_none(self, http, act, auth, nothing):
        variables = {"REST_AUTH": auth, "REST_IDEMPOTENCY_HEADER": nothing}
        [call] = await sent(http, cancellation(act=act), **variables)
        names = {name.lower() for name, _ in call.headers}
        ours = {"host", "accept", "accept-encoding", "user-agent", "authorization", "x-api-token"}
        assert names <= {*ours, "content-length", "connection"}

    @pytest.mark.parametrize("placeholder", ["{request_id}", "{request_uuid}"])
    async def test_each_definite_answer_and_each_act_makes_another_key(self, http, placeholder):
        orders = [
            cancellation(act=act, definite_answers=count) for act in Act for count in range(3)
        ]
        calls = await sent(http, *orders, REST_IDEMPOTENCY_HEADER=f"X-Key: {placeholder}")
        keys = [call.header("X-Key")[0] for call in calls]
        assert len(set(keys)) == 6

    @pytest.mark.parametrize("placeholder", ["{request_id}", "{request_uuid}"])
    async def test_the_same_order_has_the_same_key_in_every_process(self, http, placeholder):
        header = {"REST_IDEMPOTENCY_HEADER": f"X-Key: {placeholder}"}
        keys = [(await sent(http, **header))[0].header("X-Key") for _ in range(2)]
        assert keys[0] == keys[1]

    async def test_the_look_has_none(self, http):
        async with a_vendor(http, REST_IDEMPOTENCY_HEADER="X-Key: {request_id}") as (rest, server):
            await rest.look_up(cancellation())
        assert server.seen[0].header("X-Key") == []

    async def test_the_request_id_elsewhere_is_no_key(self, http):
        """There it identifies the request; only the key identifies the attempt."""
        [call] = await sent(
            http,
            cancellation(definite_answers=2),
            REST_HEADERS='{"X-Request": "{request_id}"}',
            REST_CANCEL_BODY='{"request": "{request_id}"}',
        )
        assert call.header("X-Request") == ["PR-1-2-3"]
        assert json.loads(call.body) == {"request": "PR-1-2-3"}
        assert call.header("Idempotency-Key") == ["PR-1-2-3-2"]


class TestTheUuid:
    """``{request_uuid}`` stands for the key, even if a vendor expects it in the body."""

    @pytest.mark.parametrize("count", [0, 1, 7])
    @pytest.mark.parametrize("act", Act)
    async def test_it_is_that_of_the_key_in_bodies_headers_and_paths(self, http, act, count):
        order = cancellation(act=act, definite_answers=count)
        body, path = '{"requestId": "{request_uuid}"}', "/s/{subscription_id}/{request_uuid}"
        [call] = await sent(
            http,
            order,
            REST_CANCEL_REQUEST=f"POST {path}",
            REST_UNDO_REQUEST=f"PUT {path}",
            REST_CANCEL_BODY=body,
            REST_UNDO_BODY=body,
            REST_HEADERS='{"X-Trace": "{request_uuid}"}',
            REST_IDEMPOTENCY_HEADER="X-Key: {request_uuid}",
        )
        expected = uuid_of(order.idempotency_key)
        assert json.loads(call.body) == {"requestId": expected}
        assert call.header("X-Trace") == call.header("X-Key") == [expected]
        assert call.path.endswith(f"/A-1/{expected}")
        assert UUID(expected).version == 5

    async def test_it_is_filled_in_for_the_look_too(self, http):
        header = '{"x-ms-correlationid": "{request_uuid}"}'
        async with a_vendor(http, REST_HEADERS=header) as (rest, server):
            await rest.look_up(cancellation())
            await rest.cancel(cancellation(), None)
        look, cancel = (call.header("x-ms-correlationid") for call in server.seen)
        assert look == cancel == [uuid_of("PR-1-2-3")]
