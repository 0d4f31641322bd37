"""A vendor that refuses a known idempotency key with another body has not refused to cancel."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from tests.promises.storing import Storing, World, a_world_with

WITH_COUNT = {
    "REST_LOOKED_UP": '{"count": "looks"}',
    "REST_CANCEL_BODY": '{"seen": "{count}"}',
}
WITH_DAY = {"REST_CANCEL_BODY": '{"on": "{effective_date}"}'}
A_DAY = 86400


@dataclass
class Troubled(Storing):
    """Is locked for a while, or loses an answer; every look shows something different."""

    locked: int = 0
    """How many cancellations still meet a lock (409)."""
    loses: bool = False
    """Whether the next cancellation is carried out but not shown, and its answer lost (504)."""
    cancellations: int = 0
    looks: int = 0

    def shown(self, subscription_id: str) -> dict[str, object]:
        self.looks += 1
        return {**self.subscriptions[subscription_id], "looks": self.looks}

    def done(self, subscription_id: str, request: web.BaseRequest) -> tuple[int, dict[str, object]]:
        if self.locked:
            self.locked -= 1
            return 409, {"message": "No."}
        self.cancellations += 1
        if self.loses:
            self.loses = False
            return 504, {"message": "No."}
        self.subscriptions[subscription_id]["status"] = "cancelled"
        return 200, {"message": "Yes."}


@asynccontextmanager
async def a_world(**variables: str) -> AsyncIterator[World[Troubled]]:
    """A product after its first approved cancellation; before that, nothing is rejected."""
    async with a_world_with(Troubled(), **variables) as world:
        assert await world.settled(world.requested("SUB-1")) == "approved"
        yield world


async def test_repeated_locks_do_not_spoil_the_key_for_the_next_body():
    async with a_world(**WITH_COUNT) as world:
        world.vendor.locked = 3
        assert await world.settled(world.requested("SUB-2")) == "approved"
        assert world.vendor.statuses("SUB-2") == [409, 409, 409, 200]


async def test_a_repeat_on_another_day_rejects_nobody_even_if_repeats_are_allowed():
    async with a_world(**WITH_DAY, REST_REPEATABLE="true") as world:
        world.vendor.loses = True
        request_id = world.requested("SUB-2")
        await world.extension.deliver(request_id)
        world.extension.let_pass(A_DAY)
        await world.extension.deliver(request_id)
        assert world.extension.sandbox.connect.status(request_id) == "pending"
        assert world.vendor.statuses("SUB-2") == [504, 422]
        world.vendor.subscriptions["SUB-2"]["status"] = "cancelled"
        assert await world.settled(request_id) == "approved"
        assert world.vendor.cancellations == 2


async def test_a_constant_call_needs_no_mark_if_repeats_are_allowed():
    async with a_world(REST_REPEATABLE="true") as world:
        request_id = world.requested("SUB-2")
        await world.settled(request_id)
        notes = world.extension.sandbox.connect.notes(request_id)
        assert json.dumps(notes).count("connect-ext cancel") == 0
