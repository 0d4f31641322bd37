"""A stateful local Zuora: strict like its schema, keeps what it was told, misbehaves on demand.

The source of what it knows is facts/zuora.md and the recorded exchanges there.
"""

from sandbox.zuora.records import Amendment, Invoice, Payment, Subscription
from sandbox.zuora.server import LocalZuora, ZuoraCall
from sandbox.zuora.sessions import User
from sandbox.zuora.trouble import Trouble

__all__ = [
    "Amendment",
    "Invoice",
    "LocalZuora",
    "Payment",
    "Subscription",
    "Trouble",
    "User",
    "ZuoraCall",
]
