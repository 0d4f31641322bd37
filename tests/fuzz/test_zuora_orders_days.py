"""In any time zone and at any moment, the days that are sent lie within the contract."""

import asyncio
import json
import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import event, example, given
from hypothesis import strategies as st

from connect_ext.errors import Refused
from connect_ext.portal.policy import CancellationDate
from tests.fuzz.zuora_orders import Http, said, vendor
from tests.zuora_orders.scripted import COMPLETED, SUBSCRIPTION, asking, reasons

NOW, TERM, INVOICED = CancellationDate
ZONES = sorted(available_timezones())
YEARS = st.integers(1990, 2060)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@cache
def changes(zone, year):
    """The moments when a zone's clocks change in a year."""
    first = datetime(year, 1, 1, tzinfo=timezone.utc)
    begins = [first + number * DAY for number in range(365)]
    offsets = [begin.astimezone(ZoneInfo(zone)).utcoffset() for begin in begins]
    pairs = zip(begins, offsets, offsets[1:], strict=False)
    return [the_change(zone, begin) for begin, one, next_one in pairs if one != next_one]


def the_change(zone, begin):
    """The second when they change on this day."""
    where, low, high = ZoneInfo(zone), 0, 24 * 3600
    while high - low > 1:
        middle = (low + high) // 2
        at = begin + timedelta(seconds=middle)
        is_before = at.astimezone(where).utcoffset() == begin.astimezone(where).utcoffset()
        low, high = (middle, high) if is_before else (low, middle)
    return begin + timedelta(seconds=high)


def special_days(year):
    """The last and first days of months, including the 29th of February."""
    firsts = [date(year, month, 1) for month in range(1, 13)]
    return sorted({day for first in firsts for day in (first, first - DAY)})


@st.composite
def moments(draw):
    """A zone and a moment: near midnight there, near a change of its clocks, or any."""
    zone, year = draw(st.sampled_from(ZONES)), draw(YEARS)
    midnights = [
        datetime.combine(day, time(), ZoneInfo(zone)).astimezone(timezone.utc)
        for day in special_days(year)
    ]
    near = draw(st.sampled_from([midnights, changes(zone, year) or midnights, [midnights[0]]]))
    offset = draw(
        st.sampled_from([-HOUR, timedelta(0), HOUR, timedelta(seconds=-1), timedelta(seconds=1)])
        | st.timedeltas(-366 * DAY, 366 * DAY)
    )
    return zone, draw(st.sampled_from(near)) + offset


def some_days(least, most):
    return st.integers(least, most).map(lambda number: number * DAY)


@st.composite
def contracts(draw, today):
    """The first day of a contract, or none, and the last day of its current term."""
    begins = draw(st.none() | some_days(-3, 3) | some_days(-9000, 9000))
    begins = None if begins is None else today + begins
    least = max(today, begins or today)
    ends = draw(st.none() | some_days(0, 3) | some_days(0, 9000))
    return begins, None if ends is None else least + ends


def days_in(call):
    """All days in a call's content."""
    found = re.findall(r'"(\d{4}-\d\d-\d\d)"', call.content.decode())
    return [date.fromisoformat(each) for each in found]


def effective_days(call):
    [subscription] = json.loads(call.content)["subscriptions"]
    details = subscription["orderActions"][0]["cancelSubscription"]
    assert ("cancellationEffectiveDate" in details) is (
        details["cancellationPolicy"] == "SpecificDate"
    )
    found = details.get("cancellationEffectiveDate")
    return [date.fromisoformat(found)] if found else []


KIRITIMATI = "Pacific/Kiritimati", datetime(2028, 2, 28, 10, tzinfo=timezone.utc)


@given(moments(), st.data(), st.sampled_from(CancellationDate), st.booleans(), st.booleans())
@example(KIRITIMATI, None, NOW, True, False)
def test_every_day_lies_within_the_contract_and_the_end_is_today_or_later(
    place, data, when, is_refused, is_evergreen
):
    zone, moment = place
    today = moment.astimezone(ZoneInfo(zone)).date()
    begins, ends = data.draw(contracts(today)) if data else (today, today)
    shown = {
        "contractEffectiveDate": begins and begins.isoformat(),
        "termEndDate": ends and ends.isoformat(),
        "termType": "EVERGREEN" if is_evergreen and when is not TERM else "TERMED",
    }
    refused = [said(reasons(58730020), 400)] if is_refused else []
    subscription = said({**SUBSCRIPTION, **shown})
    http = Http({"subscription": [subscription], "order": [*refused, said(COMPLETED)]})
    made = vendor(http, VENDOR_TIME_ZONE=zone, ZUORA_GENERATE_INVOICE="true")
    asked = asking(asked_at=moment, when=when)
    plan = asyncio.run(made.plan(asked, None))
    with suppress(Refused):
        asyncio.run(made.cancel(asked, None))
    sent = http.of("order")
    event(f"{when.value}, sent {len(sent)} times")
    assert sent
    for call, _ in sent + http.of("preview"):
        for day in days_in(call):
            assert (begins or date.min) <= day <= (ends or date.max)
        assert all(day >= today for day in effective_days(call))
    assert plan.takes_effect is None or plan.takes_effect >= max(today, begins or today)
    ordered = json.loads(sent[0][0].content)["orderDate"]
    assert ordered == max(today, begins or today).isoformat()
