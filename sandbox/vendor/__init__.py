"""A stateful local vendor with a strict REST API, on plain HTTP."""

from sandbox.vendor.server import LocalVendor, VendorCall
from sandbox.vendor.subscription import VendorSubscription

__all__ = ["LocalVendor", "VendorCall", "VendorSubscription"]
