"""Zuora's SOAP API, in the three generations of its WSDL versions."""

from __future__ import annotations

from connect_ext.vendors.base import Vendor, VendorContext, VendorDefinition
from connect_ext.vendors.zuora_soap.settings import ZuoraSettings, read_settings
from connect_ext.vendors.zuora_soap.variables import VARIABLES

__all__ = ["DEFINITION", "ZuoraSettings", "create"]


def create(settings: ZuoraSettings, context: VendorContext) -> Vendor:
    """Make the vendor; all vendors of a process share their sessions with Zuora."""
    # Only a process that cancels at Zuora needs lxml.
    from connect_ext.vendors.zuora_soap.vendor import connected  # noqa: PLC0415

    return connected(settings, context)


DEFINITION = VendorDefinition(VARIABLES, read_settings, create)
