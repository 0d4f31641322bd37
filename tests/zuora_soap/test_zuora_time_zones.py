"""What is today for the tenant decides, and not our clock: with the local Zuora, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone

import pytest

from sandbox.zuora import LocalZuora
from tests.in_process import Extension, running_extension

TOKYO = timezone(timedelta(hours=9))
PACIFIC = timezone(timedelta(hours=-8))
HONOLULU = timezone(timedelta(hours=-10))
# Up to version 68 Zuora reads a moment in Pacific time, whatever the tenant's own zone.
ZONES_OF_ZUORA = {
    "19.0": lambda _: PACIFIC,
    "27.0": lambda _: PACIFIC,
    "38.0": lambda _: PACIFIC,
    "78.0": lambda tenants: tenants,
}
VERSIONS = list(ZONES_OF_ZUORA)
Served = tuple[LocalZuora, Extension]


@asynccontextmanager
async def served(version: str, tenants: timezone, hour: int) -> AsyncIterator[Served]:
    """Zuora and the extension, both at an hour (UTC) of today."""
    zuora = LocalZuora(zone=ZONES_OF_ZUORA[version](tenants))
    await zuora.start()
    try:
        async with running_extension(**zuora.variables(version)) as extension:
            now = datetime.now(timezone.utc)
            then = now.replace(hour=hour, minute=30, second=0)
            extension.clock_seconds = (then - now).total_seconds()
            zuora.billing.now = extension.now
            yield zuora, extension
    finally:
        await zuora.stop()


async def cancelled(served: Served, **fields: object) -> tuple[str, int]:
    """The status of a subscription's cancel request, and how often it was cancelled."""
    zuora, extension = served
    name = zuora.add(**fields).name
    request_id = extension.sandbox.connect.cancel(name)
    await extension.deliver(request_id)
    return extension.sandbox.connect.status(request_id), zuora.effective_cancellations(name)


@pytest.mark.parametrize("version", VERSIONS)
async def test_east_of_utc_a_subscription_that_began_today_is_cancelled_once(version: str) -> None:
    async with served(version, TOKYO, 23) as (zuora, extension):
        today = extension.now().astimezone(TOKYO).date()
        assert today > extension.now().date()
        outcome = await cancelled((zuora, extension), contract_effective_date=today)
        assert outcome == ("approved", 1)
        if float(version) >= 28:
            operations = [call.operation for call in zuora.calls]
            assert operations == ["login", "query", "preview", "amend"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("days", [1, 31])
async def test_a_subscription_that_begins_later_is_refused(version: str, days: int) -> None:
    async with served(version, TOKYO, 23) as (zuora, extension):
        # It is that day in no zone yet.
        later = extension.now().astimezone(TOKYO).date() + timedelta(days=days)
        outcome = await cancelled((zuora, extension), contract_effective_date=later)
        assert outcome == ("failed", 0)


@pytest.mark.parametrize("version", ["27.0", "38.0", "78.0"])
async def test_west_of_utc_a_subscription_whose_term_ends_today_is_cancelled_once(
    version: str,
) -> None:
    async with served(version, HONOLULU, 9) as (zuora, extension):
        today = extension.now().astimezone(HONOLULU).date()
        assert today < zuora.billing.now().date()
        outcome = await cancelled((zuora, extension), term_end_date=today)
        assert outcome == ("approved", 1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("days", [1, 31])
async def test_a_subscription_whose_term_has_ended_is_refused(version: str, days: int) -> None:
    async with served(version, HONOLULU, 9) as (zuora, extension):
        over = extension.now().astimezone(HONOLULU).date() - timedelta(days=days)
        outcome = await cancelled((zuora, extension), term_end_date=over)
        assert outcome == ("failed", 0)


async def test_a_date_that_must_lie_ahead_lies_not_behind_a_term_that_ends_tomorrow() -> None:
    # At 23:30, 25 hours ahead is the day after tomorrow.
    async with served("19.0", PACIFIC, 7) as (zuora, extension):
        tomorrow = zuora.billing.today() + timedelta(days=1)
        assert await cancelled((zuora, extension), term_end_date=tomorrow) == ("approved", 1)


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_evergreen_subscription_without_a_term_is_cancelled_once(version: str) -> None:
    async with served(version, TOKYO, 23) as (zuora, extension):
        zuora.nil_unset_fields = True
        outcome = await cancelled((zuora, extension), term_type="EVERGREEN")
        assert outcome == ("approved", 1)
