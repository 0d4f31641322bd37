"""Finds the available vendors, and keeps one of each for the life of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NoReturn

from connect_ext.errors import NotConfigured
from connect_ext.http.circuit_breaker import State
from connect_ext.http.client import HttpClient
from connect_ext.portal.reader import VariableReader
from connect_ext.portal.settings import VendorSettings
from connect_ext.vendors.base import Value, Vendor, VendorContext, VendorDefinition

ENTRY_POINT_GROUP = "connect_ext.vendors"
MAX_VENDORS = 256
MOST_TOKENS = 32
SECONDS_TO_FINISH = 600.0

# Each of these packages exports its DEFINITION.
BUILT_IN = {
    "rest": "connect_ext.vendors.rest",
    "zuora": "connect_ext.vendors.zuora",
    "zuora-soap": "connect_ext.vendors.zuora_soap",
    "stripe": "connect_ext.vendors.rest.presets.stripe",
    "chargebee": "connect_ext.vendors.rest.presets.chargebee",
    "recurly": "connect_ext.vendors.rest.presets.recurly",
    "paddle": "connect_ext.vendors.rest.presets.paddle",
    "maxio": "connect_ext.vendors.rest.presets.maxio",
    "kill-bill": "connect_ext.vendors.rest.presets.kill_bill",
    "paypal": "connect_ext.vendors.rest.presets.paypal",
    "microsoft-saas": "connect_ext.vendors.rest.presets.microsoft_saas",
}


@cache
def definitions() -> Mapping[str, VendorDefinition]:
    """All vendors by name: the built-in ones, then those of other packages."""
    found: dict[str, VendorDefinition] = {
        name: import_module(package).DEFINITION for name, package in BUILT_IN.items()
    }
    for point in entry_points(group=ENTRY_POINT_GROUP):
        found.setdefault(point.name, _loaded(point))
    return found


def _loaded(point: EntryPoint) -> VendorDefinition:
    """Load another package's definition; a broken one is reported only if it is chosen."""
    try:
        definition = point.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        return _broken(f"names a package that cannot be imported ({type(error).__name__})")
    if not isinstance(definition, VendorDefinition):
        return _broken("names a package whose entry point is not a VendorDefinition")
    return definition


def _broken(problem: str) -> VendorDefinition:
    def read(reader: VariableReader) -> Hashable:
        reader.report("VENDOR", problem)
        return None

    def create(_settings: Any, _context: VendorContext) -> NoReturn:
        raise NotConfigured(f"VENDOR {problem}.")

    return VendorDefinition((), read, create)


class Tokens:
    """The newest tokens that a vendor was given; other vendors' tokens cannot displace them."""

    def __init__(self) -> None:
        self._kept: dict[str, None] = {}

    def keep(self, token: str) -> None:
        """Keep a token as the newest."""
        self._kept.pop(token, None)
        self._kept[token] = None
        if len(self._kept) > MOST_TOKENS:
            del self._kept[next(iter(self._kept))]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)


@dataclass
class _Live:
    vendor: Vendor
    http: HttpClient
    tokens: Tokens
    was_asked_for: bool = False
    """Since its use was last reported."""

    @property
    def is_in_use(self) -> bool:
        """Whether it was requested or called since then, or calls to it are paused."""
        is_paused = self.http.standing.state is State.PAUSED
        return self.was_asked_for or self.http.times.has_any or is_paused


class Vendors:
    """The live vendors of one process; equal settings share one vendor and its pool.

    It belongs to the event loop in which it is used. The vendors' shared values, such as
    sessions, live here too: vendors with different settings may have the same user.
    """

    def __init__(
        self, most: int = MAX_VENDORS, client: Callable[[float, int], HttpClient] = HttpClient
    ) -> None:
        """``client`` makes a vendor's client from its time-out and limit on concurrent calls."""
        self._most, self._client = most, client
        self._live: dict[VendorSettings, _Live] = {}
        self._retired: set[HttpClient] = set()
        self._values: dict[Hashable, Any] = {}

    def vendor_for(self, settings: VendorSettings) -> Vendor:
        """Return the vendor for these settings.

        Raises ``NotConfigured`` if another package's vendor does not accept its settings.
        """
        if settings not in self._live:
            http = self._client(settings.timeout_seconds, settings.max_concurrency)
            tokens = Tokens()
            context = VendorContext(http, self._shared_value, tokens.keep)
            vendor = definitions()[settings.name].create(settings.own, context)
            self._live[settings] = _Live(vendor, http, tokens)
            if len(self._live) > self._most:
                self._retire(self._live.pop(next(iter(self._live))).http)
        live = self._live[settings]
        live.was_asked_for = True
        return live.vendor

    def tokens_of(self, settings: VendorSettings) -> Iterable[str]:
        """Return a live view of the newest tokens that the vendor was given."""
        return self._live[settings].tokens if settings in self._live else ()

    def raise_if_paused(self, settings: VendorSettings) -> None:
        """Raise ``NotDone`` if calls to the vendor are paused."""
        if settings in self._live:
            self._live[settings].http.raise_if_paused()

    def in_use(self) -> list[tuple[str, HttpClient]]:
        """Return the names and clients of the vendors used since the last call of this method."""
        found = [(settings.name, live) for settings, live in self._live.items() if live.is_in_use]
        for _, live in found:
            live.was_asked_for = False
        return [(name, live.http) for name, live in found]

    def _shared_value(self, key: Hashable, make: Callable[[], Value]) -> Value:
        if key not in self._values:
            self._values[key] = make()
            if len(self._values) > self._most:
                # Current users keep it; it is only no longer shared with new ones.
                del self._values[next(iter(self._values))]
        value: Value = self._values[key]
        return value

    def _retire(self, http: HttpClient) -> None:
        """Close a pool once every walk that may use it must have ended."""
        self._retired.add(http)
        loop = asyncio.get_running_loop()
        loop.call_later(SECONDS_TO_FINISH, lambda: loop.create_task(self._close(http)))

    async def _close(self, http: HttpClient) -> None:
        self._retired.discard(http)
        await http.aclose()

    async def aclose(self) -> None:
        """Close every pool and forget all values; vendors are made again on demand."""
        pools = [live.http for live in self._live.values()] + list(self._retired)
        self._live.clear()
        self._values.clear()
        for http in pools:
            await self._close(http)
