"""A vendor that stores its first answer for an idempotency key, and plays against it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aiohttp import web

from tests.http.servers import web_server
from tests.in_process import Extension, running_extension


@dataclass
class Storing(ABC):
    """Answers each key once; refuses another body with the same key with 422."""

    subscriptions: dict[str, dict[str, object]] = field(default_factory=dict)
    answers: list[tuple[str, int]] = field(default_factory=list)
    """The ids of the subscriptions in cancellations, with the statuses of the answers."""
    _stored: dict[str, tuple[bytes, int, dict[str, object]]] = field(default_factory=dict)

    @abstractmethod
    def done(self, subscription_id: str, request: web.BaseRequest) -> tuple[int, dict[str, object]]:
        """Carry out a cancellation with a new key; returns the answer's status and body."""

    def shown(self, subscription_id: str) -> dict[str, object]:
        """The subscription in the answer to a look."""
        return self.subscriptions[subscription_id]

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        subscription_id = request.path.split("/")[2]
        if request.method == "GET":
            return web.json_response(self.shown(subscription_id))
        key, body = request.headers["Idempotency-Key"], await request.read()
        if key not in self._stored:
            self._stored[key] = (body, *self.done(subscription_id, request))
        first, status, said = self._stored[key]
        if body != first:
            status, said = 422, {"message": "This key was used with another body."}
        self.answers.append((subscription_id, status))
        return web.json_response(said, status=status)

    def statuses(self, subscription_id: str) -> list[int]:
        """The statuses of the answers about one subscription."""
        return [status for found, status in self.answers if found == subscription_id]


Vendor = TypeVar("Vendor", bound=Storing)


@dataclass
class World(Generic[Vendor]):
    """The extension and that vendor."""

    extension: Extension
    vendor: Vendor

    def requested(self, subscription_id: str, **members: object) -> str:
        """A customer cancels a subscription with these members; returns the request's id."""
        found = {"id": subscription_id, "status": "active", **members}
        self.vendor.subscriptions[subscription_id] = found
        connect = self.extension.sandbox.connect
        return connect.create_cancel_request(connect.create_subscription(subscription_id))

    async def settled(self, request_id: str) -> str:
        """The status of a request once its task is done."""
        await self.extension.settle(request_id)
        return self.extension.sandbox.connect.status(request_id)


@asynccontextmanager
async def a_world_with(vendor: Vendor, **variables: str) -> AsyncIterator[World[Vendor]]:
    """Run the extension with that vendor and these variables."""
    async with web_server(vendor) as server:
        own = {"REST_API_KEY": "t0ken-of-the-vendor", "REST_API_URL": server.url, **variables}
        async with running_extension(**own) as extension:
            yield World(extension, vendor)
