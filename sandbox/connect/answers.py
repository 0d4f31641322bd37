"""The caller's account, the shapes of bodies and collections, and the platform's headers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.connect.moments import Clock
from sandbox.connect.objects import Json
from sandbox.connect.refusals import Refusal, forbidden, invalid, unauthorized, unknown
from sandbox.connect.rql import Fields, Query, parse_query

if TYPE_CHECKING:
    from sandbox.connect.server import LocalConnect

PREFIX = "/public/v1"
PLATFORM_VERSION = "37.0.0"

Objects = Mapping[str, Json] | Callable[[Query], Mapping[str, Json]]
"""All objects of a collection by their ids, or the candidates for a query."""


def dating(clock: Clock) -> Middleware:
    """Gives every answer a date by Connect's clock."""

    @web.middleware
    async def date(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not response.prepared:
            response.headers.setdefault("Date", format_datetime(clock.now(), usegmt=True))
        return response

    return date


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns refusals into the platform's error bodies; every answer names its version."""
    headers = {"Connect-Version": PLATFORM_VERSION}
    try:
        response = await handler(request)
    except Refusal as refusal:
        return web.json_response(refusal.body(), status=refusal.status, headers=headers)
    except web.HTTPException as error:
        body = Refusal(error.status, "NOT_FOUND", error.reason).body()
        return web.json_response(body, status=error.status, headers=headers)
    if not response.prepared:
        response.headers.update(headers)
    return response


def collection(request: web.Request, objects: Objects, fields: Fields) -> web.Response:
    """The requested page of a collection, with its `Content-Range`."""
    query = parse_query(request.rel_url.raw_query_string, fields)
    found = query.matching(objects(query) if callable(objects) else objects)
    page = query.page(found)
    first = query.offset if page else 0
    last = first + max(len(page) - 1, 0)
    return web.json_response(page, headers={"Content-Range": f"items {first}-{last}/{len(found)}"})


async def body_of(request: web.Request) -> Json:
    """A call's JSON object; a missing body counts as an empty one."""
    raw = await request.read()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise invalid("JSON parse error.") from error
    if not isinstance(body, dict):
        raise invalid("Invalid data. Expected a dictionary.")
    return body


class Access:
    """Finds each call's account, and the objects that it may see."""

    def __init__(self, connect: LocalConnect) -> None:
        self._environment = connect.environment
        self._unreadable = connect.unreadable

    def account(self, request: web.Request) -> Json:
        """The account that the key belongs to."""
        account = self._environment.account_of(request.headers.get("Authorization"))
        if account is None:
            raise unauthorized()
        return account

    def sees_requests(self, request: web.Request) -> bool:
        """Whether requests, subscriptions and conversations exist for this account."""
        return self._environment.sees_requests(self.account(request))

    def must_read(self, module: str) -> None:
        """Raise the platform's refusal if the token may not read these objects."""
        if module in self._unreadable:
            raise forbidden("You do not have permission to perform this action.")

    def found(self, request: web.Request, by_id: Mapping[str, Json]) -> Json:
        """The object that the path names."""
        object_id = request.match_info["id"]
        if object_id not in by_id or not self.sees_requests(request):
            raise unknown(object_id)
        return by_id[object_id]

    def collection(
        self,
        request: web.Request,
        objects: Objects,
        fields: Fields,
    ) -> web.Response:
        """Like `collection`, and empty for an account that may not see these objects."""
        return collection(request, objects if self.sees_requests(request) else {}, fields)
