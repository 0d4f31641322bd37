"""The soak's Zuora with orders: its behaviour, its operator, and how time passes there."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from aiohttp import web

from sandbox import Sandbox
from sandbox.connect.tasks import Task, TaskStatus
from sandbox.zuora_orders import LocalZuoraOrders
from tools.soak_troubles import Variant

PRODUCT_ID = "PRD-444-000-001"
TOKEN_SECONDS = 30.0
OPERATOR_SECONDS = 1.0
# Zuora may work for minutes on an order whose answer was lost, so each such attempt blocks the next
# for about nine. The soak does not wait that long: once nothing has happened to a request for much
# longer than any walk takes, and there is no order, its notes are made that much older.
QUIET_SECONDS = 40.0
TIME_TO_SETTLE = timedelta(minutes=15)
REQUEST = re.compile(rb'"orderNumber": ?"CONNECT-(PR(?:-\d{4}){3}-\d{3})')


def _later(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).finishes_later(3.0, gateway_seconds=0.3)


def _locked(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).locked()


def _pending(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).comes_back("Pending")


def _signed_out(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).token_refused()


TROUBLES: dict[str, Callable[[LocalZuoraOrders, str], None]] = {
    "Zuora, finished after its gateway gave up": _later,
    "Zuora, locked once": _locked,
    "Zuora, left pending": _pending,
    "Zuora, its token ended": _signed_out,
}
ORDERED = (
    Variant("Zuora, at once", 10),
    Variant("Zuora, finished after its gateway gave up", 10),
    Variant("Zuora, locked once", 5),
    Variant("Zuora, left pending", 5),
    Variant("Zuora, its token ended", 3),
    Variant("Zuora, cancelled before", 2, {"status": "Cancelled"}, orders=0),
    Variant("Zuora, a draft", 2, {"status": "Draft"}, status="failed", orders=0),
)


class Tenant:
    """A Zuora with orders, and the people who work there."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.zuora, self._connect = sandbox.zuora_orders, sandbox.connect
        self.zuora.tokens.expires_in = TOKEN_SECONDS
        self._passed: dict[str, float] = defaultdict(float)
        self._connect.create_product("Sold by Zuora", PRODUCT_ID)
        for name, value in self.zuora.variables().items():
            if name != "VENDOR":
                self._connect.set_variable(name, value)
        self._connect.set_variable(
            "PRODUCT_OVERRIDES", f'{{"{PRODUCT_ID}": {{"VENDOR": "zuora"}}}}'
        )

    def add(self, variant: Variant) -> str:
        """Add a subscription with the variant's behaviour; return its number."""
        number = self.zuora.add(**variant.fields).number
        trouble = TROUBLES.get(variant.name)
        if trouble:
            trouble(self.zuora, number)
        return number

    def see_to(self, task: Task, number: str) -> bool:
        """As an operator, finish an order that Zuora left pending, and retry the held request.

        False if there is nothing to finish.
        """
        waiting = [each for each in self.zuora.orders_of(number) if each.status == "Pending"]
        if task.status is not TaskStatus.FAILED or not waiting:
            return False
        for order in waiting:
            self.zuora.complete_order(order.number)
        loop = asyncio.get_running_loop()
        loop.call_later(OPERATOR_SECONDS, self._connect.tasks.resubmit, task.id)
        return True

    def let_time_pass(self, requests: Iterable[tuple[str, str]]) -> None:
        """Make it much later for requests, each with its number, for which nothing happens.

        Their marks stand, and neither Zuora nor a walk is working on them.
        """
        for request_id, number in requests:
            is_under_way = number in self.zuora.traffic.locked or self.zuora.orders_of(number)
            if not is_under_way and self._is_quiet(request_id):
                self._passed[request_id] = time.monotonic()
                self._connect.conversations.backdate(request_id, TIME_TO_SETTLE)

    def _is_quiet(self, request_id: str) -> bool:
        notes = self._connect.notes(request_id)
        if not notes or time.monotonic() - self._passed[request_id] < QUIET_SECONDS:
            return False
        last = max(datetime.fromisoformat(note["created"]) for note in notes)
        return self._connect.clock.now() - last > timedelta(seconds=QUIET_SECONDS)

    def request_ordered(self, _: web.Request, body: bytes) -> str:
        """Find the request of an order."""
        found = REQUEST.search(body)
        return found[1].decode() if found else ""

    def secrets(self) -> dict[str, str]:
        """Every secret that the runners had, by its description."""
        tokens = {f"token {n} of Zuora's": each for n, each in enumerate(self.zuora.tokens.all)}
        return {"ZUORA_CLIENT_SECRET": self.zuora.client_secret, **tokens}
