"""REST vendors for the tests, made from variables."""

from __future__ import annotations

from typing import Any

from connect_ext.portal.settings import read_configuration
from connect_ext.vendors.base import Vendor, VendorContext
from connect_ext.vendors.registry import definitions

KEY = "t0ken-of-the-vendor"


def rest_vendor(http: Any, url: str, **variables: str) -> Vendor:
    """A REST vendor at this address, behind this client."""
    values = {"REST_API_URL": url, "REST_API_KEY": KEY, **variables}
    settings = read_configuration(values, definitions()).default.vendor
    context = VendorContext(http, lambda key, make: make())
    return definitions()["rest"].create(settings.own, context)
