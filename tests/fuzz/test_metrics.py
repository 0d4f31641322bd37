"""The list of waiting requests, and its line, for arbitrary requests."""

import json

from hypothesis import example, given

from connect_ext.cancelling.steps import Wait
from connect_ext.cause import Cause
from connect_ext.http.call_times import Calls
from connect_ext.metrics.reading import Reading, as_json, as_text
from connect_ext.metrics.waiting import WaitingRequests
from tests.fuzz.hostile import values
from tests.unit.builders import NOW, connect_request


@given(values)
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:59-23:59")
def test_a_line_is_one_line_for_any_waiting_request(data):
    waiting = WaitingRequests()
    moments = {"created": data, "updated": data, "planned_date": data}
    for request in (data, {**connect_request(), "id": data}, {**connect_request(), **moments}):
        waiting.note(Wait(Cause.SENT, "It was sent.", seconds=30), request, NOW)
    number, longest = waiting.shown(5, NOW)
    assert number >= 1
    reading = Reading(900, False, {}, {}, Calls(), number, longest)
    for line in (as_text(reading), as_json(reading)):
        assert line.isascii()
        assert line.isprintable()
    assert json.loads(as_json(reading))["metrics"]["waiting"] == number
