"""A stateful local Zuora that is as strict as its schema and misbehaves on demand.

It follows docs/facts.md, Zuora 1.2 and the sections after it, and answers as in the exchanges
recorded there (docs/facts.md, Zuora 1.6).
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
