"""The REST API of the local Connect: routes, authorization, errors. The rules are elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.connect.answers import PREFIX, Access, body_of
from sandbox.connect.conversation_api import ConversationApi
from sandbox.connect.devops_api import DevopsApi
from sandbox.connect.fulfillment_api import FulfillmentApi
from sandbox.connect.objects import DISTRIBUTOR
from sandbox.connect.refusals import forbidden, invalid, unknown
from sandbox.connect.schedule_api import ScheduleApi

if TYPE_CHECKING:
    from sandbox.connect.server import LocalConnect

CONTROL_PREFIX = "/sandbox"
# Faults of the REST API affect neither websockets nor the sandbox's own endpoints.
NO_FAULTS = r"/devops/ws/|^/sandbox/"
MOST_HOURS = 365 * 24


class Api:
    """All endpoints, behind the guard."""

    def __init__(self, connect: LocalConnect) -> None:
        self._connect = connect
        self._access = Access(connect)

    def routes(self) -> list[web.RouteDef]:
        """Every route below `/public/v1`."""
        routes = [
            *FulfillmentApi(self._connect, self._access).routes(),
            *ConversationApi(self._connect, self._access).routes(),
            *DevopsApi(self._connect, self._access).routes(),
            *ScheduleApi(self._connect).routes(),
        ]
        return [web.route(r.method, PREFIX + r.path, self._guarded(r.handler)) for r in routes]

    def control_routes(self) -> list[web.RouteDef]:
        """The endpoints through which another process controls the sandbox itself."""
        return [
            web.post(f"{CONTROL_PREFIX}/subscriptions", self._guarded(self.new_subscription)),
            web.post(f"{CONTROL_PREFIX}/requests/{{id}}/forward", self._guarded(self.forward)),
            web.post(f"{CONTROL_PREFIX}/requests/{{id}}/forget", self._guarded(self.forget)),
        ]

    def _guarded(self, handler: Any) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            environment = self._connect.environment
            account, asked = self._access.account(request), request.match_info
            is_partner = account["id"] == DISTRIBUTOR["id"]
            if "/devops/" in request.path and is_partner:
                raise forbidden("This key has no access to the extension.")
            if asked.get("environment_id", environment.id) != environment.id:
                raise forbidden("This key has no access to the environment.")
            if asked.get("service_id", environment.service_id) != environment.service_id:
                raise unknown(asked["service_id"])
            work: Awaitable[web.StreamResponse] = handler(request)
            return await work

        return guarded

    async def new_subscription(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/subscriptions: one more preview subscription, here and at the vendor"""
        asset_id = self._connect.new_preview_subscription(await body_of(request))
        return web.json_response(self._connect.catalogue.asset(asset_id), status=201)

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/requests/{id}/forward: bring a scheduled request's planned date to now"""
        found = self._connect.requests.bring_forward(request.match_info["id"])
        self._connect.planned_day_comes(found)
        return web.json_response(found)

    async def forget(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/requests/{id}/forget: lose the request's task, as if `hours` ago"""
        request_id = request.match_info["id"]
        hours = (await body_of(request)).get("hours", 0)
        if not isinstance(hours, int | float) or not 0 <= hours <= MOST_HOURS:
            raise invalid(f"hours: Expected a number from 0 to {MOST_HOURS}.")
        self._connect.forget(request_id)
        self._connect.backdate(request_id, timedelta(hours=hours))
        return web.json_response(self._connect.request(request_id))
