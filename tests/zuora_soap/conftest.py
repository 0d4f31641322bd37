"""Fixtures: a scripted server, and vendors that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timezone

import pytest
from aiohttp import web

from connect_ext.http.client import HttpClient
from connect_ext.portal.secret import Secret
from connect_ext.vendors.base import Cancellation, SubscriptionId, Vendor, VendorContext
from connect_ext.vendors.zuora_soap import ZuoraSettings, create
from connect_ext.vendors.zuora_soap.session import Sessions
from tests.zuora_soap.scripted import NUMBER, ScriptedZuora

NOW = datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=timezone.utc)
MakeVendor = Callable[..., Vendor]


def asking(subscription_id: str = NUMBER, request_id: str = "PR-1000-2000") -> Cancellation:
    return Cancellation(SubscriptionId(subscription_id), request_id, "AS-3000", NOW)


@pytest.fixture
async def zuora() -> AsyncIterator[ScriptedZuora]:
    """The server."""
    scripted = ScriptedZuora()
    app = web.Application()
    app.router.add_route("POST", "/{path:.*}", scripted.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    scripted.url = f"http://{host}:{port}"
    yield scripted
    await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """One client for all vendors of a test."""
    client = HttpClient(10, 20)
    yield client
    await client.aclose()


@pytest.fixture
def clock() -> list[float]:
    """The sessions' clock, which a test may set."""
    return [1000.0]


@pytest.fixture
def sessions(clock: list[float]) -> Sessions:
    """The sessions of one test."""
    return Sessions(lambda: clock[0])


@pytest.fixture
def tokens() -> list[str]:
    """The texts that the vendors report as secret."""
    return []


@pytest.fixture
def make_vendor(
    zuora: ScriptedZuora, http: HttpClient, sessions: Sessions, tokens: list[str]
) -> MakeVendor:
    """A function that makes a vendor for a WSDL version."""

    def make(version: float = 91.0, **changes: bool) -> Vendor:
        options = {"generate_invoice": False, "process_payments": False, "preview": True, **changes}
        settings = ZuoraSettings(
            url=f"{zuora.url}/apps/services/a/{version}",
            version=version,
            username=Secret("user@example.com"),
            password=Secret("pass<&>word"),
            **options,
        )
        return create(settings, VendorContext(http, lambda _key, _make: sessions, tokens.append))

    return make
