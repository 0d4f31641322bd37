"""The local Zuora for a tenant with orders through REST, over plain HTTP."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.faults import FaultPlan, Predicate
from sandbox.http_server import HttpServer
from sandbox.zuora_orders.access import CLIENT_ID, CLIENT_SECRET, Access, Tokens
from sandbox.zuora_orders.api import Api, ApiOptions
from sandbox.zuora_orders.billing import Billing
from sandbox.zuora_orders.calls import Subjects, ZuoraOrdersCall, operation_of
from sandbox.zuora_orders.guards import Guards
from sandbox.zuora_orders.messages import Language
from sandbox.zuora_orders.ordering import OrderRules, Orders
from sandbox.zuora_orders.records import BillingDocument, Order, Subscription
from sandbox.zuora_orders.traffic import Traffic
from sandbox.zuora_orders.trouble import Places, Trouble


class LocalZuoraOrders:
    """Zuora: a tenant with subscriptions and orders, its API and a log of all calls.

    `zone`: the tenant's time zone. `language`: the language of the messages. `expires_in`: the life
    of a token in seconds. `concurrency`: how many orders may run at once. `gateway_seconds`: after
    this time, an order that `finishes_later` is answered with 504. `old_ids`: whether the id of an
    old version shows the latest version or that one. `order_metrics`: whether orders can be read.
    `shows_after_seconds`: how far reads of a subscription lag behind, by the tenant's clock.
    `tax_rate`: the tax on every amount (0.2: a fifth). The other options are those of `OrderRules`.
    Set `clock_ahead` to move the tenant's clock.
    """

    def __init__(
        self,
        *,
        zone: str = "America/Los_Angeles",
        language: Language = "en",
        expires_in: float = 3598,
        concurrency: int = 200,
        gateway_seconds: float = 120.0,
        own_numbers_unique: bool = True,
        completes: bool = True,
        order_metrics: bool = True,
        require_trigger_dates: bool = False,
        invoice_settlement: bool = True,
        old_ids: Literal["latest", "version"] = "latest",
        shows_after_seconds: float = 0.0,
        tax_rate: Decimal | float = 0,
        fault_seed: int = 0,
        port: int = 0,
    ) -> None:
        self.zone: str = zone
        self.language: Language = language
        self.gateway_seconds = gateway_seconds
        self.clock_ahead = timedelta()
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.access = Access(expires_in)
        self.billing = Billing(zone=ZoneInfo(zone), tax_rate=tax_rate)
        self.billing.now = self.now
        self.rules = OrderRules(
            own_numbers_unique, completes, require_trigger_dates, invoice_settlement
        )
        self.orders = Orders(self.billing, self.rules)
        self.options = ApiOptions(old_ids, order_metrics, shows_after_seconds)
        self.traffic = Traffic(concurrency)
        self.faults = FaultPlan(seed=fault_seed)
        self.calls: list[ZuoraOrdersCall] = []
        self._inside = FaultPlan(seed=fault_seed)
        self._late: set[asyncio.Task[web.StreamResponse]] = set()
        self._subjects = Subjects(self.billing, self.orders)
        self._guards = self._new_guards()
        self._server = HttpServer(self._application, port=port)

    @property
    def url(self) -> str:
        """The address without a path."""
        return self._server.url

    @property
    def tokens(self) -> Tokens:
        """The tokens of all clients."""
        return self.access.tokens

    @property
    def replays(self) -> int:
        """How often an answer was sent again for its Idempotency-Key."""
        return self._guards.kept.replays

    @property
    def documents(self) -> list[BillingDocument]:
        """Every invoice and credit memo that orders made."""
        return self.billing.documents

    async def start(self) -> None:
        """Serve; after a stop it comes back at the same address, with all its data."""
        await self._server.start()

    async def stop(self) -> None:
        """Close everything; connections are then refused. Late orders continue."""
        await self._server.stop()

    async def late_orders_done(self) -> None:
        """Wait until no order that `finishes_later` is under way."""
        while self._late:
            await asyncio.wait(set(self._late))

    def variables(self) -> dict[str, str]:
        """The extension's variables for this vendor, as an administrator would set them."""
        return {
            "VENDOR": "zuora",
            "ZUORA_API_URL": self.url,
            "ZUORA_CLIENT_ID": self.client_id,
            "ZUORA_CLIENT_SECRET": self.client_secret,
            "VENDOR_TIME_ZONE": self.zone,
        }

    def now(self) -> datetime:
        """The moment by the tenant's clock, in UTC."""
        return datetime.now(timezone.utc) + self.clock_ahead

    def today(self) -> date:
        """The day in the tenant's zone."""
        return self.billing.today()

    def add(self, number: str | None = None, status: str = "Active", **fields: Any) -> Subscription:
        """Add a subscription; `fields` are those of `Subscription`."""
        return self.billing.add(number, status, fields)

    def new_version(self, number: str, **fields: Any) -> Subscription:
        """Change a subscription in another way, making the ids of older versions stale."""
        return self.billing.new_version(number, **fields)

    def subscription(self, number: str) -> Subscription:
        """The latest version. Raises KeyError."""
        return self.billing.latest(number)

    def versions(self, number: str) -> list[Subscription]:
        """Every version, the oldest first. Raises KeyError."""
        return self.billing.versions(number)

    def orders_of(self, number: str) -> list[Order]:
        """A subscription's orders, oldest first, without deleted ones."""
        return self.orders.of(number)

    def cancelled_orders(self, number: str) -> list[Order]:
        """A subscription's orders that were cancelled before they took effect."""
        return [order for order in self.orders.of(number) if order.status == "Cancelled"]

    def effective_cancellations(self, number: str) -> int:
        """How many cancellations took effect, undone ones included; at most one, if all goes
        well.
        """
        return self.billing.cancellations[number]

    def undone_cancellations(self, number: str) -> int:
        """How many cancellations were taken back."""
        return self.billing.undone[number]

    def end_now(self, number: str) -> None:
        """Let a cancelled subscription end today. Raises KeyError."""
        self.billing.end_now(number)

    def invoice(self, number: str, through: date | None = None) -> BillingDocument:
        """Run billing; earlier orders can no longer be deleted."""
        return self.orders.invoice(number, through)

    def order_otherwise(self, number: str, kind: str = "TermsAndConditions") -> Order:
        """Put an order of another kind on top, so that a cancellation is not the last one."""
        return self.orders.order_otherwise(number, kind, "sandbox")

    def revert_order(self, order_number: str) -> Order:
        """Let an operator revert a completed order: the subscriptions are active again in new
        versions, and the order can no longer be deleted. Raises ZuoraError.
        """
        return self.orders.revert(order_number)

    def complete_order(self, order_number: str) -> Order:
        """Let an operator carry out a waiting order. Raises ZuoraError."""
        return self.orders.complete(order_number)

    def cancel_order(self, order_number: str) -> Order:
        """Let an operator cancel a waiting order; it never takes effect. Raises ZuoraError."""
        return self.orders.cancel(order_number)

    def delete_order(self, order_number: str) -> None:
        """Let an operator delete an order; the subscriptions are rolled back. Raises ZuoraError."""
        self.orders.delete(order_number)

    def add_client(self, name: str, secret: str = "") -> tuple[str, str]:
        """Add an OAuth client, with this secret if one is given; returns its id and its secret."""
        return self.access.add_client(name, secret)

    def remove_client(self, client_id: str) -> None:
        """Delete an OAuth client; its tokens end at once."""
        self.access.remove_client(client_id)

    def client_name_of(self, token: str) -> str | None:
        """The name of the client that received the token; the first client is `sandbox`."""
        return self.tokens.client_name(token)

    def on(self, operation: str = "*", number: str | None = None) -> Trouble:
        """Trouble for the next calls of an operation: token, subscription, order, preview, order
        by number, orders, delete order or `*` (any); with a number, only for that subscription."""
        places = Places(
            outside=self.faults,
            inside=self._inside,
            tokens=self.tokens,
            language=lambda: self.language,
            gateway_seconds=lambda: self.gateway_seconds,
            late=self._late,
        )
        return Trouble(places, self._concerning(operation, number))

    def calls_to(self, operation: str = "*", number: str | None = None) -> list[ZuoraOrdersCall]:
        """The calls of an operation (as in `on`), of one subscription if a number is given."""
        return [
            call
            for call in self.calls
            if operation in ("*", call.operation) and (number is None or number in call.numbers)
        ]

    def count(self, operation: str = "*", number: str | None = None) -> int:
        """The number of calls that `calls_to` finds."""
        return len(self.calls_to(operation, number))

    def _new_guards(self) -> Guards:
        def language() -> Language:
            return self.language

        subjects, traffic = self._subjects, self.traffic
        return Guards(self.access, subjects, traffic, now=self.now, language=language)

    def _concerning(self, operation: str, number: str | None) -> Predicate:
        def concerns(request: web.Request, body: bytes) -> bool:
            right = operation in ("*", operation_of(request)[0])
            return right and (number is None or number in self._subjects.numbers(request, body))

        return concerns

    def _application(self) -> web.Application:
        middlewares = [
            self._recording(),
            self.faults.middleware(),
            *self._guards.before_trouble(),
            self._inside.middleware(),
            self._guards.refusing(),
        ]
        application = web.Application(middlewares=middlewares)
        api = Api(self.access, self.billing, self.orders, self.options)
        application.add_routes(api.routes())
        return application

    def _recording(self) -> Middleware:
        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            body = await request.read()
            at, numbers = datetime.now(timezone.utc), self._subjects.numbers(request, body)
            status = 500
            try:
                response = await handler(request)
                status = response.status
                return response
            finally:
                self.calls.append(self._call(at, request, body, numbers, status))

        return record

    def _call(
        self,
        at: datetime,
        request: web.Request,
        body: bytes,
        numbers: tuple[str, ...],
        status: int,
    ) -> ZuoraOrdersCall:
        operation, _ = operation_of(request)
        token = request.headers.get("Authorization", "").partition(" ")[2]
        named = operation == "token" and self.access.client_named_in(body)
        return ZuoraOrdersCall(
            at=at,
            operation=operation,
            method=request.method,
            path=request.path,
            query=request.query_string,
            numbers=numbers,
            client=named or self.tokens.client_name(token),
            status=status,
            headers=dict(request.headers),
            body=body.decode("utf-8", "replace"),
        )
