"""No answer stops the event loop: a heartbeat in it, while the worst ones are read."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from connect_ext.errors import CancellationError
from connect_ext.http.client import HttpClient
from connect_ext.vendors.zuora_soap import answers, envelopes
from connect_ext.vendors.zuora_soap.exchange import Operation, exchange
from tests.hostile.answers import OF_REST, OF_ZUORA, answer
from tests.hostile.heartbeat import MOST_LATE_SECONDS, Heartbeat
from tests.http.test_rest import cancellation
from tests.http.vendors import rest_vendor
from tests.http.wire import elsewhere

TRIES = 3
"""A machine may stand still as well: the best of so many is the loop's own."""

PATHS = {
    "REST_STATUS_PATH": "items[?status=='x'].status | [0] || status",
    "REST_REASON_PATH": "items[?a==`1`].status | join('', @) || message || error.message",
    "REST_BUSY_WHEN": "length(items[?contains(to_string(@), 'x')]) > `0` || contains(message, 'l')",
    "REST_END_DATE_PATH": "max(items[].a)",
    "REST_ID_PATH": "",
}


READERS = (
    ("query", answers.subscription_versions, False),
    ("query", answers.amendments, False),
    ("amend", answers.amendment_ids, True),
    ("amend", answers.preview, True),
    ("login", answers.login_result, False),
)


def saying(exchange: bytes):
    """A server that says this to whatever it is asked."""

    async def handler(reader, writer):
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(exchange)
            await writer.drain()

    return handler


async def lateness(ask, exchange: bytes) -> float:
    """The most by which a beat was late while the vendor's answer was read, at best."""
    latest = []
    with elsewhere(saying(exchange)) as url:
        for _ in range(TRIES):
            http = HttpClient(timeout_seconds=3, max_concurrency=2)
            async with Heartbeat() as heart:
                with suppress(CancellationError):
                    await asyncio.wait_for(ask(http, url), 30)
            await http.aclose()
            latest.append(heart.latest)
            if heart.latest <= MOST_LATE_SECONDS:
                break
    return min(latest)


@pytest.mark.parametrize("name", OF_REST)
@pytest.mark.parametrize("changes", [False, True], ids=["look-up", "cancellation"])
async def test_the_loop_goes_on_while_a_rest_vendors_answer_is_read(name, changes):
    async def ask(http, url):
        rest = rest_vendor(http, url, **PATHS)
        await (rest.cancel(cancellation(), None) if changes else rest.look_up(cancellation()))

    assert await lateness(ask, OF_REST[name]()) <= MOST_LATE_SECONDS


@pytest.mark.parametrize("name", OF_ZUORA)
async def test_the_loop_goes_on_while_zuoras_answer_is_read(name):
    async def ask(http, url):
        for call, read, changes in READERS:
            operation = Operation(call, envelopes.query("x"), read, changes)
            with suppress(CancellationError):
                await exchange(http, url, "a session", operation)

    body = OF_ZUORA[name]()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
    assert await lateness(ask, answer(body, head)) <= MOST_LATE_SECONDS


async def test_the_heartbeat_can_be_late():
    async with Heartbeat() as heart:
        time.sleep(0.3)  # noqa: ASYNC251 - to be seen
    assert heart.latest > MOST_LATE_SECONDS
