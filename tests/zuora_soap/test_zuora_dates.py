"""The dates of cancellations and of cancelled subscriptions."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.errors import NotDone
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import SubscriptionStatus
from connect_ext.vendors.zuora_soap.dates import PACIFIC, ZuoraDate, midnight, read, zone_of
from connect_ext.vendors.zuora_soap.generations import effective_date
from tests.zuora_soap.serving import GENERATIONS, tenant

TERM = CancellationDate.END_OF_TERM
INVOICED = CancellationDate.END_OF_INVOICED_PERIOD
ZONES = (
    *("UTC", "America/Los_Angeles", "Australia/Sydney", "Pacific/Kiritimati", "Etc/GMT+12"),
    *("Asia/Kathmandu", "America/St_Johns", "Africa/Cairo", "America/Havana", "Pacific/Apia"),
)


# --- the property -------------------------------------------------------------------------------

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
moments = st.integers(0, 5 * 366 * 86400).map(lambda seconds: START + timedelta(seconds=seconds))
zones = st.sampled_from(ZONES).map(ZoneInfo)
versions = st.sampled_from([19.0, 24.0, 25.0, 27.0, 28.0, 68.0, 69.0, 91.0])


@given(
    version=versions,
    asked_at=moments,
    zone=zones,
    began=st.none() | st.integers(-800, 40),
    ends=st.none() | st.integers(0, 800),
    wanted=st.none() | st.integers(-400, 900),
    with_moments=st.booleans(),
)
def test_a_date_lies_within_the_contract_and_is_today_or_later(
    *,
    version: float,
    asked_at: datetime,
    zone: ZoneInfo,
    began: int | None,
    ends: int | None,
    wanted: int | None,
    with_moments: bool,
) -> None:
    theirs = zone_of(version, zone)
    today = asked_at.astimezone(theirs).date()

    def written(days: int | None) -> ZuoraDate | None:
        if days is None:
            return None
        day = today + timedelta(days=days)
        return ZuoraDate(day, midnight(day, theirs) if with_moments else None)

    first, last = written(began), written(ends)
    if first and last and first.day > last.day:
        first = last
    sent = effective_date(version, asked_at, written(wanted), (first, last), zone)

    day = sent.moment.astimezone(theirs).date()
    assert day >= today
    assert first is None or day >= first.day
    assert last is None or day <= last.day
    if version > 68:
        assert sent.day == day == date.fromisoformat(sent.text)
        assert sent.moment == midnight(day, zone)
    else:
        assert datetime.fromisoformat(sent.text) == sent.moment
        # A date ahead by a margin may only be cut at the end of the term.
        ahead = timedelta(hours=25 if version < 25 else 0)
        soonest = asked_at.replace(microsecond=0) + ahead
        assert sent.moment >= min(soonest, last.begins(PACIFIC) if last else soonest)


# --- days around midnight, month ends, leap days, daylight saving -------------------------------


@pytest.mark.parametrize(
    ("zone", "asked_at", "today"),
    [
        ("America/Los_Angeles", "2026-03-05T07:59:59", "2026-03-04"),
        ("America/Los_Angeles", "2026-03-05T08:00:00", "2026-03-05"),
        # Clocks go forward on 8 March 2026, and back on 1 November.
        ("America/Los_Angeles", "2026-03-09T06:59:59", "2026-03-08"),
        ("America/Los_Angeles", "2026-03-09T07:00:00", "2026-03-09"),
        ("America/Los_Angeles", "2026-11-02T07:59:59", "2026-11-01"),
        ("America/Los_Angeles", "2026-11-02T08:00:00", "2026-11-02"),
        # In Sydney they go back on 5 April 2026, and forward on 4 October.
        ("Australia/Sydney", "2026-04-05T13:59:59", "2026-04-05"),
        ("Australia/Sydney", "2026-04-05T14:00:00", "2026-04-06"),
        ("Australia/Sydney", "2026-10-04T12:59:59", "2026-10-04"),
        ("Australia/Sydney", "2026-10-04T13:00:00", "2026-10-05"),
        ("Pacific/Kiritimati", "2026-01-31T09:59:59", "2026-01-31"),
        ("Pacific/Kiritimati", "2026-01-31T10:00:00", "2026-02-01"),
        ("Etc/GMT+12", "2026-03-01T11:59:59", "2026-02-28"),
        ("Etc/GMT+12", "2028-03-01T11:59:59", "2028-02-29"),
        ("Etc/GMT+12", "2028-03-01T12:00:00", "2028-03-01"),
        ("Pacific/Kiritimati", "2028-02-28T10:00:00", "2028-02-29"),
        ("UTC", "2026-12-31T23:59:59", "2026-12-31"),
    ],
)
def test_today_is_the_tenants_day(zone: str, asked_at: str, today: str) -> None:
    moment = datetime.fromisoformat(asked_at).replace(tzinfo=timezone.utc)
    sent = effective_date(69.0, moment, zone=ZoneInfo(zone))
    assert sent.text == today
    assert sent.moment.astimezone(ZoneInfo(zone)).isoformat()[:19] == f"{today}T00:00:00"


def test_west_of_utc_a_day_that_begins_today_is_not_postponed() -> None:
    """As moments, today's midnight in UTC has passed, and so has tomorrow's."""
    asked_at = datetime(2026, 3, 5, 2, tzinfo=timezone.utc)
    honolulu = ZoneInfo("Pacific/Honolulu")
    fifth = ZuoraDate(date(2026, 3, 5))
    assert effective_date(69.0, asked_at, zone=honolulu).text == "2026-03-04"
    assert effective_date(69.0, asked_at, fifth, zone=honolulu).text == "2026-03-05"
    assert effective_date(69.0, asked_at, None, (None, fifth), honolulu).text == "2026-03-04"


def test_if_clocks_skip_midnight_a_day_begins_at_the_first_moment_after() -> None:
    begins = midnight(date(2026, 4, 24), ZoneInfo("Africa/Cairo"))
    assert begins.astimezone(timezone.utc) == datetime(2026, 4, 23, 22, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-02-29", "2026-13-01", "0001-01-01", "2026-03-04T25:00:00", "2026-3-4"],
)
def test_an_invalid_date_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


# --- at the end of the term, and of what is invoiced --------------------------------------------


@pytest.mark.parametrize("version", GENERATIONS)
@pytest.mark.parametrize("ends", [date(2026, 3, 31), date(2028, 2, 29), date(2026, 11, 1)])
async def test_at_the_end_of_the_term_it_ends_on_the_terms_last_day(
    version: str, ends: date
) -> None:
    async with tenant(version) as there:
        there.add(term_end_date=ends)
        await there.cancel(TERM)
        assert there.zuora.subscription(there.name).cancelled_date == ends
        shown = await there.look()
        assert shown.ends_at == midnight(ends, there.zuora.billing.zone)


@pytest.mark.parametrize("version", ["27.0", "38.0", "78.0"])
@pytest.mark.parametrize(
    ("charged", "ends"),
    [
        ([[date(2026, 4, 1), None], [date(2026, 6, 30), date(2026, 5, 1)]], date(2026, 6, 30)),
        ([[date(2026, 2, 1)], [None]], date(2026, 3, 4)),
        ([[None]], date(2026, 3, 4)),
        ([], date(2026, 3, 4)),
        ([[date(2026, 3, 5)]], date(2026, 3, 5)),
        # No subscription is renewed in order to cancel it later.
        ([[date(2030, 1, 1)]], date(2026, 12, 31)),
    ],
)
async def test_at_the_end_of_the_invoiced_period_the_latest_charge_decides(
    version: str, charged: list[list[date | None]], ends: date
) -> None:
    async with tenant(version) as there:
        there.add(charged_through=charged, term_end_date=date(2026, 12, 31))
        await there.cancel(INVOICED)
        assert there.zuora.subscription(there.name).cancelled_date == ends


async def test_many_rate_plans_are_queried_in_several_calls() -> None:
    async with tenant("78.0") as there:
        days = [[date(2026, 4, 1)]] * 449 + [[date(2026, 5, 1)]]
        there.add(charged_through=days)
        await there.cancel(INVOICED)
        assert there.zuora.subscription(there.name).cancelled_date == date(2026, 5, 1)
        asked = [c.envelope for c in there.zuora.calls if "from RatePlanCharge" in c.envelope]
        assert [each.count("RatePlanId = ") for each in asked] == [100, 100, 100, 100, 50]


@pytest.mark.parametrize("version", GENERATIONS)
async def test_an_evergreen_subscription_is_shown_as_one_and_has_no_end_of_term(
    version: str,
) -> None:
    async with tenant(version) as there:
        there.add(term_type="EVERGREEN")
        assert (await there.look()).is_evergreen
        with pytest.raises(NotDone, match="does not show when the subscription's term ends"):
            await there.cancel(TERM)
        assert there.writes() == []
        there.add()
        assert not (await there.look()).is_evergreen


@pytest.mark.parametrize(
    ("zone", "midnight_there"),
    [
        ("America/Los_Angeles", "2026-03-31T07:00"),
        ("Australia/Sydney", "2026-03-30T13:00"),
        ("Pacific/Kiritimati", "2026-03-30T10:00"),
        ("Etc/GMT+12", "2026-03-31T12:00"),
        ("UTC", "2026-03-31T00:00"),
    ],
)
async def test_a_subscription_ends_at_midnight_in_the_tenants_zone(
    zone: str, midnight_there: str
) -> None:
    async with tenant("78.0", zone) as there:
        there.add(term_end_date=date(2026, 3, 31))
        accepted = await there.cancel(TERM)
        ends_at = datetime.fromisoformat(midnight_there).replace(tzinfo=timezone.utc)
        shown = await there.look()
        assert shown.status is SubscriptionStatus.CANCELLED
        assert shown.ends_at == ends_at
        assert accepted.subscription is not None
        assert accepted.subscription.ends_at == ends_at
