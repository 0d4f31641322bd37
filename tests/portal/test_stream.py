"""Open pages are told what has changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.portal.desk import Desk

Change = Callable[[], object]


@asynccontextmanager
async def listening(desk: Desk) -> AsyncIterator[asyncio.StreamReader]:
    async with desk.session.get(f"{desk.url}/events") as response:
        assert response.content_type == "text/event-stream"
        assert await response.content.readline() == b": open\n"
        yield response.content


async def told(stream: asyncio.StreamReader) -> set[str]:
    while True:
        line = await asyncio.wait_for(stream.readline(), 20)
        if line.startswith(b"data: "):
            return set(json.loads(line.removeprefix(b"data: ")))


async def test_every_open_page_is_told_at_once_of_several_changes(desk):
    async with listening(desk) as first, listening(desk) as second:
        request_id = desk.sandbox.cancel()
        asset_id = desk.connect.request(request_id)["asset"]["id"]
        expected = {"requests", request_id, "subscriptions", asset_id, "runners"}
        assert await told(first) == expected
        assert await told(second) == expected


async def test_a_switch_and_a_variable_are_told_and_so_is_what_the_extension_says_then(desk):
    async with listening(desk) as stream:
        await desk.post("/vendor/switches/503", to="off")
        assert await told(stream) == {"vendor"}
        await desk.shows("/variables", lambda _: desk.portal.opinions.newest is not None)
    async with listening(desk) as stream:
        desk.connect.set_variable("REST_AUTH", "bearer")
        assert await told(stream) == {"variables"}
        assert await told(stream) == {"variables"}
        assert desk.portal.opinions.newest is not None


async def test_a_page_that_was_closed_is_forgotten(desk):
    async with listening(desk):
        pass
    for _ in range(100):
        desk.portal.stream.tell("vendor")
        await asyncio.sleep(0.02)
        if not desk.portal.stream._pages:
            break
    assert not desk.portal.stream._pages
