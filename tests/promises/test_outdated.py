"""A vendor that stores its answers, and only changes a current subscription (HTTP 412)."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.promises.storing import Storing, World, a_world_with

VARIABLES = {
    "REST_LOOKED_UP": '{"etag": "etag", "whole": "merge(@, {status: \'cancelled\'})"}',
    "REST_CANCEL_REQUEST": "PUT /subscriptions/{subscription_id}",
    "REST_CANCEL_BODY": '"{whole}"',
    "REST_HEADERS": '{"If-Match": "{etag}"}',
}


@dataclass
class Guarding(Storing):
    """Changes a subscription only if it is still as the caller saw it."""

    changes_before: dict[str, int] = field(default_factory=dict)
    """How often somebody else changes a subscription just before a cancellation arrives."""

    def done(self, subscription_id: str, request: web.BaseRequest) -> tuple[int, dict[str, object]]:
        found = self.subscriptions[subscription_id]
        if self.changes_before.get(subscription_id):
            self.changes_before[subscription_id] -= 1
            found["etag"] = f"{found['etag']}+"
        if request.headers["If-Match"] != found["etag"]:
            return 412, {"message": "The subscription has changed."}
        found["status"] = "cancelled"
        return 200, dict(found)


def a_world(**variables: str) -> AbstractAsyncContextManager[World[Guarding]]:
    return a_world_with(Guarding(), **VARIABLES, **variables)


async def cancelled(world: World[Guarding], subscription_id: str, *, changes_before: int = 0):
    """A customer cancels; returns the request's status once its task is done."""
    world.vendor.changes_before[subscription_id] = changes_before
    return await world.settled(world.requested(subscription_id, etag="e"))


@pytest.mark.parametrize("repeatable", ["false", "true"])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_subscription_changed_meanwhile_is_cancelled_and_not_rejected(repeatable, times):
    async with a_world(REST_REPEATABLE=repeatable) as world:
        # Refusals are only believed after a product's first approved cancellation.
        assert await cancelled(world, "SUB-1") == "approved"
        assert await cancelled(world, "SUB-2", changes_before=times) == "approved"
        answers = world.vendor.statuses("SUB-2")
        # Without marks, the key's old answers only count once the vendor has refused.
        asked = answers if repeatable == "false" else [each for each in answers if each != 422]
        assert asked == [*[412] * times, 200]


async def test_no_mark_stands_once_the_vendor_has_answered_412():
    async with a_world() as world:
        world.vendor.changes_before["SUB-1"] = 1
        request_id = world.requested("SUB-1", etag="e")
        assert (await world.extension.deliver(request_id)).status == "reschedule"
        # Another instance need not wait for a cancellation that was not done.
        world.extension.begin_new_process()
        assert (await world.extension.deliver(request_id)).status == "success"
        assert world.vendor.statuses("SUB-1") == [412, 200]
