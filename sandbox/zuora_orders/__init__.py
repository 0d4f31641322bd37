"""A strict, stateful local Zuora for a tenant with orders through REST; it misbehaves on demand.

It follows Zuora's official description of 2026-05-01, its documentation and recorded answers. If
none of them says what Zuora does, it takes the stricter choice, and a comment says so.
"""

from sandbox.zuora_orders.calls import ZuoraOrdersCall
from sandbox.zuora_orders.errors import ZuoraError
from sandbox.zuora_orders.records import BillingDocument, Cancellation, Order, Subscription
from sandbox.zuora_orders.server import LocalZuoraOrders
from sandbox.zuora_orders.trouble import Trouble

__all__ = [
    "BillingDocument",
    "Cancellation",
    "LocalZuoraOrders",
    "Order",
    "Subscription",
    "Trouble",
    "ZuoraError",
    "ZuoraOrdersCall",
]
