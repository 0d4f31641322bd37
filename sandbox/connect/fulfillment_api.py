"""Requests, subscriptions and templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.answers import Access, body_of
from sandbox.connect.filters import ASSETS, REQUESTS, TEMPLATES
from sandbox.connect.objects import DISTRIBUTOR, Json
from sandbox.connect.refusals import forbidden, invalid, unknown
from sandbox.connect.rql import Query

if TYPE_CHECKING:
    from sandbox.connect.server import LocalConnect

# The distributor's side asks for a cancellation and withdraws it; the vendor's side decides.
OF_DISTRIBUTOR = ("revoke", "assign")


class FulfillmentApi:
    """The endpoints for requests and for the objects they concern."""

    def __init__(self, connect: LocalConnect, access: Access) -> None:
        self._requests, self._catalogue = connect.requests, connect.catalogue
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/requests", self.list_requests),
            web.post("/requests", self.create_request),
            web.get("/requests/{id}", self.get_request),
            web.post("/requests/{id}/{action}", self.act_on_request),
            web.get("/assets", self.list_assets),
            web.get("/assets/{id}", self.get_asset),
            web.get("/assets/{id}/requests", self.list_asset_requests),
            web.get("/products/{id}/templates", self.list_templates),
        ]

    async def list_requests(self, request: web.Request) -> web.StreamResponse:
        """GET /requests"""
        return self._access.collection(
            request, lambda query: self._requests.candidates(query.wanted), REQUESTS
        )

    async def create_request(self, request: web.Request) -> web.StreamResponse:
        """POST /requests"""
        body = await body_of(request)
        if body.get("type") != "cancel":
            raise invalid(f'type: "{body.get("type")}" is not a valid choice.')
        asset = body.get("asset")
        if not isinstance(asset, dict) or not isinstance(asset.get("id"), str):
            raise invalid("asset: This field is required.")
        return web.json_response(self._requests.create(asset["id"]), status=201)

    async def get_request(self, request: web.Request) -> web.StreamResponse:
        """GET /requests/{id}"""
        return web.json_response(self._access.found(request, self._requests.by_id))

    async def act_on_request(self, request: web.Request) -> web.StreamResponse:
        """POST /requests/{id}/{approve, fail, schedule, revoke, confirm, assign}"""
        found = self._access.found(request, self._requests.by_id)
        body = await body_of(request)
        name = request.match_info["action"]
        action = self._actions().get(name)
        if action is None:
            raise unknown(name)
        is_partner = self._access.account(request)["id"] == DISTRIBUTOR["id"]
        if is_partner and name not in OF_DISTRIBUTOR:
            raise forbidden("You do not have permission to perform this action.")
        return web.json_response(action(found["id"], body))

    def _actions(self) -> dict[str, Callable[[str, Json], Json]]:
        requests = self._requests
        return {
            "approve": requests.approve,
            "fail": requests.fail,
            "schedule": requests.schedule,
            "revoke": requests.revoke,
            "confirm": lambda request_id, _: requests.confirm(request_id),
            "assign": requests.assign,
        }

    async def list_assets(self, request: web.Request) -> web.StreamResponse:
        """GET /assets"""
        self._access.must_read("assets")
        return self._access.collection(request, self._assets, ASSETS)

    def _assets(self, query: Query) -> Mapping[str, Json]:
        """The listed subscriptions, with their pending requests hidden unless selected."""
        fields = ["id", "type", "status"]
        if "pending_request.template" in query.selected:
            fields.append("template")
        elif "pending_request" not in query.selected:
            return self._catalogue.assets
        assets = self._catalogue.assets.items()
        return {asset_id: self._with_pending(each, fields) for asset_id, each in assets}

    async def get_asset(self, request: web.Request) -> web.StreamResponse:
        """GET /assets/{id}"""
        self._access.must_read("assets")
        asset = self._access.found(request, self._catalogue.assets)
        shown = self._with_pending(asset, ["id", "type", "status", "template"])
        return web.json_response(shown)

    async def list_asset_requests(self, request: web.Request) -> web.StreamResponse:
        """GET /assets/{id}/requests"""
        self._access.must_read("assets")
        asset = self._access.found(request, self._catalogue.assets)
        fields = ("id", "type", "status", "events", "assignee")
        chain = self._requests.of_asset(asset["id"])
        shown = {each["id"]: {field: each[field] for field in fields} for each in chain}
        return self._access.collection(request, shown, REQUESTS)

    def _with_pending(self, asset: Json, fields: list[str]) -> Json:
        pending = self._requests.pending_of(asset["id"])
        if pending is None:
            return asset
        return {**asset, "pending_request": {field: pending[field] for field in fields}}

    async def list_templates(self, request: web.Request) -> web.StreamResponse:
        """GET /products/{id}/templates"""
        product = self._access.found(request, self._catalogue.products)
        templates = {each["id"]: each for each in self._catalogue.templates[product["id"]]}
        return self._access.collection(request, templates, TEMPLATES)
