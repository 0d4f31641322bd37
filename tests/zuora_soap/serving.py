"""The local Zuora and the vendor, with the same current time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connect_ext.http.client import HttpClient
from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.secret import Secret
from connect_ext.vendors.base import (
    Accepted,
    Act,
    Cancellation,
    Subscription,
    SubscriptionId,
    VendorContext,
)
from connect_ext.vendors.zuora_soap import ZuoraSettings
from connect_ext.vendors.zuora_soap.vendor import ZuoraSoapVendor, connected
from sandbox.zuora import LocalZuora

PACIFIC = timezone(timedelta(hours=-8))
GENERATIONS = ("19.0", "27.0", "38.0", "78.0")
WRITES = ("create", "update", "amend", "delete")


@dataclass
class Tenant:
    """A tenant, a connected extension, and their clock."""

    zuora: LocalZuora
    version: str
    vendor: ZuoraSoapVendor
    now: datetime
    name: str = ""
    asked: Cancellation = field(init=False)

    def __post_init__(self) -> None:
        self.zuora.billing.now = lambda: self.now

    def add(self, **fields: Any) -> None:
        """Add the subscription to cancel, 60 days into a term of a year."""
        self.name = self.zuora.add(**fields).name
        self.asked = Cancellation(SubscriptionId(self.name), "PR-1", "AS-1", self.now)

    async def look(self) -> Subscription:
        return await self.vendor.look_up(self.asked)

    async def cancel(self, when: CancellationDate = CancellationDate.IMMEDIATE) -> Accepted:
        return await self.vendor.cancel(replace(self.asked, when=when), await self.look())

    @property
    def undo(self) -> Cancellation:
        """The same request, revoked."""
        return replace(self.asked, act=Act.UNDO)

    def writes(self) -> list[str]:
        """The envelopes that changed something, without their sessions."""
        return [call.envelope for call in self.zuora.calls if call.operation in WRITES]


@asynccontextmanager
async def tenant(
    version: str,
    zone: str = "America/Los_Angeles",
    now: str = "2026-03-04T20:30",
    *,
    preview: bool = False,
    **options: Any,
) -> AsyncIterator[Tenant]:
    """A tenant in a zone at a moment in UTC; up to version 68, Zuora's own zone counts."""
    tenants: tzinfo = ZoneInfo(zone) if float(version) >= 69 else PACIFIC
    zuora, http = LocalZuora(zone=tenants, tax_rate=Decimal("0.19"), **options), HttpClient(5, 5)
    await zuora.start()
    made = zuora.variables(version)
    settings = ZuoraSettings(
        made["ZUORA_SOAP_URL"],
        float(version),
        Secret(made["ZUORA_USERNAME"]),
        Secret(made["ZUORA_PASSWORD"]),
        generate_invoice=False,
        process_payments=False,
        preview=preview,
        time_zone=zone,
    )
    vendor = connected(settings, VendorContext(http, lambda _key, make: make()))
    moment = datetime.fromisoformat(now).replace(tzinfo=timezone.utc)
    try:
        yield Tenant(zuora, version, vendor, moment)
    finally:
        await http.aclose()
        await zuora.stop()
