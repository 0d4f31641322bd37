import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.cancelling.waiting import (
    MAX_SECONDS,
    MIN_SECONDS,
    MIN_SECONDS_FOR_A_PERSON,
    wait_seconds,
    wait_seconds_for_a_person,
    wait_seconds_until,
)

ages, jitters = st.floats(0, 10**9), st.floats(0, 1)


@given(ages, jitters)
def test_a_wait_is_from_half_a_minute_to_half_an_hour(age, jitter):
    assert (MIN_SECONDS, MAX_SECONDS) == (30, 1800)
    assert MIN_SECONDS <= wait_seconds(age, jitter) <= MAX_SECONDS


@given(ages, jitters, st.floats(0, 86400))
def test_it_never_ends_before_the_other_sides_retry_after(age, jitter, retry_after):
    wait = wait_seconds(age, jitter, retry_after)
    assert wait >= retry_after
    assert wait < max(wait_seconds(age, jitter), retry_after + 1) + 1


@given(ages, ages, jitters)
def test_it_grows_with_the_age(one, other, jitter):
    younger, older = sorted((one, other))
    assert wait_seconds(younger, jitter) <= wait_seconds(older, jitter)


@pytest.mark.parametrize(
    ("age", "jitter", "seconds"),
    [(0, 0.5, 30), (400, 0.5, 100), (400, 0, 80), (400, 1, 120), (86400, 0.5, 1800)],
)
def test_it_is_a_quarter_of_the_age_give_or_take_a_fifth(age, jitter, seconds):
    assert wait_seconds(age, jitter) == seconds


@given(ages, jitters)
def test_it_is_at_least_five_minutes_if_somebody_has_to_fix_something(age, jitter):
    assert MIN_SECONDS_FOR_A_PERSON == 300
    assert wait_seconds_for_a_person(age, jitter) == max(300, wait_seconds(age, jitter))


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(-5, 30), (0, 30), (30.2, 31), (86_399.5, 86_400), (86_400, 86_400), (1e9, 86_400)],
)
def test_it_is_at_most_a_day_if_the_time_is_known_and_never_ends_before_it(left, seconds):
    assert wait_seconds_until(left) == seconds
