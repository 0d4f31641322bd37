"""The tenant's own day decides, not our clock; tested with the local Zuora."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import pytest

from connect_ext.errors import Refused
from connect_ext.http.client import HttpClient
from connect_ext.portal.secret import Secret
from connect_ext.vendors.base import Cancellation, SubscriptionId, SubscriptionStatus, VendorContext
from connect_ext.vendors.zuora_soap import ZuoraSettings, create
from sandbox.zuora import LocalZuora

TOKYO = timezone(timedelta(hours=9))
PACIFIC = timezone(timedelta(hours=-8))
HONOLULU = timezone(timedelta(hours=-10))
# Up to version 68, Zuora reads a moment in Pacific time, whatever the tenant's zone.
ZONES_OF_ZUORA = {
    "19.0": lambda _: PACIFIC,
    "27.0": lambda _: PACIFIC,
    "38.0": lambda _: PACIFIC,
    "78.0": lambda tenants: tenants,
}
VERSIONS = list(ZONES_OF_ZUORA)


@dataclass
class Served:
    """Zuora and the vendor, with the same current time."""

    zuora: LocalZuora
    version: str
    now: datetime
    http: HttpClient

    async def cancel(self, **fields: object) -> tuple[str, int]:
        """Cancel a new subscription; returns the outcome and the number of its cancellations."""
        name = self.zuora.add(**fields).name
        asked = Cancellation(SubscriptionId(name), "PR-1", "AS-1", self.now)
        made = self.zuora.variables(self.version)
        secrets = Secret(made["ZUORA_USERNAME"]), Secret(made["ZUORA_PASSWORD"])
        settings = ZuoraSettings(
            made["ZUORA_SOAP_URL"], float(self.version), *secrets, False, False, True
        )
        vendor = create(settings, VendorContext(self.http, lambda _key, make: make()))
        try:
            await vendor.cancel(asked, await vendor.look_up(asked))
        except Refused:
            return "refused", self.zuora.effective_cancellations(name)
        assert (await vendor.look_up(asked)).status is SubscriptionStatus.CANCELLED
        return "cancelled", self.zuora.effective_cancellations(name)


@asynccontextmanager
async def served(version: str, tenants: timezone, hour: int) -> AsyncIterator[Served]:
    """Zuora and the vendor at an hour (UTC) of a day."""
    zuora, http = LocalZuora(zone=ZONES_OF_ZUORA[version](tenants)), HttpClient(5, 5)
    now = datetime(2026, 3, 4, hour, 30, tzinfo=timezone.utc)
    zuora.billing.now = lambda: now
    await zuora.start()
    try:
        yield Served(zuora, version, now, http)
    finally:
        await http.aclose()
        await zuora.stop()


def day(served: Served, zone: timezone) -> date:
    return served.now.astimezone(zone).date()


@pytest.mark.parametrize("version", VERSIONS)
async def test_east_of_utc_a_subscription_that_began_today_is_cancelled_once(version: str) -> None:
    async with served(version, TOKYO, 23) as there:
        assert day(there, TOKYO) > there.now.date()
        began = day(there, TOKYO)
        assert await there.cancel(contract_effective_date=began) == ("cancelled", 1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("days", [1, 31])
async def test_a_subscription_that_begins_later_is_cancelled_on_its_first_day(
    version: str, days: int
) -> None:
    async with served(version, TOKYO, 23) as there:
        begins = day(there, TOKYO) + timedelta(days=days)
        assert await there.cancel(contract_effective_date=begins) == ("cancelled", 1)


@pytest.mark.parametrize("version", ["27.0", "38.0", "78.0"])
async def test_west_of_utc_a_subscription_whose_term_ends_today_is_cancelled_once(
    version: str,
) -> None:
    async with served(version, HONOLULU, 9) as there:
        assert day(there, HONOLULU) < there.now.date()
        assert await there.cancel(term_end_date=day(there, HONOLULU)) == ("cancelled", 1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("days", [1, 31])
async def test_a_subscription_whose_term_has_ended_is_refused(version: str, days: int) -> None:
    async with served(version, HONOLULU, 9) as there:
        ended = day(there, HONOLULU) - timedelta(days=days)
        assert await there.cancel(term_end_date=ended) == ("refused", 0)


async def test_a_future_date_stays_within_a_term_that_ends_tomorrow() -> None:
    # At 23:30, 25 hours ahead is the day after tomorrow.
    async with served("19.0", PACIFIC, 7) as there:
        tomorrow = there.zuora.billing.today() + timedelta(days=1)
        assert await there.cancel(term_end_date=tomorrow) == ("cancelled", 1)


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_evergreen_subscription_without_a_term_is_cancelled_once(version: str) -> None:
    async with served(version, TOKYO, 23) as there:
        there.zuora.nil_unset_fields = True
        assert await there.cancel(term_type="EVERGREEN") == ("cancelled", 1)
