"""The vendor's side: its subscriptions, the calls to it, and switches for its faults."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.objects import Json
from sandbox.connect.refusals import invalid, unknown
from sandbox.portal.rendering import Listing
from sandbox.portal.switches import MOST_CHARACTERS, MOST_SECONDS
from sandbox.vendor.subscription import VendorSubscription

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal

CALLS_SHOWN = 50


class VendorPages:
    """The page about the local vendor, and what people do there."""

    def __init__(self, portal: Portal) -> None:
        self._sandbox, self._page = portal.sandbox, portal.rendering.page
        self._vendor, self._connect = portal.sandbox.vendor, portal.sandbox.connect
        self._switches, self._changed = portal.switches, portal.stream.tell

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/vendor", self.show),
            web.post("/vendor/switches/{name}", self.switch),
            web.post("/vendor/subscriptions/{id:.+}/finish", self.finish),
            web.post("/vendor/subscriptions/{id:.+}/reactivate", self.reactivate),
        ]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /vendor?page=..."""
        if self._sandbox.own_vendor:
            return self._page(request, "own_vendor.html")
        listing = Listing(request, [*reversed(self._vendor.subscriptions.values())])
        return self._page(
            request,
            "vendor.html",
            listing=listing,
            subscriptions=[each.look() for each in listing.rows],
            assets=self._assets(each.id for each in listing.rows),
            newest_request=self._newest_request,
            calls=[*islice(reversed(self._vendor.calls), CALLS_SHOWN)],
            switches=self._switches.all.values(),
            most_seconds=int(MOST_SECONDS),
            most_characters=MOST_CHARACTERS,
            tenants=self._tenants(),
        )

    async def switch(self, request: web.Request) -> web.StreamResponse:
        """POST /vendor/switches/{name}: a fault of the whole vendor begins or ends"""
        self._must_be_local()
        name, form = request.match_info["name"], await request.post()
        if form.get("to") == "on":
            await self._switches.turn_on(name, str(form.get("value", "")))
        else:
            await self._switches.turn_off(name)
        self._changed("vendor")
        raise web.HTTPSeeOther(f"/vendor#switch-{name}")

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """POST /vendor/subscriptions/{id}/finish: what takes its time is done now"""
        self._subscription(request).finish()
        self._changed("vendor")
        raise _back(request)

    async def reactivate(self, request: web.Request) -> web.StreamResponse:
        """POST /vendor/subscriptions/{id}/reactivate: somebody at the vendor makes it active"""
        self._subscription(request).reactivate()
        self._changed("vendor")
        raise _back(request)

    def _must_be_local(self) -> None:
        if self._sandbox.own_vendor:
            raise invalid("This is your own vendor; the sandbox does not control it.")

    def _subscription(self, request: web.Request) -> VendorSubscription:
        self._must_be_local()
        subscription_id = request.match_info["id"]
        if subscription_id not in self._vendor.subscriptions:
            raise unknown(subscription_id)
        return self._vendor.subscriptions[subscription_id]

    def _assets(self, subscription_ids: Iterable[str]) -> dict[str, list[Json]]:
        """Connect's subscriptions with these ids at the vendor."""
        found: dict[str, list[Json]] = {each: [] for each in subscription_ids}
        for asset in self._connect.catalogue.assets.values():
            values = {each.get("value") for each in asset["params"]}
            for value in values & found.keys():
                found[value].append(asset)
        return found

    def _newest_request(self, asset: Json) -> Json | None:
        return next(iter(self._connect.requests.of_asset(asset["id"])), None)

    def _tenants(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The subscriptions of both of Zuora's tenants: numbers and statuses."""
        soap, orders = self._sandbox.zuora.billing, self._sandbox.zuora_orders.billing
        return [
            ("zuora-soap", [(each.name, each.status) for each in soap.all_latest()]),
            ("zuora", [(each.number, each.status) for each in orders.all_latest()]),
        ]


def _back(request: web.Request) -> web.HTTPException:
    return web.HTTPSeeOther(f"/vendor#of-{request.match_info['id']}")
