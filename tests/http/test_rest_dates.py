"""The days that a REST vendor's adapter reads and sends, in the vendor's time zone."""

import asyncio
import json
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.errors import NotConfigured
from connect_ext.http.client import Answer
from connect_ext.portal.policy import CancellationDate
from tests.fuzz.hostile import HttpThatAnswers
from tests.http.vendors import NOW, a_vendor, answers, cancellation, rest_vendor

AT_ONCE, TERM, INVOICED = CancellationDate
DATES = {
    "REST_CANCEL_REQUEST": "POST /subscriptions/{subscription_id}/cancel?at={effective_date}",
    "REST_CANCEL_BODY": '{"at": "{effective_date}"}',
    "REST_TERM_END_PATH": "term",
    "REST_CHARGED_THROUGH_PATH": "charged",
    "REST_END_DATE_PATH": "ends",
}
NO_DATES = ["soon", True, False, {}, ["2026-03-31"], 1e30, "31.03.2026", 1e16]
NO_DATES.append("2026-02-29")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


async def looked_up(http, when=AT_ONCE, zone="UTC", body=None, variables=None, **dates):
    """The subscription that a look shows."""
    said = answers(body or {"status": "active", **dates})
    of_vendor = {**DATES, **(variables or {}), "VENDOR_TIME_ZONE": zone}
    async with a_vendor(http, said, **of_vendor) as (rest, _):
        return await rest.look_up(cancellation(when=when))


async def sent_day(http, when, zone, now=NOW, **dates) -> str:
    """The sent day, which equals the planned one."""
    asked = cancellation(asked_at=now, when=when)
    said = answers({"status": "active", **dates})
    async with a_vendor(http, said, **DATES, VENDOR_TIME_ZONE=zone) as (rest, server):
        shown = await rest.look_up(asked)
        planned = await rest.plan(asked, shown)
        await rest.cancel(asked, shown)
        day = json.loads(server.seen[-1].body)["at"]
        assert server.seen[-1].path.endswith(f"?at={day}")
        assert planned.takes_effect.isoformat() == day
        return day


class TestToday:
    @pytest.mark.parametrize(
        ("zone", "now", "day"),
        [
            ("UTC", "2026-03-02T23:59:59", "2026-03-02"),
            ("UTC", "2026-03-03T00:00:00", "2026-03-03"),
            ("", "2026-03-02T23:59:59", "2026-03-02"),
            ("Asia/Tokyo", "2026-03-02T14:59:59", "2026-03-02"),
            ("Asia/Tokyo", "2026-03-02T15:00:00", "2026-03-03"),
            ("Pacific/Kiritimati", "2026-12-31T10:00:00", "2027-01-01"),
            ("Etc/GMT+12", "2027-01-01T11:59:59", "2026-12-31"),
            # The end of a month, and the 29th of February.
            ("America/Los_Angeles", "2026-03-01T07:59:59", "2026-02-28"),
            ("America/Los_Angeles", "2028-03-01T07:59:59", "2028-02-29"),
            ("America/Los_Angeles", "2028-03-01T08:00:00", "2028-03-01"),
            # Days of 23 and of 25 hours.
            ("America/New_York", "2026-03-08T04:59:59", "2026-03-07"),
            ("America/New_York", "2026-03-09T03:59:59", "2026-03-08"),
            ("America/New_York", "2026-03-09T04:00:00", "2026-03-09"),
            ("America/New_York", "2026-11-01T03:59:59", "2026-10-31"),
            ("America/New_York", "2026-11-02T04:59:59", "2026-11-01"),
            ("America/New_York", "2026-11-02T05:00:00", "2026-11-02"),
        ],
    )
    async def test_the_day_is_the_vendors_and_not_ours(self, http, zone, now, day):
        assert await sent_day(http, AT_ONCE, zone, moment(now), term="2030-01-01") == day


class TestTheEndOfTheTerm:
    @pytest.mark.parametrize(
        ("term", "day"),
        [
            ("2026-03-31", "2026-03-31"),
            ("2028-02-29", "2028-02-29"),
            ("2026-03-31T23:30:00", "2026-03-31"),
            ("2026-03-31T21:59:59Z", "2026-03-31"),
            ("2026-03-31T22:00:00Z", "2026-04-01"),
            ("2026-03-31T23:30:00-05:00", "2026-04-01"),
            (1774994399, "2026-03-31"),
            (1774994400.0, "2026-04-01"),
            # The clocks go forward on the 29th, so an hour is missing.
            ("2026-03-28T23:00:00Z", "2026-03-29"),
            ("2026-03-29T02:30:00", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
            # Past, or today: in Berlin it is already the 3rd.
            ("2026-03-03", "2026-03-03"),
            ("2026-03-02", "2026-03-03"),
            ("1999-12-31", "2026-03-03"),
            (0, "2026-03-03"),
        ],
    )
    async def test_it_is_a_day_in_the_vendors_time_zone_and_never_past(self, http, term, day):
        dates = {"term": term, "charged": "2026-03-10"}
        assert await sent_day(http, TERM, "Europe/Berlin", **dates) == day

    @pytest.mark.parametrize("term", [None, "", "9999-12-31"])
    async def test_a_subscription_without_one_is_evergreen(self, http, term):
        dates = {"term": term, "charged": None}
        assert (await looked_up(http, TERM, **dates)).is_evergreen
        for when in (AT_ONCE, INVOICED):
            assert not (await looked_up(http, when, **dates)).is_evergreen
        assert not (await looked_up(http, TERM, term="2026-03-31")).is_evergreen


class TestTheEndOfWhatIsInvoiced:
    @pytest.mark.parametrize(
        ("charged", "term", "day"),
        [
            ("2026-03-20", "2026-04-01", "2026-03-20"),
            ("2026-04-01", "2026-04-01", "2026-04-01"),
            ("2026-05-01", "2026-04-01", "2026-04-01"),
            ("2026-05-01", None, "2026-05-01"),
            ("2026-02-01", "2026-04-01", "2026-03-03"),
            (None, "2026-04-01", "2026-03-03"),
            ("", None, "2026-03-03"),
            # The term is over, and nothing is cancelled in the past.
            ("2026-05-01", "2026-02-01", "2026-03-03"),
        ],
    )
    async def test_the_day_is_neither_past_nor_beyond_the_term(self, http, charged, term, day):
        dates = {"charged": charged, "term": term}
        assert await sent_day(http, INVOICED, "Europe/Berlin", **dates) == day


class TestWhatIsNotADate:
    @pytest.mark.parametrize("value", NO_DATES, ids=repr)
    @pytest.mark.parametrize(
        ("when", "field", "name"),
        [(TERM, "term", "REST_TERM_END_PATH"), (INVOICED, "term", "REST_TERM_END_PATH"),
         (INVOICED, "charged", "REST_CHARGED_THROUGH_PATH")],
    )  # fmt: skip
    async def test_it_waits_and_names_the_variable(self, http, when, field, name, value):
        with pytest.raises(NotConfigured, match=f"{name} that is not a date"):
            await looked_up(http, when, **{"charged": None, field: value})

    async def test_an_irrelevant_date_is_not_read(self, http):
        dates = {"term": "soon", "charged": "soon"}
        assert not (await looked_up(http, AT_ONCE, **dates)).is_evergreen
        body = {"status": "cancelled", "ends": "2026-03-31", **dates}
        assert (await looked_up(http, TERM, body=body)).ends_at

    async def test_a_path_that_leads_nowhere_may_be_misspelt(self, http):
        shown = await looked_up(http, TERM)
        assert shown.is_evergreen
        assert "nothing at REST_TERM_END_PATH: check the path" in shown.doubt
        with pytest.raises(NotConfigured, match="nothing at REST_CHARGED_THROUGH_PATH: check"):
            await looked_up(http, INVOICED)
        paths = {"REST_TERM_END_PATH": "t || ''", "REST_CHARGED_THROUGH_PATH": "c || ''"}
        assert (await looked_up(http, TERM, variables=paths)).doubt == ""
        assert await looked_up(http, INVOICED, variables=paths)


class TestTheEndDate:
    @pytest.mark.parametrize(
        ("zone", "ends", "expected"),
        [
            ("Europe/Berlin", "2026-03-31", "2026-03-30T22:00:00"),
            ("Europe/Berlin", "2026-03-28", "2026-03-27T23:00:00"),
            ("America/Los_Angeles", "2026-03-31", "2026-03-31T07:00:00"),
            ("Europe/Berlin", "2026-03-31T12:00:00", "2026-03-31T10:00:00"),
            ("Europe/Berlin", "2026-03-31T12:00:00Z", "2026-03-31T12:00:00"),
            ("Europe/Berlin", 1774958400, "2026-03-31T12:00:00"),
            # The day when the clocks go forward has no midnight.
            ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00"),
        ],
    )
    async def test_a_day_is_that_day_in_the_vendors_time_zone(self, http, zone, ends, expected):
        shown = await looked_up(http, zone=zone, body={"status": "cancelled", "ends": ends})
        assert shown.ends_at == moment(expected)

    @pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "America/Los_Angeles"])
    @pytest.mark.parametrize("ends", ["0001-01-01", "0001-01-01T00:00:00", "9999-12-31T23:59:59"])
    async def test_the_first_and_last_possible_days_mean_no_date(self, http, zone, ends):
        shown = await looked_up(http, zone=zone, body={"status": "cancelled", "ends": ends})
        assert shown.ends_at is None


# For any dates.

days = st.none() | st.integers(-800, 800)
moments = st.integers(1577836800, 2208988800).map(lambda n: datetime.fromtimestamp(n, timezone.utc))
FORMS = {
    "a day": lambda there: there.date().isoformat(),
    "naive": lambda there: there.replace(tzinfo=None).isoformat(),
    "with a zone": lambda there: there.astimezone(timezone(timedelta(hours=5.5))).isoformat(),
    "seconds": lambda there: there.timestamp(),
}


def written(
    today: date, offset: int | None, zone: ZoneInfo, form: str
) -> tuple[date | None, object]:
    """A day near today, and the vendor's text for it."""
    if offset is None:
        return None, None
    # At noon, because every day has one.
    there = datetime.combine(today + timedelta(days=offset), time(12), zone)
    return there.date(), FORMS[form](there)


@given(moments, st.timezones(), days, days, st.sampled_from(sorted(FORMS)))
def test_the_sent_day_is_today_or_later_there_and_not_after_the_terms_end(
    now, zone, term, charged, form
):
    today = now.astimezone(zone).date()
    (term, said), (charged, and_said) = (
        written(today, offset, zone, form) for offset in (term, charged)
    )
    body = json.dumps({"status": "active", "term": said, "charged": and_said}).encode()
    variables = {**DATES, "VENDOR_TIME_ZONE": zone.key}
    http = HttpThatAnswers([Answer(200, httpx.Headers(), body)])
    rest = rest_vendor(http, "https://vendor.example", **variables)
    for when in CancellationDate:
        asked = cancellation(asked_at=now, when=when)

        async def planned(asked=asked):
            return await rest.plan(asked, await rest.look_up(asked))

        day = asyncio.run(planned()).takes_effect
        assert day >= today
        assert day <= max(today, term or date.max)
        wanted = {AT_ONCE: today, TERM: term, INVOICED: charged}[when]
        assert day in (today, term, charged)
        assert when is INVOICED or day == max(today, wanted or today)
