"""A stateful local vendor with a strict REST API over plain HTTP."""

from sandbox.vendor.server import LocalVendor, VendorCall
from sandbox.vendor.subscription import ENDS_LATER, VendorSubscription

__all__ = ["ENDS_LATER", "LocalVendor", "VendorCall", "VendorSubscription"]
