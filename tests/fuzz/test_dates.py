"""Any day from a vendor, in any time zone, is sent to Connect or waited for."""

import asyncio
import json
import logging
from datetime import datetime, timedelta, timezone
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.faults import Respond
from sandbox.vendor.clock import VendorClock
from tests.fuzz.hostile import numbers, texts, values
from tests.in_process import LOG, running_extension

ZONES = ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Europe/Berlin"]
FIRST, LAST = "0001-01-01", "9999-12-31"
PATHS = {
    "REST_END_DATE_PATH": "ends_at",
    "REST_TERM_END_PATH": "term_ends",
    "REST_CHARGED_THROUGH_PATH": "charged_through",
    "REST_CANCELLED_VALUES": "cancelled,ends_later",
    "REST_CANCEL_BODY": '{"effective_date": "{effective_date}"}',
}
days = st.dates().map(str) | st.sampled_from(
    [FIRST, LAST, "2028-02-29", "2027-02-29", "1970-01-01"]
)
moments = st.datetimes(
    timezones=st.sampled_from(
        [None, *(timezone(timedelta(hours=hours)) for hours in (-23, -12, 0, 14, 23))]
    )
).map(lambda moment: moment.isoformat())
seconds = st.integers(-(10**12), 10**12) | numbers
told = days | moments | seconds | texts | values
"""Values that may stand instead of a date."""


class Lines(logging.Handler):
    """Keeps the lines of the log."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture(scope="module")
def deliveries():
    """The extension with its own loop; returns a delivery's line, the request and the calls."""
    loop, running = asyncio.new_event_loop(), running_extension(**PATHS)
    extension = loop.run_until_complete(running.__aenter__())
    # Where the day begins last, no zone's today is past; the vendor refuses past days.
    extension.sandbox.vendor.clock = VendorClock("Etc/GMT+12")
    numbered, log = count(1), Lines()
    level = LOG.level
    LOG.addHandler(log)
    LOG.setLevel(logging.INFO)

    async def delivered(shown, **variables):
        subscription_id, sandbox = f"SUB-{next(numbered)}", extension.sandbox
        extension.variables |= variables
        request_id = sandbox.cancel(subscription_id)
        answer = Respond(200, json.dumps(shown).encode())
        rule = sandbox.vendor.faults.add("GET", f"/{subscription_id}$", answer)
        await extension.deliver(request_id)
        sandbox.vendor.faults.remove(rule)
        calls = [json.loads(call.body) for call in sandbox.vendor.cancel_calls(subscription_id)]
        return log.lines[-1], sandbox.connect.request(request_id), calls, extension.now()

    yield lambda *args, **more: loop.run_until_complete(delivered(*args, **more))
    LOG.removeHandler(log)
    LOG.setLevel(level)
    loop.run_until_complete(running.__aexit__(None, None, None))
    loop.close()


@settings(max_examples=1 + settings.default.max_examples // 2)
@given(told, st.sampled_from(ZONES), st.sampled_from(["approve", "schedule"]))
@example(FIRST, "Asia/Tokyo", "approve")
@example(LAST + "T23:59:59", "America/Los_Angeles", "schedule")
@example("0001-01-01T00:00:00+23:59", "UTC", "approve")
@example("9999-12-31T23:59:59-23:59", "Asia/Tokyo", "schedule")
@example(253402300799, "Asia/Tokyo", "schedule")
@example(-62135596800, "America/Los_Angeles", "approve")
def test_a_cancelled_subscription_ends_on_any_day_and_nothing_breaks(deliveries, ends, zone, later):
    shown = {"status": "cancelled", "ends_at": ends}
    variables = {"VENDOR_TIME_ZONE": zone, "WHEN_EFFECTIVE_LATER": later}
    line, request, calls, now = deliveries(shown, CANCELLATION_DATE="immediate", **variables)
    assert f"{request['id']} " in line
    assert "cause=bug" not in line
    assert calls == []
    if later == "schedule" and request["status"] == "approved":
        assert request["effective_date"] <= now.isoformat()
    if request["status"] == "scheduled":
        planned = datetime.fromisoformat(request["planned_date"])
        assert planned > now
    assert request["status"] in ("approved", "scheduled", "pending")


@settings(max_examples=1 + settings.default.max_examples // 2)
@given(
    told, told, st.sampled_from(ZONES), st.sampled_from(["end_of_term", "end_of_invoiced_period"])
)
@example(FIRST, LAST, "Asia/Tokyo", "end_of_term")
@example(LAST, FIRST, "America/Los_Angeles", "end_of_invoiced_period")
@example({"date": "2030-01-01"}, None, "UTC", "end_of_term")
def test_the_sent_date_is_today_or_later_or_nothing_is_sent(
    deliveries, term_ends, charged, zone, when
):
    shown = {"status": "active", "term_ends": term_ends, "charged_through": charged}
    variables = {"VENDOR_TIME_ZONE": zone, "CANCELLATION_DATE": when}
    line, request, calls, _ = deliveries(shown, WHEN_EFFECTIVE_LATER="approve", **variables)
    assert f"{request['id']} " in line
    assert "cause=bug" not in line
    assert request["status"] in ("pending", "approved")
    today = datetime.now(timezone(timedelta(hours=-12))).date().isoformat()
    assert [call for call in calls if not today <= call["effective_date"] <= LAST] == []
    assert len(calls) == (" cause=configuration " not in line and " cause=no-term-end " not in line)
