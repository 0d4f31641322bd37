"""The REST API of the local Connect: routes, authorization, errors. The rules are elsewhere."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.connect.environment import EVENT_TYPES, INSTALLATION_ID
from sandbox.connect.objects import Json
from sandbox.connect.refusals import Refusal, invalid, unauthorized, unknown
from sandbox.connect.rql import parse_query

if TYPE_CHECKING:
    from sandbox.connect.server import LocalConnect

PREFIX = "/public/v1"
PLATFORM_VERSION = "37.0.0"
CONTROL_PREFIX = "/sandbox"
# The faults of the REST API do not touch websockets, nor the sandbox's own end points.
NO_FAULTS = r"/devops/ws/|^/sandbox/"

# The filters of the official document that make sense here (facts/connect.md 2).
REQUEST_FILTERS = frozenset(
    (
        *("id", "type", "status", "created", "updated", "assignee", "contract.id"),
        *("marketplace.id", "template.id", "asset.id", "asset.external_id", "asset.status"),
        *("asset.external_uid", "asset.params.id", "asset.params.value", "asset.product.id"),
        *("asset.connection.id", "asset.connection.type", "asset.tiers.customer.id"),
        *("asset.tiers.tier1.id", "asset.tiers.tier2.id"),
    )
)
ASSET_FILTERS = frozenset(
    (
        *("id", "status", "external_id", "external_uid", "product.id", "connection.type"),
        *("params.id", "params.value"),
    )
)
TEMPLATE_FILTERS = frozenset(("id", "scope", "type", "name"))
CONVERSATION_FILTERS = frozenset(("id", "instance_id", "type", "status"))
TASK_FILTERS = frozenset(("id", "object.id", "object.type", "status", "assignee"))
NO_FILTERS = frozenset(("id",))

Render = Callable[[Json], Json]


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A refusal becomes the platform's error body; every answer names the platform's version."""
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


def collection(
    request: web.Request, by_id: Mapping[str, Json], fields: frozenset[str]
) -> web.Response:
    """The page of a collection that the query asks for, with its `Content-Range`."""
    query = parse_query(request.rel_url.raw_query_string, fields)
    found = query.matching(by_id)
    page = query.page(found)
    first = query.offset if page else 0
    last = first + max(len(page) - 1, 0)
    return web.json_response(page, headers={"Content-Range": f"items {first}-{last}/{len(found)}"})


async def body_of(request: web.Request) -> Json:
    """A call's JSON object; no body at all is an empty one."""
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


class Api:
    """The handlers; each looks up what it needs in the local Connect."""

    def __init__(self, connect: LocalConnect) -> None:
        self._connect = connect

    def routes(self) -> list[web.RouteDef]:
        """Every route, below `/public/v1`."""
        devops = "/devops/services/{service_id}/environments/{environment_id}"
        routes = [
            web.get("/requests", self.list_requests),
            web.post("/requests", self.create_request),
            web.get("/requests/{id}", self.get_request),
            web.post("/requests/{id}/{action}", self.act_on_request),
            web.get("/assets", self.list_assets),
            web.get("/assets/{id}", self.get_asset),
            web.get("/assets/{id}/requests", self.list_asset_requests),
            web.get("/products/{id}/templates", self.list_templates),
            web.get("/conversations", self.list_conversations),
            web.get("/conversations/{id}", self.get_conversation),
            web.get("/conversations/{id}/messages", self.list_messages),
            web.post("/conversations/{id}/messages", self.create_message),
            web.get("/accounts", self.list_accounts),
            web.get("/devops/event-definitions", self.list_event_definitions),
            web.get("/devops/services/{service_id}/installations/{id}", self.get_installation),
            web.get("/devops/installations/{id}", self.get_installation),
            web.get(devops, self.get_environment),
            web.put(devops, self.update_environment),
            web.get(f"{devops}/variables", self.list_variables),
            web.post(f"{devops}/variables", self.create_variable),
            web.put(f"{devops}/variables/{{id}}", self.update_variable),
            web.get(f"{devops}/tasks", self.list_tasks),
            web.get(f"{devops}/tasks/{{id}}", self.get_task),
            web.post(f"{devops}/tasks/{{id}}/resubmit", self.resubmit_task),
            web.get("/devops/ws/{environment_id}/{instance_id}", self.websocket),
            web.get("/devops/ws/{environment_id}/{instance_id}/{app}", self.websocket),
        ]
        return [web.route(r.method, PREFIX + r.path, self._guarded(r.handler)) for r in routes]

    def control_routes(self) -> list[web.RouteDef]:
        """What another process may ask of the sandbox itself."""
        path = f"{CONTROL_PREFIX}/subscriptions"
        return [web.post(path, self._guarded(self.new_subscription))]

    def _guarded(self, handler: Any) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            environment = self._connect.environment
            self._account(request)
            asked = request.match_info
            if asked.get("environment_id", environment.id) != environment.id:
                raise Refusal(403, "AUTH_002", "This key has no access to the environment.")
            if asked.get("service_id", environment.service_id) != environment.service_id:
                raise unknown(asked["service_id"])
            work: Awaitable[web.StreamResponse] = handler(request)
            return await work

        return guarded

    def _account(self, request: web.Request) -> Json:
        account = self._connect.environment.account_of(request.headers.get("Authorization"))
        if account is None:
            raise unauthorized()
        return account

    def _visible(self, request: web.Request, by_id: Mapping[str, Json]) -> Mapping[str, Json]:
        sees = self._connect.environment.sees_requests(self._account(request))
        return by_id if sees else {}

    def _found(self, request: web.Request, by_id: Mapping[str, Json]) -> Json:
        object_id = request.match_info["id"]
        visible = self._visible(request, by_id)
        if object_id not in visible:
            raise unknown(object_id)
        return visible[object_id]

    async def list_requests(self, request: web.Request) -> web.StreamResponse:
        """GET /requests"""
        by_id = self._visible(request, self._connect.requests.by_id)
        return collection(request, by_id, REQUEST_FILTERS)

    async def create_request(self, request: web.Request) -> web.StreamResponse:
        """POST /requests"""
        body = await body_of(request)
        if body.get("type") != "cancel":
            raise invalid(f'type: "{body.get("type")}" is not a valid choice.')
        asset = body.get("asset")
        if not isinstance(asset, dict) or not isinstance(asset.get("id"), str):
            raise invalid("asset: This field is required.")
        created = self._connect.requests.create(asset["id"])
        return web.json_response(created, status=201)

    async def get_request(self, request: web.Request) -> web.StreamResponse:
        """GET /requests/{id}"""
        return web.json_response(self._found(request, self._connect.requests.by_id))

    async def act_on_request(self, request: web.Request) -> web.StreamResponse:
        """POST /requests/{id}/{approve, fail, schedule, revoke, confirm, assign}"""
        requests = self._connect.requests
        found = self._found(request, requests.by_id)
        body = await body_of(request)
        actions: dict[str, Callable[[str, Json], Json]] = {
            "approve": requests.approve,
            "fail": requests.fail,
            "schedule": requests.schedule,
            "revoke": requests.revoke,
            "confirm": lambda request_id, _: requests.confirm(request_id),
            "assign": requests.assign,
        }
        action = actions.get(request.match_info["action"])
        if action is None:
            raise unknown(request.match_info["action"])
        return web.json_response(action(found["id"], body))

    async def list_assets(self, request: web.Request) -> web.StreamResponse:
        """GET /assets"""
        assets = self._visible(request, self._connect.catalogue.assets)
        shown = {asset_id: self._asset(asset) for asset_id, asset in assets.items()}
        return collection(request, shown, ASSET_FILTERS)

    async def get_asset(self, request: web.Request) -> web.StreamResponse:
        """GET /assets/{id}"""
        return web.json_response(self._asset(self._found(request, self._connect.catalogue.assets)))

    async def list_asset_requests(self, request: web.Request) -> web.StreamResponse:
        """GET /assets/{id}/requests"""
        asset = self._found(request, self._connect.catalogue.assets)
        fields = ("id", "type", "status", "events", "assignee")
        chain = self._connect.requests.of_asset(asset["id"])
        shown = {each["id"]: {field: each[field] for field in fields} for each in chain}
        return collection(request, shown, REQUEST_FILTERS)

    def _asset(self, asset: Json) -> Json:
        pending = self._connect.requests.pending_of(asset["id"])
        if pending is None:
            return asset
        fields = ("id", "type", "status", "template")
        return {**asset, "pending_request": {field: pending[field] for field in fields}}

    async def list_templates(self, request: web.Request) -> web.StreamResponse:
        """GET /products/{id}/templates"""
        product = self._found(request, self._connect.catalogue.products)
        templates = self._connect.catalogue.templates[product["id"]]
        return collection(request, {each["id"]: each for each in templates}, TEMPLATE_FILTERS)

    async def list_conversations(self, request: web.Request) -> web.StreamResponse:
        """GET /conversations"""
        by_id = self._visible(request, self._connect.conversations.by_id)
        return collection(request, by_id, CONVERSATION_FILTERS)

    async def get_conversation(self, request: web.Request) -> web.StreamResponse:
        """GET /conversations/{id or instance id}"""
        return web.json_response(self._conversation(request))

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        """GET /conversations/{id or instance id}/messages"""
        self._conversation(request)
        messages = self._connect.conversations.messages_of(request.match_info["id"])
        return collection(request, {each["id"]: each for each in messages}, NO_FILTERS)

    async def create_message(self, request: web.Request) -> web.StreamResponse:
        """POST /conversations/{id or instance id}/messages"""
        self._conversation(request)
        message = self._connect.conversations.post(
            request.match_info["id"], await body_of(request), self._account(request)
        )
        self._connect.journal.record("note", request.match_info["id"], message["type"])
        return web.json_response(message, status=201)

    def _conversation(self, request: web.Request) -> Json:
        if not self._connect.environment.sees_requests(self._account(request)):
            raise unknown(request.match_info["id"])
        return self._connect.conversations.get(request.match_info["id"])

    async def list_accounts(self, request: web.Request) -> web.StreamResponse:
        """GET /accounts"""
        account = self._account(request)
        shown = {account["id"]: {**account, "type": "vendor", "role": "vendor"}}
        return collection(request, shown, NO_FILTERS)

    async def list_event_definitions(self, request: web.Request) -> web.StreamResponse:
        """GET /devops/event-definitions"""
        return collection(request, {str(each["id"]): each for each in EVENT_TYPES}, NO_FILTERS)

    async def get_installation(self, request: web.Request) -> web.StreamResponse:
        """GET an installation, by either of its paths"""
        environment = self._connect.environment
        if not environment.multi_account or request.match_info["id"] != INSTALLATION_ID:
            raise unknown(request.match_info["id"])
        return web.json_response(environment.installation())

    async def get_environment(self, _: web.Request) -> web.StreamResponse:
        """GET the environment"""
        return web.json_response(self._connect.environment.json())

    async def update_environment(self, request: web.Request) -> web.StreamResponse:
        """PUT the environment, as a runner does after a worker's death"""
        body = await body_of(request)
        self._connect.environment.error_output = str(body.get("error_output", ""))
        return web.json_response(self._connect.environment.json())

    async def list_variables(self, request: web.Request) -> web.StreamResponse:
        """GET .../variables"""
        shown = {each.id: each.json() for each in self._connect.environment.variables.values()}
        return collection(request, shown, NO_FILTERS | {"name"})

    async def create_variable(self, request: web.Request) -> web.StreamResponse:
        """POST .../variables"""
        body = await body_of(request)
        name = body.get("name")
        if not isinstance(name, str) or name in self._connect.environment.variables:
            raise invalid("name: A new name is required.")
        variable = self._connect.set_variable(
            name, body.get("value", ""), secure=bool(body.get("secure"))
        )
        return web.json_response(variable.json(), status=201)

    async def update_variable(self, request: web.Request) -> web.StreamResponse:
        """PUT .../variables/{id or name}"""
        body = await body_of(request)
        variable = self._connect.environment.variable(request.match_info["id"])
        if "value" not in body:
            raise invalid("value: This field is required.")
        self._connect.set_variable(variable.name, body["value"], secure=body.get("secure"))
        return web.json_response(variable.json())

    async def list_tasks(self, request: web.Request) -> web.StreamResponse:
        """GET .../tasks"""
        environment = self._connect.environment
        tasks = self._connect.tasks.by_id
        shown = {task_id: environment.task(task) for task_id, task in tasks.items()}
        return collection(request, shown, TASK_FILTERS)

    async def get_task(self, request: web.Request) -> web.StreamResponse:
        """GET .../tasks/{id}"""
        task = self._connect.tasks.get(request.match_info["id"])
        return web.json_response(self._connect.environment.task(task))

    async def resubmit_task(self, request: web.Request) -> web.StreamResponse:
        """POST .../tasks/{id}/resubmit"""
        task = self._connect.tasks.resubmit(request.match_info["id"])
        return web.json_response(self._connect.environment.task(task))

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """GET /devops/ws/{environment}/{instance}, the runner's websocket"""
        instances = self._connect.instances
        if instances.refuse_with is not None:
            return web.Response(status=instances.refuse_with)
        return await instances.serve(request)

    async def new_subscription(self, _: web.Request) -> web.StreamResponse:
        """POST /sandbox/subscriptions: one more preview subscription, here and at the vendor"""
        asset_id = self._connect.new_preview_subscription()
        return web.json_response(self._connect.catalogue.asset(asset_id), status=201)
