"""The two forms of a line."""

import json
from datetime import timedelta

from connect_ext.http.call_times import Calls, CallTimes
from connect_ext.http.circuit_breaker import Standing, State
from connect_ext.metrics.reading import Reading, VendorUse, as_json, as_text
from connect_ext.metrics.waiting import WaitingRequest
from tests.unit.builders import NOW


def calls(*milliseconds, unanswered=0):
    times = CallTimes()
    for each in milliseconds:
        times.note(each / 1000, is_answered=True)
    for _ in range(unanswered):
        times.note(1, is_answered=False)
    return times.taken()


NOTHING = Reading(900.4, False, {}, {}, Calls(), 0, ())

MUCH = Reading(
    312.6,
    True,
    {("waits", "sent"): 2, ("waits", "paused"): 1, ("approved", "cancelled"): 12},
    {
        "zuora": VendorUse(),
        "rest": VendorUse(calls(118, 900, unanswered=1), Standing(State.PAUSED, 12.4)),
    },
    calls(35, 40, 110),
    17,
    (
        WaitingRequest("PR-1-2", NOW, "sent", NOW),
        WaitingRequest("PR-3-4", NOW + timedelta(hours=1), "paused", NOW),
    ),
)


def test_as_text_each_part_is_a_row_of_names_and_values():
    assert as_text(MUCH).split("; ") == [
        (
            "Metrics of 313 s, the last: tasks=15 approved=12 (cancelled=12) scheduled=0 revoked=0"
            " rejected=0 waits=3 (paused=1 sent=2) held=0 left=0 dry-run=0"
        ),
        "vendor rest: calls=3 unanswered=1 median_ms=120 p99_ms=900 breaker=paused paused_s=12",
        "vendor zuora: calls=0 unanswered=0 median_ms=- p99_ms=- breaker=closed paused_s=0",
        "Connect: calls=3 unanswered=0 median_ms=40 p99_ms=110",
        "waiting=17",
        "PR-1-2 since 2026-03-02T09:15:41+00:00 sent",
        "PR-3-4 since 2026-03-02T10:15:41+00:00 paused",
    ]


def test_as_json_a_line_is_one_object():
    line = as_json(MUCH)
    assert "\n" not in line
    none = {"approved": 12, "scheduled": 0, "revoked": 0, "rejected": 0, "waits": 3, "held": 0}
    assert json.loads(line) == {
        "metrics": {
            "seconds": 313,
            "last": True,
            "tasks": 15,
            "outcomes": {**none, "left": 0, "dry-run": 0},
            "causes": {"approved": {"cancelled": 12}, "waits": {"paused": 1, "sent": 2}},
            "vendors": {
                "rest": {
                    "calls": 3,
                    "unanswered": 1,
                    "median_ms": 120,
                    "p99_ms": 900,
                    "breaker": "paused",
                    "paused_s": 12,
                },
                "zuora": {
                    "calls": 0,
                    "unanswered": 0,
                    "median_ms": None,
                    "p99_ms": None,
                    "breaker": "closed",
                    "paused_s": 0,
                },
            },
            "connect": {"calls": 3, "unanswered": 0, "median_ms": 40, "p99_ms": 110},
            "waiting": 17,
            "longest": [
                {"request": "PR-1-2", "since": "2026-03-02T09:15:41+00:00", "cause": "sent"},
                {"request": "PR-3-4", "since": "2026-03-02T10:15:41+00:00", "cause": "paused"},
            ],
        }
    }


def test_without_events_it_says_zero():
    assert as_text(NOTHING) == (
        "Metrics of 900 s: tasks=0 approved=0 scheduled=0 revoked=0 rejected=0 waits=0 held=0"
        " left=0 dry-run=0; Connect: calls=0 unanswered=0 median_ms=- p99_ms=-; waiting=0"
    )
    metrics = json.loads(as_json(NOTHING))["metrics"]
    assert metrics.keys() == json.loads(as_json(MUCH))["metrics"].keys()
    assert {metrics["tasks"], *metrics["outcomes"].values()} == {0}
    assert (metrics["vendors"], metrics["causes"], metrics["longest"]) == ({}, {}, [])


def test_large_numbers_are_written_out():
    much = Calls(1_234_567, 1_000_001)
    assert "calls=1234567 unanswered=1000001" in as_text(Reading(1, False, {}, {}, much, 0, ()))


def test_vendors_with_one_name_are_added_up_and_show_the_worst_breaker():
    trial, paused = Standing(State.TRIAL), Standing(State.PAUSED, 0.2)
    use = sum(
        (VendorUse(calls(100), each) for each in (Standing(), paused, trial)), start=VendorUse()
    )
    reading = Reading(900, False, {}, {"rest": use}, Calls(), 0, ())
    assert "vendor rest: calls=3 " in as_text(reading)
    # A pause's remaining time is never shown as zero.
    assert "breaker=paused paused_s=1" in as_text(reading)
