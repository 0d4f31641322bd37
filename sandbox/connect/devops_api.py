"""The extension's environment: its variables, its tasks, and the runner's websocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.answers import Access, body_of, collection
from sandbox.connect.environment import EVENT_TYPES, INSTALLATION_ID
from sandbox.connect.filters import ACCOUNTS, EVENT_DEFINITIONS, TASKS, VARIABLES
from sandbox.connect.objects import Json
from sandbox.connect.refusals import invalid, unknown
from sandbox.connect.rql import Query

if TYPE_CHECKING:
    from sandbox.connect.server import LocalConnect

ENVIRONMENT = "/devops/services/{service_id}/environments/{environment_id}"


class DevopsApi:
    """The endpoints for running extensions."""

    def __init__(self, connect: LocalConnect, access: Access) -> None:
        self._connect, self._environment = connect, connect.environment
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/accounts", self.list_accounts),
            web.get("/devops/event-definitions", self.list_event_definitions),
            web.get("/devops/services/{service_id}/installations/{id}", self.get_installation),
            web.get("/devops/installations/{id}", self.get_installation),
            web.get(ENVIRONMENT, self.get_environment),
            web.put(ENVIRONMENT, self.update_environment),
            web.get(f"{ENVIRONMENT}/variables", self.list_variables),
            web.post(f"{ENVIRONMENT}/variables", self.create_variable),
            web.put(f"{ENVIRONMENT}/variables/{{id}}", self.update_variable),
            web.get(f"{ENVIRONMENT}/tasks", self.list_tasks),
            web.get(f"{ENVIRONMENT}/tasks/{{id}}", self.get_task),
            web.post(f"{ENVIRONMENT}/tasks/{{id}}/resubmit", self.resubmit_task),
            web.get("/devops/ws/{environment_id}/{instance_id}", self.websocket),
            web.get("/devops/ws/{environment_id}/{instance_id}/{app}", self.websocket),
        ]

    async def list_accounts(self, request: web.Request) -> web.StreamResponse:
        """GET /accounts"""
        account = self._access.account(request)
        shown = {account["id"]: {**account, "type": "vendor", "role": "vendor"}}
        return collection(request, shown, ACCOUNTS)

    async def list_event_definitions(self, request: web.Request) -> web.StreamResponse:
        """GET /devops/event-definitions"""
        shown = {str(each["id"]): each for each in EVENT_TYPES}
        return collection(request, shown, EVENT_DEFINITIONS)

    async def get_installation(self, request: web.Request) -> web.StreamResponse:
        """GET an installation, by either path"""
        if not self._environment.multi_account or request.match_info["id"] != INSTALLATION_ID:
            raise unknown(request.match_info["id"])
        return web.json_response(self._environment.installation())

    async def get_environment(self, _: web.Request) -> web.StreamResponse:
        """GET the environment"""
        return web.json_response(self._environment.json())

    async def update_environment(self, request: web.Request) -> web.StreamResponse:
        """PUT the environment, as a runner does after a worker's death"""
        body = await body_of(request)
        self._environment.error_output = str(body.get("error_output", ""))
        return web.json_response(self._environment.json())

    async def list_variables(self, request: web.Request) -> web.StreamResponse:
        """GET .../variables"""
        shown = {each.id: each.json() for each in self._environment.variables.values()}
        return collection(request, shown, VARIABLES)

    async def create_variable(self, request: web.Request) -> web.StreamResponse:
        """POST .../variables"""
        body = await body_of(request)
        name = body.get("name")
        if not isinstance(name, str) or name in self._environment.variables:
            raise invalid("name: A new name is required.")
        variable = self._connect.set_variable(
            name, body.get("value", ""), secure=bool(body.get("secure"))
        )
        return web.json_response(variable.json(), status=201)

    async def update_variable(self, request: web.Request) -> web.StreamResponse:
        """PUT .../variables/{id or name}"""
        body = await body_of(request)
        variable = self._environment.variable(request.match_info["id"])
        if "value" not in body:
            raise invalid("value: This field is required.")
        self._connect.set_variable(variable.name, body["value"], secure=body.get("secure"))
        return web.json_response(variable.json())

    async def list_tasks(self, request: web.Request) -> web.StreamResponse:
        """GET .../tasks"""
        self._access.must_read("tasks")
        return collection(request, self._tasks, TASKS)

    def _tasks(self, query: Query) -> dict[str, Json]:
        tasks = self._connect.tasks.candidates(query.wanted)
        return {each.id: self._environment.task(each) for each in tasks}

    async def get_task(self, request: web.Request) -> web.StreamResponse:
        """GET .../tasks/{id}"""
        self._access.must_read("tasks")
        task = self._connect.tasks.get(request.match_info["id"])
        return web.json_response(self._environment.task(task))

    async def resubmit_task(self, request: web.Request) -> web.StreamResponse:
        """POST .../tasks/{id}/resubmit"""
        task = self._connect.tasks.resubmit(request.match_info["id"])
        return web.json_response(self._environment.task(task))

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """GET /devops/ws/{environment}/{instance}, the runner's websocket"""
        instances = self._connect.instances
        if instances.refuse_with is not None:
            return web.Response(status=instances.refuse_with)
        return await instances.serve(request)
