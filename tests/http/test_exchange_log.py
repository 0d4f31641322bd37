"""The debug log's line for each exchange with a vendor, which says no more than it should."""

import asyncio
import logging
import re

import pytest

from connect_ext.errors import Later, NotConfigured
from connect_ext.http.budget import Budget, spending
from connect_ext.http.client import Call
from tests.http.servers import Silent, raw_server, says_nothing, web_server
from tests.http.test_http_client import NAME, call, closed_port, fine
from tests.http.test_oauth import a_vendor
from tests.http.vendors import cancellation

REQUEST = "PR-3071-1051-2166-004"


@pytest.fixture
def lines(caplog):
    """The exchanges' lines so far, each with its time as `ms=N`."""
    # The level in the portal sets the extension's own logger.
    caplog.set_level(logging.DEBUG, "eaas.eventsapp")

    def found():
        records = [r for r in caplog.records if r.name == "eaas.eventsapp.vendor"]
        assert {record.levelname for record in records} <= {"DEBUG"}
        return [re.sub(r"ms=\d+:", "ms=N:", record.getMessage()) for record in records]

    return found


async def test_an_answer_is_one_line_with_its_request_and_its_status(http, lines):
    ends_at = asyncio.get_running_loop().time() + 60
    async with web_server(fine) as server:
        with spending(Budget(ends_at, "A-1", REQUEST)):
            await http.send(call(server.url))
        await http.send(call(server.url))
    assert lines() == [f"{each} method=POST http=200 ms=N: {NAME}" for each in (REQUEST, "-")]


async def test_an_exchange_without_an_answer_gives_the_errors_reason(hasty, lines):
    why = []
    async with raw_server(says_nothing) as silent:
        for url in (silent, closed_port()):
            with pytest.raises(Later) as caught:
                await hasty.send(call(url))
            why.append(caught.value.message)
    assert lines() == [f"- method=POST http=- ms=N: {message}" for message in why]
    assert "gave no answer within 0.5 s" in why[0]


async def test_an_interrupted_exchange_is_a_line_too(http, lines):
    async with raw_server(silence := Silent()) as url:
        sending = asyncio.ensure_future(http.send(call(url)))
        await silence.is_asked.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
    assert lines() == [f"- method=POST http=- ms=N: {NAME} was cut short (CancelledError)"]


async def test_the_token_request_has_its_own_line(http, lines):
    async with a_vendor("token-1", http) as (rest, _):
        await rest.look_up(cancellation())
    assert lines() == [
        "- method=POST http=200 ms=N: the token request (REST_OAUTH_TOKEN_URL)",
        "- method=GET http=200 ms=N: the status request (REST_STATUS_REQUEST)",
    ]


async def test_nothing_is_logged_for_unsent_calls_or_at_another_level(http, lines, caplog):
    with pytest.raises(NotConfigured):
        await http.send(Call(NAME, "GET", closed_port(), (("X-Tenant", "two\nlines"),)))
    caplog.set_level(logging.INFO, "eaas.eventsapp")
    async with web_server(fine) as server:
        await http.send(call(server.url))
    assert lines() == []
