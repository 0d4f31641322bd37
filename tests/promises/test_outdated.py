"""A vendor that stores its answers, and wants the subscription back as it is (HTTP 412)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.http.servers import web_server
from tests.in_process import Extension, running_extension

VARIABLES = {
    "REST_API_KEY": "t0ken-of-the-vendor",
    "REST_LOOKED_UP": '{"etag": "etag", "whole": "merge(@, {status: \'cancelled\'})"}',
    "REST_CANCEL_REQUEST": "PUT /subscriptions/{subscription_id}",
    "REST_CANCEL_BODY": '"{whole}"',
    "REST_HEADERS": '{"If-Match": "{etag}"}',
}


@dataclass
class Storing:
    """Answers each key once; under the same key it refuses another body with 422."""

    subscriptions: dict[str, dict[str, str]] = field(default_factory=dict)
    changes_before: dict[str, int] = field(default_factory=dict)
    """How often somebody else changes a subscription just before a cancellation arrives."""
    answers: list[tuple[str, int]] = field(default_factory=list)
    """The ids of the subscriptions that were to be cancelled, and the statuses of the answers."""
    stored: dict[str, tuple[bytes, int, dict[str, str]]] = field(default_factory=dict)

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        subscription_id = request.path.rpartition("/")[2]
        if request.method == "GET":
            return web.json_response(self.subscriptions[subscription_id])
        key, body = request.headers["Idempotency-Key"], await request.read()
        if key not in self.stored:
            self.stored[key] = (body, *self._done(subscription_id, request.headers["If-Match"]))
        first, status, said = self.stored[key]
        if body != first:
            status, said = 422, {"message": "This key was used with another body."}
        self.answers.append((subscription_id, status))
        return web.json_response(said, status=status)

    def _done(self, subscription_id: str, etag: str) -> tuple[int, dict[str, str]]:
        found = self.subscriptions[subscription_id]
        if self.changes_before.get(subscription_id):
            self.changes_before[subscription_id] -= 1
            found["etag"] += "+"
        if etag != found["etag"]:
            return 412, {"message": "The subscription has changed."}
        found["status"] = "cancelled"
        return 200, dict(found)


@dataclass
class World:
    extension: Extension
    vendor: Storing

    async def cancel(self, subscription_id: str, *, changes_before: int = 0) -> str:
        """A customer cancels; the status of the request once its task is done."""
        found = {"id": subscription_id, "status": "active", "etag": "e"}
        self.vendor.subscriptions[subscription_id] = found
        self.vendor.changes_before[subscription_id] = changes_before
        connect = self.extension.sandbox.connect
        request_id = connect.create_cancel_request(connect.create_subscription(subscription_id))
        await self.extension.settle(request_id)
        return connect.status(request_id)


@asynccontextmanager
async def a_world(**variables: str) -> AsyncIterator[World]:
    vendor = Storing()
    async with web_server(vendor) as server:
        own = {**VARIABLES, "REST_API_URL": server.url, **variables}
        async with running_extension(**own) as extension:
            yield World(extension, vendor)


@pytest.mark.parametrize("repeatable", ["false", "true"])
@pytest.mark.parametrize("times", [1, 3])
async def test_what_somebody_else_changes_meanwhile_is_cancelled_and_not_rejected(
    repeatable, times
):
    async with a_world(REST_REPEATABLE=repeatable) as world:
        # Refusals are believed of a product that has had its first cancellation.
        assert await world.cancel("SUB-1") == "approved"
        assert await world.cancel("SUB-2", changes_before=times) == "approved"
        answers = [status for found, status in world.vendor.answers if found == "SUB-2"]
        # Without marks the key's old answers are only counted once the vendor has refused.
        asked = answers if repeatable == "false" else [each for each in answers if each != 422]
        assert asked == [*[412] * times, 200]


async def test_no_mark_stands_once_the_vendor_has_answered_412():
    async with a_world() as world:
        connect = world.extension.sandbox.connect
        world.vendor.subscriptions["SUB-1"] = {"status": "active", "etag": "e"}
        world.vendor.changes_before["SUB-1"] = 1
        request_id = connect.create_cancel_request(connect.create_subscription("SUB-1"))
        assert (await world.extension.deliver(request_id)).status == "reschedule"
        # Another instance need not wait for the result of what was not done.
        world.extension.begin_new_process()
        assert (await world.extension.deliver(request_id)).status == "success"
        assert [status for _, status in world.vendor.answers] == [412, 200]
