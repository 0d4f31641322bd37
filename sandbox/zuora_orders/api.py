"""The API's operations, behind their guards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from aiohttp import web

from sandbox.zuora_orders.access import Access
from sandbox.zuora_orders.billing import Billing
from sandbox.zuora_orders.calls import operation_of
from sandbox.zuora_orders.errors import Json, ZuoraError, version_of
from sandbox.zuora_orders.fields import ORDER, PREVIEW, QUERIES
from sandbox.zuora_orders.ordering import Orders
from sandbox.zuora_orders.previewing import preview
from sandbox.zuora_orders.records import Order, Subscription
from sandbox.zuora_orders.schema import check_query, day, read_body
from sandbox.zuora_orders.shown import shown_order, shown_result, shown_subscription
from sandbox.zuora_orders.trouble import ORDER_STATUS

CLIENT = web.RequestKey("client", str)


@dataclass
class ApiOptions:
    """How the tenant answers: `old_ids` decides which version an old id stands for; without Order
    Metrics, neither GET of orders works. A subscription `shows_after_seconds` an order's effect.
    """

    old_ids: Literal["latest", "version"] = "latest"
    order_metrics: bool = True
    shows_after_seconds: float = 0.0


class Api:
    """Handlers of checked calls. Refusals are raised as ZuoraError."""

    def __init__(
        self, access: Access, billing: Billing, orders: Orders, options: ApiOptions
    ) -> None:
        self.access = access
        self.billing = billing
        self.orders = orders
        self.options = options

    def routes(self) -> list[web.RouteDef]:
        """All operations; nothing else of Zuora exists here."""
        return [
            web.post("/oauth/token", self._token),
            web.get("/v1/subscriptions/{key}", self._subscription, allow_head=False),
            web.post("/v1/orders", self._order),
            web.post("/v1/orders/preview", self._preview),
            web.get("/v1/orders/subscription/{number}", self._list, allow_head=False),
            web.get("/v1/orders/{number}", self._one_order, allow_head=False),
            web.delete("/v1/orders/{number}", self._delete),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        return self.access.answer(request, await request.read())

    async def _subscription(self, request: web.Request) -> web.Response:
        _check_query(request)
        key = request.match_info["key"]
        found = self.billing.find(key)
        if found is None:
            raise ZuoraError(40, "not found", key=key)
        return self._shown(self._answered(found))

    def _answered(self, found: Subscription) -> Subscription:
        if self.options.old_ids == "version":
            return found
        if self.options.shows_after_seconds:
            return self.billing.latest_before(found.number, self.options.shows_after_seconds)
        return self.billing.latest(found.number)

    def _shown(self, base: Subscription) -> web.Response:
        metrics = self.options.order_metrics
        return web.json_response(shown_subscription(base, self.billing.zone, order_metrics=metrics))

    async def _order(self, request: web.Request) -> web.Response:
        _check_query(request)
        body = read_body(await request.read(), request.content_type, ORDER)
        status = request.get(ORDER_STATUS)
        order = self.orders.place(body, client=request[CLIENT], status=status)
        ids = request.query.get("returnIds") == "true"
        return web.json_response(shown_result(self.billing, order, version_of(request), ids=ids))

    async def _preview(self, request: web.Request) -> web.Response:
        _check_query(request)
        body = read_body(await request.read(), request.content_type, PREVIEW)
        settlement = self.orders.rules.invoice_settlement
        return web.json_response(preview(self.billing, body, invoice_settlement=settlement))

    async def _one_order(self, request: web.Request) -> web.Response:
        _check_query(request)
        self._demand_metrics()
        order = self.orders.get(request.match_info["number"])
        shown = shown_order(self.billing, order)
        return web.json_response({"success": True, "order": shown})

    async def _delete(self, request: web.Request) -> web.Response:
        _check_query(request)
        self.orders.delete(request.match_info["number"])
        return web.json_response({"success": True})

    async def _list(self, request: web.Request) -> web.Response:
        _check_query(request)
        self._demand_metrics()
        found = self._found(request)
        page, size = (int(request.query.get(n, d)) for n, d in (("page", 1), ("pageSize", 20)))
        shown = found[(page - 1) * size : page * size]
        body: Json = {"orders": [shown_order(self.billing, each) for each in shown]}
        if len(found) > page * size:
            query = {**request.query, "page": str(page + 1), "pageSize": str(size)}
            body["nextPage"] = str(request.url.with_query(query))
        return web.json_response({**body, "success": True})

    def _found(self, request: web.Request) -> list[Order]:
        number = request.match_info["number"]
        latest = self.billing.find(number)
        if latest is None or latest.number != number:
            raise ZuoraError(40, "not found", key=number)
        wanted = request.query.get("status", "all")
        return [
            order
            for order in reversed(self.orders.of(number))
            if wanted in ("all", order.status.lower()) and _within(order, request)
        ]

    def _demand_metrics(self) -> None:
        if not self.options.order_metrics:
            raise ZuoraError(10, "denied")


def _check_query(request: web.Request) -> None:
    operation, _ = operation_of(request)
    check_query(request.query, QUERIES[operation])


def _within(order: Order, request: web.Request) -> bool:
    """Whether the order's date, or the day of its last update, is in the requested range."""
    found = order.order_date
    if request.query.get("dateFilterOption") == "updatedDate" and order.updated_at is not None:
        found = order.updated_at.date()
    start = day(request.query.get("startDate", "")) or date.min
    end = day(request.query.get("endDate", "")) or date.max
    return start <= found <= end
