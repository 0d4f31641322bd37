"""Zuora's orders through its REST API."""

from __future__ import annotations

from connect_ext.vendors.base import Traits, Vendor, VendorContext, VendorDefinition
from connect_ext.vendors.zuora.settings import (
    FINISHES_WITHIN_SECONDS,
    ORDER_SECONDS,
    ZuoraSettings,
    read_settings,
)
from connect_ext.vendors.zuora.variables import VARIABLES

__all__ = ["DEFINITION", "ZuoraSettings", "create"]


def create(settings: ZuoraSettings, context: VendorContext) -> Vendor:
    """Make the vendor; only a process that chooses it imports its calls."""
    from connect_ext.vendors.zuora.vendor import connected  # noqa: PLC0415

    return connected(settings, context)


DEFINITION = VendorDefinition(
    VARIABLES,
    read_settings,
    create,
    Traits(longest_call=ORDER_SECONDS, least_to_settle=FINISHES_WITHIN_SECONDS, leaves_orders=True),
)
