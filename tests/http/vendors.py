"""REST vendors for the tests, made from variables."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Any

from aiohttp import web

from connect_ext.portal.settings import read_configuration
from connect_ext.vendors.base import Cancellation, SubscriptionId, Vendor, VendorContext
from connect_ext.vendors.registry import definitions
from tests.http.servers import web_server

KEY = "t0ken-of-the-vendor"
NOW = datetime(2026, 3, 2, 23, 15, 41, tzinfo=timezone.utc)


def rest_vendor(http: Any, url: str, **variables: str) -> Vendor:
    """A REST vendor's adapter for this address and this client."""
    values = {"REST_API_URL": url, "REST_API_KEY": KEY, **variables}
    settings = read_configuration(values, definitions()).default.vendor
    context = VendorContext(http, lambda key, make: make())
    return definitions()["rest"].create(settings.own, context)


def cancellation(subscription_id="A-1", asked_at=NOW, **more):
    return Cancellation(SubscriptionId(subscription_id), "PR-1-2-3", "AS-1-2", asked_at, **more)


def answers(body=None, status=200, headers=None, text=None):
    async def handler(request):
        said = json.dumps(body) if text is None else text
        return web.Response(status=status, text=said, headers=headers)

    return handler


@asynccontextmanager
async def a_vendor(http, handler=None, **variables):
    """A vendor's adapter and its server."""
    async with web_server(handler or answers({"status": "active"})) as server:
        yield rest_vendor(http, f"{server.url}/v1", **variables), server
