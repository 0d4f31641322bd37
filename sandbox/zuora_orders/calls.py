"""The calls to the local Zuora, with their operations and their subscriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from sandbox.zuora_orders.billing import Billing
from sandbox.zuora_orders.ordering import Orders

_OPERATIONS = (
    ("token", "POST", r"/oauth/token"),
    ("subscription", "GET", r"/v1/subscriptions/([^/]+)"),
    ("order", "POST", r"/v1/orders"),
    ("preview", "POST", r"/v1/orders/preview"),
    ("orders", "GET", r"/v1/orders/subscription/([^/]+)"),
    ("order by number", "GET", r"/v1/orders/([^/]+)"),
    ("delete order", "DELETE", r"/v1/orders/([^/]+)"),
)


@dataclass(frozen=True)
class ZuoraOrdersCall:
    """One call; `numbers` are its subscriptions, and `client` owns the token that it brought.

    Headers and body hold secrets and stay in memory.
    """

    at: datetime
    operation: str
    method: str
    path: str
    query: str
    numbers: tuple[str, ...]
    client: str | None
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)


def operation_of(request: web.Request) -> tuple[str, str]:
    """The call's operation and the key in its path; both are empty if the operation is unknown."""
    for operation, method, path in _OPERATIONS:
        match = re.fullmatch(path, request.path)
        if match and request.method == method:
            return operation, match[1] if match.groups() else ""
    return "", ""


class Subjects:
    """Finds the subscriptions that a call is about."""

    def __init__(self, billing: Billing, orders: Orders) -> None:
        self._billing = billing
        self._orders = orders

    def numbers(self, request: web.Request, body: bytes) -> tuple[str, ...]:
        """The numbers of the call's subscriptions; an id stands for its subscription's number."""
        operation, key = operation_of(request)
        if operation in ("order", "preview"):
            return _ordered(body)
        if operation == "orders":
            return (key,)
        if operation == "subscription":
            found = self._billing.find(key)
            return (found.number if found else key,)
        return self._orders.numbers_of(key)


def _ordered(body: bytes) -> tuple[str, ...]:
    try:
        given = json.loads(body)["subscriptions"]
        found = [each["subscriptionNumber"] for each in given]
    except (ValueError, KeyError, TypeError):
        return ()
    return tuple(dict.fromkeys(number for number in found if isinstance(number, str)))
