"""Fixtures: a scripted server, and vendors that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from connect_ext.http.client import HttpClient
from connect_ext.portal.settings import read_configuration
from connect_ext.vendors.base import Vendor, VendorContext
from connect_ext.vendors.registry import definitions
from tests.http.servers import web_server
from tests.unit.builders import ORDERS_VARIABLES
from tests.zuora_orders.scripted import ScriptedZuora

MakeVendor = Callable[..., Vendor]


@pytest.fixture
async def zuora() -> AsyncIterator[ScriptedZuora]:
    """The server."""
    scripted = ScriptedZuora()
    async with web_server(scripted.handle) as server:
        scripted.url = server.url
        yield scripted


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """One client for all vendors of a test."""
    client = HttpClient(10, 20)
    yield client
    await client.aclose()


@pytest.fixture
def tokens() -> list[str]:
    """The texts that the vendors report as secret."""
    return []


@pytest.fixture
def make_vendor(zuora: ScriptedZuora, http: HttpClient, tokens: list[str]) -> MakeVendor:
    """A function that makes one process's vendor with these variables."""
    kept: dict[object, object] = {}

    def make(**variables: str) -> Vendor:
        values = {**ORDERS_VARIABLES, "ZUORA_API_URL": zuora.url, **variables}
        settings = read_configuration(values, definitions()).default.vendor
        context = VendorContext(http, lambda key, new: kept.setdefault(key, new()), tokens.append)
        return definitions()["zuora"].create(settings.own, context)

    return make


@pytest.fixture
def vendor(make_vendor: MakeVendor) -> Vendor:
    """A vendor without previews."""
    return make_vendor(ZUORA_PREVIEW="false")
