"""Calls are counted and their times kept, in constant memory."""

import random
import statistics

import pytest

from connect_ext.http.call_times import Calls, CallTimes


def times_of(*seconds, unanswered=0):
    times = CallTimes()
    for each in seconds:
        times.note(each, is_answered=True)
    for _ in range(unanswered):
        times.note(30, is_answered=False)
    return times


def test_without_calls_there_are_no_times():
    assert not times_of().has_any
    calls = times_of().taken()
    assert (calls.count, calls.unanswered, calls.percentile(50)) == (0, 0, None)


@pytest.mark.parametrize(
    ("milliseconds", "median", "p99"),
    [
        ([120], 120, 120),
        ([100, 200], 100, 200),
        ([100, 200, 300], 200, 300),
        (range(1, 100), 50, 99),
        ([10] * 99 + [5000], 10, 10),
        ([10] * 98 + [5000] * 2, 10, 5000),
        ([0.42], 0.42, 0.42),
        ([0], 0, 0),
    ],
    ids=str,
)
def test_a_percentile_is_the_time_within_which_that_share_of_answers_came(
    milliseconds, median, p99
):
    calls = times_of(*(each / 1000 for each in milliseconds)).taken()
    assert (calls.percentile(50), calls.percentile(99)) == (median, p99)


def test_calls_without_an_answer_count_and_have_no_time():
    times = times_of(0.1, unanswered=2)
    assert times.has_any
    calls = times.taken()
    assert (calls.count, calls.unanswered, calls.percentile(99)) == (3, 2, 100)
    assert times_of(unanswered=1).taken().percentile(50) is None


def test_taken_counts_are_not_taken_again():
    times = times_of(0.1, 0.2, unanswered=1)
    first = times.taken()
    assert not times.has_any
    assert times.taken() == Calls()
    times.note(0.3, is_answered=True)
    assert (first.count, times.taken().count) == (3, 1)


def test_the_calls_of_two_clients_are_added():
    both = times_of(0.1, 0.3, unanswered=1).taken() + times_of(0.1, 0.2).taken()
    assert (both.count, both.unanswered) == (5, 1)
    assert [both.percentile(percent) for percent in (50, 75, 100)] == [100, 200, 300]


def test_a_hundred_thousand_calls_need_little_memory_and_are_shown_to_two_digits():
    dice = random.Random(7)
    seconds = [dice.lognormvariate(-2, 1.5) for _ in range(100_000)]
    calls = times_of(*seconds).taken()
    assert len(calls.milliseconds) < 600
    exact = [1000 * each for each in statistics.quantiles(seconds, n=100)]
    for percent in (1, 50, 99):
        assert calls.percentile(percent) == pytest.approx(exact[percent - 1], rel=0.06)
