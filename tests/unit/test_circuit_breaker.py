from itertools import count

import pytest

from connect_ext.http.circuit_breaker import CircuitBreaker, Standing, State


class Vendor:
    """A breaker whose clock only moves on demand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.numbers = count()
        self.breaker = CircuitBreaker(lambda: self.now)

    def fails(self, subjects: int = 1) -> None:
        """Fails to serve this many different subjects."""
        for _ in range(subjects):
            self.breaker.failed(self.breaker.begin(f"A-{next(self.numbers)}"))

    def answers(self) -> None:
        self.breaker.succeeded(self.breaker.begin())

    @property
    def pause(self) -> float:
        return self.breaker.pause_seconds()


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


def test_only_the_fifth_failing_subject_pauses_the_calls(vendor):
    vendor.fails(4)
    assert vendor.pause == 0
    vendor.fails()
    assert vendor.pause == 5


def test_a_few_subjects_that_always_fail_never_pause_the_calls(vendor):
    for _ in range(100):
        for subject in ("A-1", "A-2", "A-3", ""):
            vendor.breaker.failed(vendor.breaker.begin(subject))
    assert vendor.pause == 0


def test_only_failures_in_a_row_count(vendor):
    vendor.fails(4)
    vendor.answers()
    vendor.fails(4)
    assert vendor.pause == 0


def test_the_pause_doubles_with_each_failed_trial_up_to_five_minutes(vendor):
    vendor.fails(5)
    pauses = []
    for _ in range(9):
        pauses.append(vendor.pause)
        vendor.now += vendor.pause
        vendor.fails()
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_there_is_one_trial_at_a_time(vendor):
    vendor.fails(5)
    vendor.now += 5
    assert vendor.pause == 0
    trial = vendor.breaker.begin()
    assert vendor.pause > 0
    vendor.breaker.succeeded(trial)
    assert vendor.pause == 0


def test_after_a_successful_trial_it_takes_five_failures_again(vendor):
    vendor.fails(5)
    vendor.now += 5
    vendor.answers()
    vendor.fails(4)
    assert vendor.pause == 0
    vendor.fails()
    assert vendor.pause == 5


def test_an_abandoned_trial_makes_room_for_the_next(vendor):
    vendor.fails(5)
    vendor.now += 5
    vendor.breaker.abandoned(vendor.breaker.begin())
    assert vendor.pause == 0


def test_calls_already_running_do_not_lengthen_the_pause(vendor):
    under_way = [vendor.breaker.begin(f"B-{number}") for number in range(20)]
    for call in under_way:
        vendor.breaker.failed(call)
    assert vendor.pause == 5


def test_a_late_success_from_before_the_pause_does_not_end_it(vendor):
    early = vendor.breaker.begin()
    vendor.fails(5)
    vendor.breaker.succeeded(early)
    assert vendor.pause == 5


def test_the_vendors_own_retry_after_pauses_at_once_without_a_failure(vendor):
    vendor.breaker.asked_to_wait(vendor.breaker.begin(), 42)
    assert vendor.pause == 42
    vendor.now += 42
    assert vendor.pause == 0
    vendor.fails(4)
    assert vendor.pause == 0


def test_the_vendors_own_retry_after_pauses_for_at_most_an_hour(vendor):
    vendor.breaker.asked_to_wait(vendor.breaker.begin(), 86400)
    assert vendor.pause == 3600


def test_a_shorter_pause_does_not_cut_a_longer_one(vendor):
    vendor.breaker.asked_to_wait(vendor.breaker.begin(), 60)
    vendor.fails(5)
    assert vendor.pause == 60


class TestStanding:
    def test_it_is_closed_until_five_subjects_have_failed(self, vendor):
        vendor.fails(4)
        assert vendor.breaker.standing == Standing(State.CLOSED)

    def test_a_pause_is_shown_with_its_remaining_time(self, vendor):
        vendor.fails(5)
        vendor.now += 2
        assert vendor.breaker.standing == Standing(State.PAUSED, 3)

    def test_after_it_a_trial_is_due_and_then_under_way(self, vendor):
        vendor.fails(5)
        vendor.now += 5
        assert vendor.breaker.standing == Standing(State.TRIAL)
        trial = vendor.breaker.begin("A-1")
        assert vendor.breaker.standing == Standing(State.TRIAL)
        vendor.breaker.succeeded(trial)
        assert vendor.breaker.standing == Standing(State.CLOSED)

    def test_a_pause_requested_by_the_vendor_needs_no_trial(self, vendor):
        vendor.breaker.asked_to_wait(vendor.breaker.begin(), 60)
        assert vendor.breaker.standing == Standing(State.PAUSED, 60)
        vendor.now += 60
        assert vendor.breaker.standing == Standing(State.CLOSED)

    def test_the_greater_state_is_the_worse(self):
        paused = [Standing(State.PAUSED, seconds) for seconds in (3, 60)]
        assert sorted([*paused, Standing(State.TRIAL), Standing()]) == [
            Standing(State.CLOSED),
            Standing(State.TRIAL),
            *paused,
        ]
