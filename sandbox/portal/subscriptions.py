"""Subscriptions: the list, the details with their tabs, and the wizard that cancels one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.objects import Json
from sandbox.connect.refusals import invalid
from sandbox.portal.rendering import Listing, matches

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal

STATUSES = ("active", "terminating", "terminated")
TABS = {
    "parameters": "Parameters",
    "items": "Items",
    "details": "Details",
    "tiers": "Tiers",
    "fulfillment": "Fulfillment",
}


class SubscriptionPages:
    """The pages about subscriptions."""

    def __init__(self, portal: Portal) -> None:
        self._sandbox, self._page = portal.sandbox, portal.rendering.page
        self._connect = portal.sandbox.connect

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/subscriptions", self.show_all),
            web.get("/subscriptions/new", self.show_new),
            web.post("/subscriptions/new", self.create),
            web.get("/subscriptions/{id}", self.show),
            web.get("/subscriptions/{id}/cancel", self.show_wizard),
            web.post("/subscriptions/{id}/cancel", self.cancel),
        ]

    async def show_all(self, request: web.Request) -> web.StreamResponse:
        """GET /subscriptions?q=...&status=...&page=..."""
        text, status = request.query.get("q", ""), request.query.get("status", "")
        found = [
            asset
            for asset in reversed(self._connect.catalogue.assets.values())
            if status in ("", asset["status"]) and _is_about(asset, text)
        ]
        return self._page(
            request,
            "subscriptions.html",
            listing=Listing(request, found),
            statuses=STATUSES,
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /subscriptions/{id}?tab=..."""
        asset = self._asset(request)
        tab = request.query.get("tab", "")
        return self._page(
            request,
            "subscription.html",
            asset=asset,
            tabs=TABS,
            tab=tab if tab in TABS else next(iter(TABS)),
            requests=self._connect.requests.of_asset(asset["id"]),
            open_request=self._connect.requests.pending_of(asset["id"]),
        )

    async def show_wizard(self, request: web.Request) -> web.StreamResponse:
        """GET /subscriptions/{id}/cancel"""
        return self._page(request, "cancel.html", asset=self._asset(request))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """POST /subscriptions/{id}/cancel: the customer cancels"""
        request_id = self._connect.create_cancel_request(request.match_info["id"])
        raise web.HTTPSeeOther(f"/requests/{request_id}?created")

    async def show_new(self, request: web.Request) -> web.StreamResponse:
        """GET /subscriptions/new"""
        return self._page(request, "new_subscription.html")

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST /subscriptions/new: one more preview subscription, here and at the vendor"""
        form = {name: str(value).strip() for name, value in (await request.post()).items()}
        if self._sandbox.own_vendor and not form.get("vendor_id"):
            raise invalid("The vendor is your own: name a subscription that it has.")
        asset_id = self._connect.new_preview_subscription(
            {name: form[name] for name in ("vendor_id", "status") if form.get(name)}
        )
        raise web.HTTPSeeOther(f"/subscriptions/{asset_id}")

    def _asset(self, request: web.Request) -> Json:
        return self._connect.asset(request.match_info["id"])


def _is_about(asset: Json, text: str) -> bool:
    customer, product = asset["tiers"]["customer"], asset["product"]
    return matches(text, asset["id"], asset["external_id"], customer["name"], product["name"])
