"""The environment's schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.answers import body_of, collection
from sandbox.connect.filters import SCHEDULES as FIELDS

if TYPE_CHECKING:
    from sandbox.connect.server import LocalConnect

SCHEDULES = "/devops/services/{service_id}/environments/{environment_id}/schedules"


class ScheduleApi:
    """The endpoints for schedules."""

    def __init__(self, connect: LocalConnect) -> None:
        self._schedules = connect.schedules

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get(SCHEDULES, self.list_schedules),
            web.post(SCHEDULES, self.create_schedule),
            web.get(f"{SCHEDULES}/{{id}}", self.get_schedule),
            web.delete(f"{SCHEDULES}/{{id}}", self.delete_schedule),
            web.post(f"{SCHEDULES}/{{id}}/trigger", self.trigger_schedule),
        ]

    async def list_schedules(self, request: web.Request) -> web.StreamResponse:
        """GET .../schedules"""
        schedules = self._schedules.by_id
        shown = {each: self._schedules.json(schedule) for each, schedule in schedules.items()}
        return collection(request, shown, FIELDS)

    async def create_schedule(self, request: web.Request) -> web.StreamResponse:
        """POST .../schedules"""
        schedule = self._schedules.create(await body_of(request))
        return web.json_response(self._schedules.json(schedule), status=201)

    async def get_schedule(self, request: web.Request) -> web.StreamResponse:
        """GET .../schedules/{id}"""
        schedule = self._schedules.get(request.match_info["id"])
        return web.json_response(self._schedules.json(schedule))

    async def delete_schedule(self, request: web.Request) -> web.StreamResponse:
        """DELETE .../schedules/{id}"""
        self._schedules.delete(request.match_info["id"])
        return web.Response(status=204)

    async def trigger_schedule(self, request: web.Request) -> web.StreamResponse:
        """POST .../schedules/{id}/trigger"""
        schedule = self._schedules.trigger(request.match_info["id"])
        return web.json_response(self._schedules.json(schedule))
