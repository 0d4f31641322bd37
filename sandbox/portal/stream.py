"""Server-sent events: which things have changed, so that open pages can show them anew."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web

# Of many changes in a row a page hears at once.
GATHERING_SECONDS = 0.1
KEEP_ALIVE_SECONDS = 15.0


class Stream:
    """Tells every open page the topics that have changed.

    A topic is an object's id, or a word for a list: subscriptions, requests, vendor, variables,
    runners.
    """

    def __init__(self) -> None:
        self._pages: set[_Page] = set()

    def tell(self, *topics: str) -> None:
        """Tell that these have changed."""
        for page in self._pages:
            page.add(topics)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /events: one open page, until it is closed"""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        page = _Page()
        self._pages.add(page)
        try:
            await response.write(b": open\n\n")
            while True:
                await response.write(await page.next())
        except ConnectionResetError:
            return response
        finally:
            self._pages.discard(page)


class _Page:
    """What one open page has not been told yet."""

    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._changed = asyncio.Event()

    def add(self, topics: tuple[str, ...]) -> None:
        self._topics.update(topics)
        self._changed.set()

    async def next(self) -> bytes:
        """The next event, or a comment that keeps the connection open."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._changed.wait(), KEEP_ALIVE_SECONDS)
            await asyncio.sleep(GATHERING_SECONDS)
        topics, self._topics = sorted(self._topics), set()
        self._changed.clear()
        return f"data: {json.dumps(topics)}\n\n".encode() if topics else b": still here\n\n"
