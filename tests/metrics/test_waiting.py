"""The list of waiting requests: the longest waits first, and when a request leaves it."""

from datetime import timedelta

import pytest

from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    DryRun,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.metrics.waiting import LONG_PAST, MOST_REQUESTS, WaitingRequests
from tests.unit.builders import DAY, NOW, connect_request

SENT = Wait(Cause.SENT, "It was sent.", seconds=30)


def request(number, waits=timedelta(), **changes):
    created = (NOW - waits).isoformat()
    return connect_request(**{"id": f"PR-{number}", "created": created, **changes})


def shown(waiting, now=NOW, most=5):
    """The number of requests, and the ids of those that wait longest."""
    number, longest = waiting.shown(most, now)
    return number, [each.request_id for each in longest]


def test_the_longest_waits_come_first_and_the_others_are_counted():
    waiting = WaitingRequests()
    for number, hours in enumerate((2, 5, 1, 4, 3)):
        waiting.note(SENT, request(number, timedelta(hours=hours)), NOW)
    assert shown(waiting, most=3) == (5, ["PR-1", "PR-3", "PR-4"])


def test_each_request_is_shown_with_its_last_cause_and_the_start_of_its_wait():
    waiting = WaitingRequests()
    scheduled_for_a_year = {"planned_date": NOW.isoformat(), "updated": NOW.isoformat()}
    waiting.note(SENT, request(1, 365 * DAY, **scheduled_for_a_year), NOW)
    waiting.note(Wait(Cause.BUSY, "It is busy.", seconds=60), request(2, DAY), NOW)
    waiting.note(SENT, request(2, DAY), NOW)
    _, longest = waiting.shown(5, NOW)
    assert [(each.request_id, each.since, each.cause) for each in longest] == [
        ("PR-2", NOW - DAY, "sent"),
        ("PR-1", NOW, "sent"),
    ]


@pytest.mark.parametrize(
    "step",
    [
        Approve(Cause.CANCELLED),
        Schedule(Cause.SCHEDULED, NOW),
        Confirm(Cause.REVOKED),
        Reject(Cause.REFUSED, "No."),
        Hold(Cause.UNKNOWN_ID, "No."),
        Leave(Cause.SETTLED_ELSEWHERE, "It was approved."),
        DryRun(Cause.DRY_RUN, "It would be cancelled.", "cancel"),
        Wait(Cause.ENDS_LATER, "It ends later.", until=NOW + 90 * DAY, seconds=86_400),
    ],
    ids=lambda step: type(step).__name__,
)
def test_settled_requests_and_those_with_a_known_day_are_not_listed(step):
    waiting = WaitingRequests()
    for number in (1, 2):
        waiting.note(SENT, request(number), NOW)
    waiting.note(step, request(1), NOW)
    assert shown(waiting) == (1, ["PR-2"])


def test_a_request_that_another_instance_has_had_since_is_forgotten():
    waiting = WaitingRequests()
    waiting.note(SENT, request(1), NOW)
    waiting.note(Wait(Cause.BUSY, "It is busy.", seconds=1800), request(2), NOW)
    next_look = NOW + timedelta(seconds=30)
    assert shown(waiting, next_look)[0] == 2
    assert shown(waiting, next_look + LONG_PAST) == (1, ["PR-2"])
    # It is gone, not only hidden: it does not return with the clock.
    assert shown(waiting) == (1, ["PR-2"])


def test_its_length_is_bounded_and_the_one_seen_longest_ago_goes_first():
    waiting = WaitingRequests()
    for number in range(MOST_REQUESTS):
        waiting.note(SENT, request(number), NOW)
    waiting.note(SENT, request(0), NOW)
    waiting.note(SENT, request(MOST_REQUESTS), NOW)
    number, longest = waiting.shown(MOST_REQUESTS, NOW)
    assert number == MOST_REQUESTS
    assert {"PR-0", "PR-1"} & {each.request_id for each in longest} == {"PR-0"}


@pytest.mark.parametrize("data", [None, [], "PR-1", {}, request("1\n2"), request(1, asset=None)])
def test_a_request_that_cannot_be_named_is_not_listed(data):
    waiting = WaitingRequests()
    waiting.note(SENT, data, NOW)
    assert shown(waiting) == (0, [])


@pytest.mark.parametrize(
    ("created", "comes_first"),
    [
        ("0001-01-01T00:00:00+23:59", True),
        ("9999-12-31T23:59:59-23:59", False),
        ("not a date", False),
        (None, False),
    ],
)
def test_any_date_of_a_requests_beginning_is_accepted(created, comes_first):
    waiting = WaitingRequests()
    waiting.note(SENT, request(1, created=created), NOW)
    waiting.note(SENT, request(2, DAY), NOW)
    assert shown(waiting)[1][0] == ("PR-1" if comes_first else "PR-2")
