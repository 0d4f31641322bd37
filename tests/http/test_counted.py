"""A piece of work's calls are counted, wherever it makes them."""

import asyncio
import time
from contextlib import suppress

import httpx
import pytest
from connect.client import AsyncConnectClient

from connect_ext.connect.client import ConnectClient, QuietClient, Session
from connect_ext.errors import Later, NotConfigured, NotDone
from connect_ext.http.bodies import MAX_ANSWER_BYTES
from connect_ext.http.client import Call
from connect_ext.http.counted import counting
from connect_ext.single_flight import SingleFlight
from tests.http.servers import Silent, raw_server, says_nothing, web_server
from tests.http.test_http_client import NAME, call, closed_port, fine
from tests.http.test_oauth import a_vendor
from tests.http.vendors import cancellation
from tests.in_process import running_extension


def connect_that_answers(status, body=b"{}"):
    """A Connect that answers every call like this, and its session; calls are repeated once."""
    head, stream = {"Content-Type": "application/json"}, httpx.ByteStream(body)
    session = Session(
        httpx.MockTransport(lambda _: httpx.Response(status, headers=head, stream=stream))
    )
    official = AsyncConnectClient("ApiKey SU-1:1", endpoint="https://connect.example/public/v1")
    return ConnectClient(QuietClient(official, session), pauses=(0,)), session


async def test_each_call_to_a_vendor_counts_once_answered_or_not(http):
    with counting() as counter:
        async with web_server(fine) as server:
            await http.send(call(server.url))
            await http.send(call(server.url))
        with pytest.raises(Later):
            await http.send(call(closed_port()))
    assert counter.calls == 3


async def test_a_token_request_counts_as_a_call(http):
    async with a_vendor("token-1", http) as (rest, _):
        with counting() as counter:
            await rest.look_up(cancellation())
    assert counter.calls == 2


async def test_a_call_that_cannot_be_formed_does_not_count(http):
    with counting() as counter, pytest.raises(NotConfigured):
        await http.send(Call(NAME, "GET", closed_port(), (("X-Tenant", "two\nlines"),)))
    assert counter.calls == 0


async def test_each_attempt_of_a_call_to_connect_counts():
    with counting() as counter:
        for status in (200, 502):
            connect, _ = connect_that_answers(status)
            with suppress(NotDone):
                await connect.call("GET", "requests", "the request")
    assert counter.calls == 3


async def test_a_client_notes_its_calls_and_how_long_the_answers_took(hasty):
    async with web_server(fine) as server, raw_server(says_nothing) as silent:
        began = time.monotonic()
        await hasty.send(call(server.url, timeout_seconds=10.0))
        took = time.monotonic() - began
        for url in (silent, closed_port()):
            with pytest.raises(Later):
                await hasty.send(call(url))
    async with raw_server(silence := Silent()) as url:
        cut = asyncio.ensure_future(hasty.send(call(url, timeout_seconds=10.0)))
        await silence.is_asked.wait()
        cut.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cut
    calls = hasty.times.taken()
    assert (calls.count, calls.unanswered) == (4, 3)
    # Times are kept to two digits.
    assert 0 < calls.percentile(100) <= 1.1 * 1000 * took


async def test_an_error_from_connect_counts_as_answered_and_an_unreadable_answer_does_not():
    sessions = []
    for body in (b"{}", b"x" * (MAX_ANSWER_BYTES + 1)):
        connect, session = connect_that_answers(502, body)
        with pytest.raises(NotDone):
            await connect.call("GET", "requests", "the request")
        sessions.append(session.times.taken())
    assert [(calls.count, calls.unanswered) for calls in sessions] == [(2, 0), (2, 2)]


async def test_calls_of_tasks_started_by_the_work_count(http):
    async with web_server(fine) as server:
        with counting() as counter:
            await asyncio.gather(*(http.send(call(server.url)) for _ in range(5)))
        await http.send(call(server.url))
    assert counter.calls == 5


async def test_concurrent_pieces_of_work_are_counted_separately(http):
    async def made(calls: int, url: str) -> int:
        with counting() as counter:
            for _ in range(calls):
                await http.send(call(url))
        return counter.calls

    async with web_server(fine) as server:
        assert await asyncio.gather(*(made(n, server.url) for n in (1, 2, 3))) == [1, 2, 3]


async def test_a_part_of_the_work_counts_for_the_whole(http):
    async with web_server(fine) as server:
        with counting() as whole:
            with counting() as part:
                await http.send(call(server.url))
            await http.send(call(server.url))
    assert (whole.calls, part.calls) == (2, 1)


async def test_work_that_others_began_counts_for_them(http):
    flights = SingleFlight()

    async def joined(url: str) -> int:
        with counting() as counter:
            await flights.run("one", lambda: http.send(call(url)))
        return counter.calls

    async with web_server(fine) as server:
        assert await asyncio.gather(joined(server.url), joined(server.url)) == [1, 0]


async def test_a_walk_counts_with_its_calls_to_both_sides():
    async with running_extension() as extension:
        connect, vendor = extension.sandbox.connect, extension.sandbox.vendor
        request_id = extension.sandbox.cancel()
        request = await extension.client().requests[request_id].get()
        connect.calls.clear()
        with counting() as counter:
            await extension.handle(request)
        assert connect.status(request_id) == "approved"
        assert counter.calls == len(connect.calls.calls) + len(vendor.calls) > 4
