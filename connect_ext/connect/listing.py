"""Lists of a Connect account's objects, read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from connect_ext.connect.client import ConnectClient, Reply
from connect_ext.connect.object_id import is_object_id
from connect_ext.errors import NotConfigured

PAGE = 50
"""Few, because requests with all their parameters are large."""

MAX_PAGES = 2000
IDS_AT_ONCE = 50
"""How many ids one address names."""

OPEN = ("pending", "revoking", "scheduled")
CANCEL_EVENT = "asset_cancel_request_processing"
_THE_REQUESTS = "listing the cancel requests"

# The official document lets a reader leave these out (docs/facts.md, Connect 2).
_LEAN_REQUESTS = "select(-activation_key,-template,-asset.items,-asset.configuration)"
_LEAN_ASSETS = "select(-items,-configuration)"


@dataclass(frozen=True)
class Environment:
    """An environment of the extension."""

    service_id: str
    id: str

    @property
    def path(self) -> str:
        """Its path in Connect's API."""
        return f"devops/services/{self.service_id}/environments/{self.id}"


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    objects: tuple[dict[str, Any], ...]
    now: datetime
    """Connect's clock."""
    total: int
    """How many objects the list has, according to Connect."""


class Listing:
    """Reads lists; raises ``NotDone`` and ``NotConfigured``."""

    def __init__(self, client: ConnectClient) -> None:
        self._client = client

    async def request(self, request_id: str) -> dict[str, Any]:
        """A request as it is now; empty if the answer is about another one."""
        reply = await self._client.call("get", f"requests/{request_id}", "reading the request")
        shown = reply.object()
        return shown if shown.get("id") == request_id else {}

    async def newest_requests(self) -> Page:
        """One page of the newest cancel requests, newest first."""
        query = f"eq(type,cancel)&ordering(-created)&{_LEAN_REQUESTS}&limit={PAGE}&offset=0"
        return _page(await self._client.call("get", f"requests?{query}", _THE_REQUESTS), 0)

    def open_requests(self, products: Iterable[str] = ()) -> AsyncIterator[Page]:
        """The cancel requests that are not settled, oldest first."""
        of = [f"in(status,({','.join(OPEN)}))", *_of_products("asset.product.id", products)]
        return self._requests(of)

    def approved_requests(
        self, since: datetime, products: Iterable[str] = ()
    ) -> AsyncIterator[Page]:
        """The approved cancel requests that have changed since a moment."""
        moment = since.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        of = ["eq(status,approved)", f"ge(updated,{moment})"]
        return self._requests([*of, *_of_products("asset.product.id", products)])

    def _requests(self, conditions: Sequence[str]) -> AsyncIterator[Page]:
        query = f"and(eq(type,cancel),{','.join(conditions)})&ordering(created)&{_LEAN_REQUESTS}"
        return self._pages(f"requests?{query}", _THE_REQUESTS)

    def active_assets(self, products: Iterable[str], first: int = 0) -> AsyncIterator[Page]:
        """The active subscriptions of some products, from the ``first`` one on."""
        path = f"{_active_assets(products)}&ordering(created)&{_LEAN_ASSETS}"
        return self._pages(path, "listing the active subscriptions", first)

    async def number_of_active_assets(self, products: Iterable[str]) -> int:
        """How many active subscriptions these products have, according to Connect."""
        path = f"{_active_assets(products)}&limit=1&offset=0"
        reply = await self._client.call("get", path, "counting the active subscriptions")
        return reply.total or 0

    async def is_active_asset(self, asset_id: str) -> bool:
        """Whether the subscription is active now and has no open request."""
        reply = await self._client.call("get", f"assets/{asset_id}", "reading the subscription")
        shown = reply.object()
        is_it = (shown.get("id"), shown.get("status")) == (asset_id, "active")
        return is_it and not shown.get("pending_request")

    async def active_assets_with(self, product_id: str, value: str) -> list[dict[str, Any]]:
        """One page of the product's active subscriptions with this value in any parameter."""
        query = f"and(eq(status,active),eq(product.id,{product_id}),eq(params.value,{value}))"
        path = f"assets?{query}&{_LEAN_ASSETS}&limit={PAGE}&offset=0"
        reply = await self._client.call("get", path, "looking for a subscription with the same id")
        return [each for each in reply.objects() if each.get("status") == "active"]

    async def with_tasks(self, environment: Environment, ids: Sequence[str]) -> set[str]:
        """The requests among ``ids`` for which the environment has, or has had, a task.

        At most ``IDS_AT_ONCE`` ids are given.
        """
        named = ",".join(filter(is_object_id, ids))
        query = f"and(eq(object.type,{CANCEL_EVENT}),in(object.id,({named})))"
        path = f"{environment.path}/tasks?{query}"
        pages = self._pages(path, "listing the environment's tasks")
        found = {_object_id(task) async for page in pages for task in page.objects}
        return found & {*ids}

    async def _pages(self, path: str, what: str, first: int = 0) -> AsyncIterator[Page]:
        at = first
        for _ in range(MAX_PAGES):
            query = f"{path}&limit={PAGE}&offset={at}"
            page = _page(await self._client.call("get", query, what), at)
            yield page
            at += len(page.objects)
            if not page.objects or at >= page.total:
                return
        raise NotConfigured(f"There is more than can be read: {what} was stopped.")


def _page(reply: Reply, at: int) -> Page:
    objects = tuple(reply.objects())
    # Without a total, another page may follow a full one.
    total = at + len(objects) + (len(objects) == PAGE) if reply.total is None else reply.total
    return Page(objects, reply.now, total)


def _active_assets(products: Iterable[str]) -> str:
    conditions = ["eq(status,active)", *_of_products("product.id", products)]
    return f"assets?and({','.join(conditions)})"


def _of_products(field: str, products: Iterable[str]) -> list[str]:
    ids = ",".join(sorted(filter(is_object_id, products)))
    return [f"in({field},({ids}))"] if ids else []


def _object_id(task: dict[str, Any]) -> str:
    about = task.get("object")
    found = about.get("id") if isinstance(about, dict) else None
    return found if isinstance(found, str) else ""
