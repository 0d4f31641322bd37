"""Requests, subscriptions and templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.answers import Access, body_of
from sandbox.connect.objects import DISTRIBUTOR, Json
from sandbox.connect.refusals import forbidden, invalid, unknown

if TYPE_CHECKING:
    from sandbox.connect.server import LocalConnect

# The filters of the official document that make sense here (docs/facts.md, Connect 2).
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
# The distributor's side asks for a cancellation and withdraws it; the vendor's side decides.
OF_DISTRIBUTOR = ("revoke", "assign")


class FulfillmentApi:
    """The end points about requests and about what they concern."""

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
        requests = self._requests
        return self._access.collection(
            request, requests.by_id, REQUEST_FILTERS, requests.candidates
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
        shown = {asset_id: self._asset(each) for asset_id, each in self._catalogue.assets.items()}
        return self._access.collection(request, shown, ASSET_FILTERS)

    async def get_asset(self, request: web.Request) -> web.StreamResponse:
        """GET /assets/{id}"""
        return web.json_response(self._asset(self._access.found(request, self._catalogue.assets)))

    async def list_asset_requests(self, request: web.Request) -> web.StreamResponse:
        """GET /assets/{id}/requests"""
        asset = self._access.found(request, self._catalogue.assets)
        fields = ("id", "type", "status", "events", "assignee")
        chain = self._requests.of_asset(asset["id"])
        shown = {each["id"]: {field: each[field] for field in fields} for each in chain}
        return self._access.collection(request, shown, REQUEST_FILTERS)

    def _asset(self, asset: Json) -> Json:
        pending = self._requests.pending_of(asset["id"])
        if pending is None:
            return asset
        fields = ("id", "type", "status", "template")
        return {**asset, "pending_request": {field: pending[field] for field in fields}}

    async def list_templates(self, request: web.Request) -> web.StreamResponse:
        """GET /products/{id}/templates"""
        product = self._access.found(request, self._catalogue.products)
        templates = {each["id"]: each for each in self._catalogue.templates[product["id"]]}
        return self._access.collection(request, templates, TEMPLATE_FILTERS)
