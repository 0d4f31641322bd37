"""The runner's instances on a page, to start and to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.refusals import invalid, unknown
from sandbox.portal.instances import Instances
from sandbox.runner import Runner

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal

ACTS = {"stop": Instances.stop, "kill": Instances.kill, "kill-worker": Instances.kill_worker}


class RunnerPages:
    """The page about the instances, and what people do with them."""

    def __init__(self, portal: Portal) -> None:
        self._sandbox, self._page = portal.sandbox, portal.rendering.page
        self._instances, self._logs = portal.instances, portal.logs

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/runners", self.show),
            web.post("/runners", self.start),
            web.post("/runners/{id}/{act}", self.act),
        ]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /runners"""
        return self._page(
            request,
            "runners.html",
            runners=[*reversed(self._sandbox.runners)],
            instances=self._instances,
            newest_entries=self._logs.newest,
        )

    async def start(self, _: web.Request) -> web.StreamResponse:
        """POST /runners: start one more"""
        self._instances.start()
        raise web.HTTPSeeOther("/runners")

    async def act(self, request: web.Request) -> web.StreamResponse:
        """POST /runners/{id}/{stop, kill or kill-worker}"""
        runner, name = self._runner(request), request.match_info["act"]
        if name not in ACTS:
            raise web.HTTPNotFound
        if not runner.running:
            raise invalid(f"{runner.instance_id} is not running.")
        ACTS[name](self._instances, runner)
        raise web.HTTPSeeOther(f"/runners#{runner.instance_id}")

    def _runner(self, request: web.Request) -> Runner:
        instance_id = request.match_info["id"]
        for runner in self._sandbox.runners:
            if runner.instance_id == instance_id:
                return runner
        raise unknown(instance_id)
