"""Later cancellations, played against the local Connect and vendor."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox.vendor import LocalVendor, VendorSubscription
from tests.in_process import Extension, running_extension

CANCEL, UNDO = ("POST", "/subscriptions/.*/cancel"), ("POST", "/undo_cancellation")
SCHEDULE, CONFIRM = ("POST", "/requests/.*/schedule"), ("POST", "/requests/.*/confirm")
STATUS, APPROVE = ("GET", "/subscriptions/"), ("POST", "/requests/.*/approve")
HOUR, DAY = 3600.0, 86400.0
VARIABLES = {
    **LocalVendor().variables_for_later_ends(),
    "CANCELLATION_DATE": "end_of_term",
    "WHEN_EFFECTIVE_LATER": "schedule",
}


@asynccontextmanager
async def ending_later(**variables: str):
    """An extension that cancels at the end of the term and schedules its requests."""
    async with running_extension(**{**VARIABLES, **variables}) as extension:
        yield extension


def term_end(extension: Extension, days: int = 10) -> str:
    return (extension.sandbox.vendor.clock.today() + timedelta(days=days)).isoformat()


def cancelled(extension: Extension, **fields: Any) -> str:
    """A request to cancel a subscription with ten days left."""
    return extension.sandbox.cancel("SUB-1", **{"term_ends": term_end(extension), **fields})


async def scheduled(extension: Extension, **fields: Any) -> str:
    """Such a request, once it is scheduled."""
    request_id = cancelled(extension, **fields)
    assert (await extension.deliver(request_id)).status == "success"
    assert status(extension, request_id) == "scheduled"
    return request_id


async def revoked(extension: Extension, **fields: Any) -> str:
    """Such a request, once the customer has taken it back."""
    request_id = await scheduled(extension, **fields)
    extension.sandbox.connect.revoke(request_id)
    return request_id


def pass_seconds(extension: Extension, seconds: float) -> None:
    """Time passes for everybody, at the vendor first."""
    extension.sandbox.vendor.move_clock(timedelta(seconds=seconds))
    extension.let_pass(seconds)


async def settle(extension: Extension, request_id: str, deliveries: int = 40) -> None:
    """Deliver until the task is no longer postponed; the vendor's time passes too."""
    for _ in range(deliveries):
        response = await extension.deliver(request_id)
        if response.status != "reschedule":
            return
        pass_seconds(extension, response.countdown)
    raise AssertionError(f"{request_id} is not settled after {deliveries} deliveries")


def status(extension: Extension, request_id: str) -> str:
    return extension.sandbox.connect.status(request_id)


def subscription(extension: Extension) -> VendorSubscription:
    return extension.sandbox.vendor.subscriptions["SUB-1"].look()


def taken_back(extension: Extension, request_id: str) -> tuple[str, str, int, int]:
    """The request's status, the subscription's, the undos that took effect, and the orders."""
    found = subscription(extension)
    return status(extension, request_id), found.status, found.undone, found.orders


ONCE = ("revoked", "active", 1, 1)
"""The correct result of ``taken_back``."""


def undo_keys(extension: Extension) -> list[str]:
    """The idempotency keys of the undo calls."""
    calls = extension.sandbox.vendor.undo_calls("SUB-1")
    return [call.headers["Idempotency-Key"] for call in calls]


def notes(extension: Extension, request_id: str, tag: str = "") -> list[str]:
    """The texts of the notes with a tag of this kind, or of all notes."""
    texts = [note["text"] for note in extension.sandbox.connect.notes(request_id)]
    return [text for text in texts if f"[connect-ext {tag}" in text or not tag]


class DiesAtCall:
    """Let the process die at its n-th call, before the work or after it."""

    def __init__(self, extension: Extension, number: int, *, after_work: bool) -> None:
        self._extension, self._left, self._after_work = extension, number, after_work
        for server in (extension.sandbox.connect, extension.sandbox.vendor):
            server.faults.add("*", "", self)

    @property
    def has_died(self) -> bool:
        return self._left <= 0

    async def __call__(self, request: web.Request, work: Any) -> web.StreamResponse:
        self._left -= 1
        if self._left:
            return await work()
        if self._after_work:
            await work()
        walks = [t for t in asyncio.all_tasks() if "delivered" in repr(t.get_coro())]
        for walk in walks:
            walk.cancel()
        self._extension.begin_new_process()
        if request.transport:
            request.transport.abort()
        return web.Response(status=499)
