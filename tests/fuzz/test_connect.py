"""Whatever Connect hands to the extension, and whatever it answers."""

import asyncio
import logging
import time
from contextlib import suppress

import httpx
import pytest
from connect.client import AsyncConnectClient, ClientError
from connect.client.fluent import _ASYNC_TRANSPORTS
from hypothesis import example, given
from hypothesis import strategies as st

from connect_ext.connect_api import ConnectApi
from connect_ext.errors import Later
from connect_ext.events import MAX_OUTPUT_CHARACTERS, CancellationApplication
from connect_ext.processing import Surroundings
from connect_ext.settings import Notes
from tests.fuzz.hostile import numbers, texts, values
from tests.unit.builders import NOW, REST_VARIABLES, cancel_request, connect_request

ENDPOINT = "https://hostile.example/public/v1"
VARIABLES = {**REST_VARIABLES, "REST_API_URL": "changeme"}


class Application(CancellationApplication):
    """One that never gets as far as its vendor, whose address is not filled in."""

    surroundings = Surroundings(now=lambda: NOW)


@pytest.fixture
def _connect():
    """Connect answers everything with an empty object: there is no conversation."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    # The official client keeps one transport for each end point.
    _ASYNC_TRANSPORTS[ENDPOINT] = transport
    yield
    del _ASYNC_TRANSPORTS[ENDPOINT]


def nested(depth):
    """Deeper than a reader or a writer of JSON goes."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.usefixtures("_connect")
@given(values)
@example({**connect_request(), "created": "9999-12-31T23:59:59-23:59"})
@example({**connect_request(), "created": "0001-01-01T00:00:00+23:59"})
def test_the_handler_answers_to_every_request_and_never_raises(data):
    for request in (data, {**connect_request(), "asset": data}, {**connect_request(), "id": data}):
        answered(request)


@pytest.mark.usefixtures("_connect")
def test_a_request_of_megabytes_is_read_at_once():
    params = [{"id": "x", "value": f"value {number}"} for number in range(50_000)]
    tiers = {f"tier{number}": {"name": "x" * 100} for number in range(10_000)}
    request = connect_request(*params)
    request["asset"]["tiers"] = tiers
    began = time.process_time()
    answered(request)
    assert time.process_time() - began < 3


@pytest.mark.usefixtures("_connect")
@pytest.mark.parametrize("place", ["id", "asset", "status", "created", "template", "other"])
def test_a_request_that_is_nested_for_ever_is_looked_at_again(place):
    answered({**connect_request(), place: nested(50_000)})


def answered(request):
    """Hand a request to the handler, and look at its answer."""
    client = AsyncConnectClient("ApiKey SU-1:1", endpoint=ENDPOINT)
    application = Application(client, logging.getLogger("hostile"), VARIABLES)
    response = asyncio.run(application.handle_asset_cancel_request(request))
    assert response.status == "reschedule"
    assert 30 <= response.countdown <= 1800
    assert len(response.output or "") <= MAX_OUTPUT_CHARACTERS


class ClientThatAnswers:
    """The official client, as far as ``ConnectApi`` calls it."""

    endpoint = ENDPOINT

    def __init__(self, answers):
        self._answers, self._calls = answers, 0

    async def execute(self, _method, _path, **_arguments):
        answer = self._answers[self._calls % len(self._answers)]
        self._calls += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


class HostileConnect(ConnectApi):
    def __init__(self, answers):
        super().__init__(AsyncConnectClient("ApiKey SU-1:1"), pauses=(0.0,))
        self._client = ClientThatAnswers(answers)


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


@given(st.lists(values | errors | broken, min_size=1, max_size=4))
def test_whatever_connect_answers_only_a_wait_comes_out(answers):
    request = cancel_request({"id": "subscription_id", "value": "A-1"})

    async def use(connect):
        for call in (
            connect.status(request.id),
            connect.approve(request, "TL-1-2-3", None),
            connect.approve(request, "TL-1-2-3", request.created),
            connect.reject(request.id, "No."),
            connect.approval_template(request),
            connect.notes(request.id),
            connect.note(request.id, "A note.", Notes.PRIVATE),
            connect.note_once(request.id, "A note."),
        ):
            with suppress(Later):
                await call

    asyncio.run(use(HostileConnect(answers)))


@given(texts | numbers)
def test_the_age_of_a_request_is_a_number_of_seconds(created):
    age = cancel_request(created=created).age_seconds(NOW)
    assert age >= 0
