"""Finds the vendor that the settings name, and keeps one of each for the life of the process."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from weakref import WeakKeyDictionary

from connect_ext.settings import VendorSettings
from connect_ext.variables import REST, ZUORA_SOAP
from connect_ext.vendors.base import Vendor, VendorContext, VendorFactory
from connect_ext.vendors.http_client import HttpClient

ENTRY_POINT_GROUP = "connect_ext.vendors"
MAX_VENDORS = 256
SECONDS_TO_FINISH = 600.0

# A vendor is imported when it is chosen: the runner starts several processes.
_BUILT_IN = {
    REST: "connect_ext.vendors.rest",
    ZUORA_SOAP: "connect_ext.vendors.zuora_soap",
}

# A pool belongs to the event loop in which it was made.
_vendors: WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[VendorSettings, tuple[Vendor, HttpClient]]
] = WeakKeyDictionary()


def vendor_for(settings: VendorSettings) -> Vendor:
    """The vendor for these settings; equal settings share one, with its pool and its session.

    Raises ``NotConfigured`` if a registered vendor does not take its variables.
    """
    vendors = _vendors.setdefault(asyncio.get_running_loop(), {})
    if settings not in vendors:
        http = HttpClient(settings.timeout_seconds, settings.max_concurrency)
        vendors[settings] = (_make(settings, http), http)
        if len(vendors) > MAX_VENDORS:
            _retire(vendors.pop(next(iter(vendors)))[1])
    return vendors[settings][0]


def is_registered(name: str) -> bool:
    """Whether an installed package offers a vendor of that name."""
    return name in _registered()


@cache
def _registered() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _make(settings: VendorSettings, http: HttpClient) -> Vendor:
    if settings.built_in is not None:
        vendor: Vendor = import_module(_BUILT_IN[settings.name]).create(settings.built_in, http)
        return vendor
    factory: VendorFactory = _registered()[settings.name].load()
    variables = {name: value.reveal() for name, value in settings.variables}
    return factory(VendorContext(http, variables))


def _retire(http: HttpClient) -> None:
    """Close a pool once the walks that may still use it must have ended."""
    loop = asyncio.get_running_loop()
    loop.call_later(SECONDS_TO_FINISH, lambda: loop.create_task(http.aclose()))


async def close_all() -> None:
    """Close every pool of this event loop."""
    for _, http in _vendors.pop(asyncio.get_running_loop(), {}).values():
        await http.aclose()
