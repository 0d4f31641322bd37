"""A vendor that refuses an idempotency key with another body, which is no refusal to cancel."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.http.servers import web_server
from tests.in_process import Extension, running_extension

KEY = {"REST_API_KEY": "t0ken-of-the-vendor"}
WITH_COUNT = {
    "REST_LOOKED_UP": '{"count": "looks"}',
    "REST_CANCEL_BODY": '{"seen": "{count}"}',
}
WITH_DAY = {"REST_CANCEL_BODY": '{"on": "{effective_date}"}'}
A_DAY = 86400


@dataclass
class Storing:
    """Stores its first answer for a key, and refuses the key with another body (422)."""

    statuses: dict[str, str] = field(default_factory=dict)
    locked: int = 0
    """How many cancellations still meet a lock (409)."""
    loses: bool = False
    """Whether the next one is carried out, shown a day later, and its answer lost (504)."""
    answers: list[int] = field(default_factory=list)
    cancellations: int = 0
    looks: int = 0
    _stored: dict[str, tuple[bytes, int]] = field(default_factory=dict)

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        subscription_id = request.path.split("/")[2]
        if request.method == "GET":
            self.looks += 1
            shown = {"status": self.statuses[subscription_id], "looks": self.looks}
            return web.json_response({"id": subscription_id, **shown})
        key, body = request.headers["Idempotency-Key"], await request.read()
        if key not in self._stored:
            self._stored[key] = (body, self._done(subscription_id))
        first, status = self._stored[key]
        self.answers.append(status if first == body else 422)
        return web.json_response({"message": "No."}, status=self.answers[-1])

    def _done(self, subscription_id: str) -> int:
        if self.locked:
            self.locked -= 1
            return 409
        self.cancellations += 1
        if self.loses:
            self.loses = False
            return 504
        self.statuses[subscription_id] = "cancelled"
        return 200


@dataclass
class World:
    extension: Extension
    vendor: Storing

    def cancel(self, subscription_id: str) -> str:
        """A customer cancels; the request's id."""
        self.vendor.statuses[subscription_id] = "active"
        connect = self.extension.sandbox.connect
        return connect.create_cancel_request(connect.create_subscription(subscription_id))

    def status(self, request_id: str) -> str:
        return self.extension.sandbox.connect.status(request_id)


@asynccontextmanager
async def a_world(**variables: str) -> AsyncIterator[World]:
    vendor = Storing()
    async with web_server(vendor) as server:
        own = {**KEY, "REST_API_URL": server.url, **variables}
        async with running_extension(**own) as extension:
            world = World(extension, vendor)
            # Otherwise nothing is ever rejected.
            first = world.cancel("SUB-1")
            await extension.settle(first)
            assert world.status(first) == "approved"
            vendor.answers.clear()
            yield world


async def test_a_lock_that_is_met_several_times_does_not_spoil_the_key_for_the_next_body():
    async with a_world(**WITH_COUNT) as world:
        world.vendor.locked = 3
        request_id = world.cancel("SUB-2")
        await world.extension.settle(request_id)
        assert world.vendor.answers == [409, 409, 409, 200]
        assert world.status(request_id) == "approved"


async def test_a_repeat_on_another_day_rejects_nobody_although_the_vendor_takes_repeats():
    async with a_world(**WITH_DAY, REST_REPEATABLE="true") as world:
        world.vendor.loses = True
        request_id = world.cancel("SUB-2")
        await world.extension.deliver(request_id)
        world.extension.let_pass(A_DAY)
        await world.extension.deliver(request_id)
        assert world.status(request_id) == "pending"
        assert world.vendor.answers == [504, 422]
        world.vendor.statuses["SUB-2"] = "cancelled"
        await world.extension.settle(request_id)
        assert world.status(request_id) == "approved"
        assert world.vendor.cancellations == 2


async def test_a_request_that_is_always_the_same_still_needs_no_mark_where_repeats_are_taken():
    async with a_world(REST_REPEATABLE="true") as world:
        request_id = world.cancel("SUB-2")
        await world.extension.settle(request_id)
        notes = world.extension.sandbox.connect.notes(request_id)
        assert json.dumps(notes).count("connect-ext cancel") == 0
