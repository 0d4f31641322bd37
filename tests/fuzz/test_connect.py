"""Hostile requests and hostile answers from Connect."""

import asyncio
import gzip
import logging
import time
from contextlib import suppress

import httpx
import pytest
from connect.client import AsyncConnectClient, ClientError
from hypothesis import example, given
from hypothesis import strategies as st

from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.client import MAX_ANSWER_PARTS, ConnectClient, QuietClient, Session
from connect_ext.connect.notes import Notes
from connect_ext.errors import Later, NotDone
from connect_ext.events import MAX_OUTPUT_CHARACTERS, CancellationApplication
from connect_ext.http.bodies import MAX_ANSWER_BYTES
from connect_ext.portal.secret import Secret
from connect_ext.shared_state import SharedState
from tests.fuzz.hostile import numbers, texts, values
from tests.unit.builders import NOW, REST_VARIABLES, cancel_request, connect_request

ENDPOINT = "https://hostile.example/public/v1"
VARIABLES = {**REST_VARIABLES, "REST_API_URL": "changeme"}


def answering(body, headers=None):
    """A server that answers every call with this body."""
    stream = httpx.ByteStream(body)
    head = {"Content-Type": "application/json", **(headers or {})}
    return httpx.MockTransport(lambda _: httpx.Response(200, headers=head, stream=stream))


class Application(CancellationApplication):
    """An extension that never reaches its vendor, because the address is missing."""

    # Connect answers every call with an empty object, so there is no conversation.
    shared = SharedState(
        now=lambda: NOW,
        connect_session=Session(answering(b"{}")),
    )


def nested(depth):
    """Nested deeper than JSON readers and writers go."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


@given(values)
@example({**connect_request(), "created": "9999-12-31T23:59:59-23:59"})
@example({**connect_request(), "created": "0001-01-01T00:00:00+23:59"})
def test_the_handler_answers_every_request_and_never_raises(data):
    for request in (data, {**connect_request(), "asset": data}, {**connect_request(), "id": data}):
        answered(request)


def test_a_request_of_megabytes_is_read_quickly():
    params = [{"id": "x", "value": f"value {number}"} for number in range(50_000)]
    tiers = {f"tier{number}": {"name": "x" * 100} for number in range(10_000)}
    request = connect_request(*params)
    request["asset"]["tiers"] = tiers
    began = time.process_time()
    answered(request)
    assert time.process_time() - began < 3


@pytest.mark.parametrize("place", ["id", "asset", "status", "created", "template", "other"])
def test_an_endlessly_nested_request_is_looked_at_again(place):
    answered({**connect_request(), place: nested(50_000)})


def answered(request):
    """Hand a request to the handler and check its answer."""
    client = AsyncConnectClient("ApiKey SU-1:1", endpoint=ENDPOINT)
    application = Application(client, logging.getLogger("hostile"), VARIABLES)
    response = asyncio.run(application.handle_asset_cancel_request(request))
    assert response.status == "reschedule"
    assert 30 <= response.countdown <= 1800
    assert len(response.output or "") <= MAX_OUTPUT_CHARACTERS


class ClientThatAnswers:
    """The part of the official client that ``ConnectClient`` calls."""

    def __init__(self, answers):
        self._answers, self._calls = answers, 0
        self.response = httpx.Response(200)

    async def execute(self, _method, _path, **_arguments):
        answer, self.response = self._answers[self._calls % len(self._answers)]
        self._calls += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


errors = st.builds(
    ClientError,
    message=st.none() | texts,
    status_code=st.sampled_from([None, 0, 200, 302, 400, 401, 404, 409, 429, 500, 503, 999]),
    error_code=values,
    errors=values,
)
broken = st.sampled_from(
    [ValueError("x"), TypeError("x"), AttributeError("x"), RecursionError("x"), b"<html>"]
)


messages = st.lists(
    st.fixed_dictionaries(
        {"type": st.just("private"), "account": st.just({"id": "VA-1"}), "text": texts},
        optional={"created": texts | numbers, "events": values},
    ),
    max_size=2,
)
heads = st.dictionaries(
    st.sampled_from(["Date", "Content-Range"]),
    st.sampled_from(["", "items 0-0/9", "items */-1", "/9" * 99, "Mon, 99 Foo 0000 99:99:99 GMT"]),
).map(lambda head: httpx.Response(200, headers=head))
answers = st.tuples(values | messages | errors | broken, heads)


@given(st.lists(answers, min_size=1, max_size=4), st.sampled_from(["", "VA-1"]))
def test_an_answer_from_connect_causes_at_most_a_wait(answers, own_account):
    state = AccountState(AccountKey(ENDPOINT, Secret("ApiKey SU-1:1")), id=own_account)
    connect = ConnectApi(ConnectClient(ClientThatAnswers(answers), pauses=(0.0,)), state)

    async def use():
        for call in (
            connect.status("PR-1-2"),
            connect.approve("PR-1-2", "PRD-1-2", "TL-1-2-3", None),
            connect.approve("PR-1-2", "PRD-1-2", "TL-1-2-3", NOW),
            connect.reject("PR-1-2", "No."),
            connect.approval_template("PRD-1-2", "TL-1-2-3"),
            connect.has_approved_cancellation("PRD-1-2"),
            connect.conversation.keep("PR-1-2", "A note."),
            connect.conversation.leave("PR-1-2", "A note."),
            connect.conversation.private_notes("PR-1-2"),
        ):
            with suppress(Later):
                found = await call
                assert not isinstance(found, Notes) or found.now.tzinfo

    asyncio.run(use())


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"[" + b"0," * MAX_ANSWER_PARTS + b"0]", {}),
        (b'"' + b"x" * MAX_ANSWER_BYTES + b'"', {}),
        (gzip.compress(b"{}"), {"Content-Encoding": "gzip"}),
    ],
    ids=["parts", "bytes", "compressed"],
)
def test_an_answer_from_connect_that_is_too_long_is_not_read(body, headers):
    server = answering(body, headers)
    official = AsyncConnectClient("ApiKey SU-1:1", endpoint=ENDPOINT)
    client = ConnectClient(QuietClient(official, Session(server)), pauses=())
    with pytest.raises(NotDone, match="reading the request"):
        asyncio.run(client.call("get", "requests/PR-1-2", "reading the request"))


@given(texts | numbers)
def test_the_age_of_a_request_is_a_number_of_seconds(created):
    age = cancel_request(created=created).age_seconds(NOW)
    assert age >= 0
