"""The marks alone decide whose turn it is to send."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.cancelling.marks import History, Mark, State
from connect_ext.cancelling.turns import is_free, is_worn, owns, send_within_seconds
from tests.unit.builders import NOW
from tests.unit.test_rules import BLOCKS_FOR, NOTHING, STALE, history, mark

OWN, OTHER = "aaaaaaaa", "bbbbbbbb"


class TestTheTurn:
    @pytest.mark.parametrize(
        ("state", "age", "askable", "free"),
        [
            (State.SENDING, 0, True, False),
            (State.SENDING, BLOCKS_FOR, True, False),
            (State.SENDING, BLOCKS_FOR + 1, True, True),
            (State.ACCEPTED, BLOCKS_FOR, True, False),
            (State.SENDING, BLOCKS_FOR + 1, False, False),
            (State.CANCELLED, 10 * BLOCKS_FOR, False, False),
            (State.NOT_SENT, 0, True, True),
            (State.NOT_SENT, 0, False, True),
            (State.CONFLICT, 0, False, True),
            (State.REFUSED, 0, False, True),
        ],
    )
    def test_it_is_free_unless_a_standing_mark_must_be_awaited(self, state, age, askable, free):
        past = history(mark(state, age))
        assert is_free(past, BLOCKS_FOR, can_be_asked=askable) is free

    def test_one_mark_is_enough_to_wait(self):
        past = history(STALE, mark(State.SENDING, 5, OTHER))
        assert not is_free(past, BLOCKS_FOR, can_be_asked=True)

    @pytest.mark.parametrize(
        ("refused_age", "standing_age", "turn"),
        [
            (BLOCKS_FOR, BLOCKS_FOR + 5, False),
            (BLOCKS_FOR + 1, BLOCKS_FOR + 5, True),
            # The refusal came before the standing mark, or no mark stands.
            (BLOCKS_FOR, BLOCKS_FOR, True),
            (1, None, True),
        ],
    )
    def test_after_a_refusal_under_an_older_mark_the_next_attempt_waits(
        self, refused_age, standing_age, turn
    ):
        marks = [mark(State.REFUSED, refused_age, "cccccccc")]
        # A mark that no longer counts itself, but whose call may have been carried out.
        marks += [mark(State.SENDING, standing_age, OTHER)] if standing_age else []
        before = history(*marks)
        counts = standing_age is not None and standing_age <= BLOCKS_FOR
        assert is_free(before, BLOCKS_FOR, can_be_asked=True) is (turn and not counts)
        after = history(*marks, mark(State.SENDING, 0, OWN))
        assert owns(OWN, 1.0, after, BLOCKS_FOR, True) is (turn and not counts)

    def test_a_single_attempt_owns_it(self):
        assert owns(OWN, 0.0, history(mark(State.SENDING, 5, OWN)), BLOCKS_FOR, True)

    @pytest.mark.parametrize("state", [State.NOT_SENT, State.CONFLICT, State.REFUSED])
    def test_an_attempt_with_a_withdrawn_mark_does_not_own_it(self, state):
        assert not owns(OWN, 0.0, history(mark(state, 5, OWN)), BLOCKS_FOR, True)
        assert not owns(OWN, 0.0, NOTHING, BLOCKS_FOR, True)

    @pytest.mark.parametrize(
        ("younger_by", "took", "is_ours"),
        [
            (-1, 0.0, False),
            (0, 0.0, False),
            (2, 0.0, False),
            (3, 0.0, True),
            (3, 1.0, False),
            (4, 1.0, True),
            (32, 30.0, False),
            (33, 30.0, True),
        ],
    )
    @pytest.mark.parametrize("order", [1, -1])
    def test_another_mark_must_be_clearly_younger(self, younger_by, took, is_ours, order):
        """By over two seconds plus the time that leaving ours took, so its owner could see ours."""
        marks = [mark(State.SENDING, 100, OWN), mark(State.SENDING, 100 - younger_by, OTHER)]
        assert owns(OWN, took, history(*marks[::order]), BLOCKS_FOR, True) is is_ours

    def test_a_withdrawn_or_old_mark_prevents_no_sending(self):
        own = mark(State.SENDING, 1, OWN)
        assert owns(OWN, 0.0, history(mark(State.NOT_SENT, 50, OTHER), own), BLOCKS_FOR, True)
        old = mark(State.SENDING, BLOCKS_FOR + 1, OTHER)
        assert owns(OWN, 0.0, history(old, own), BLOCKS_FOR, True)
        assert not owns(OWN, 0.0, history(old, own), BLOCKS_FOR, False)

    @given(st.data())
    def test_of_any_number_of_attempts_at_most_one_owns_it(self, data):
        """Each leaves a mark, then reads; a mark becomes visible some time after its date.

        All times come from one clock, cut to whole seconds, like Connect's.
        """
        tenths = st.integers(0, 100).map(lambda number: number / 10)
        left = {}
        for number in range(data.draw(st.integers(2, 4))):
            began, until_dated, until_shown, until_over, until_read = (
                data.draw(tenths) for _ in range(5)
            )
            dated = began + until_dated
            over = dated + until_shown + until_over
            attempt = f"{number:08x}"
            left[attempt] = (dated, dated + until_shown, over - began, over + until_read)
        owners = []
        for attempt, (_, _, took, read) in left.items():
            marks = [
                Mark(other, NOW + timedelta(seconds=int(dated)), State.SENDING)
                for other, (dated, shown, _, _) in left.items()
                if shown <= read
            ]
            seen = History(tuple(marks), NOW + timedelta(seconds=read))
            if owns(attempt, took, seen, BLOCKS_FOR, data.draw(st.booleans())):
                owners.append(attempt)
        assert len(owners) <= 1

    @pytest.mark.parametrize(
        ("settle", "most"), [(3.0, 60), (240.0, 60), (1200.0, 300), (3600.0, 900)]
    )
    def test_a_mark_is_renewed_before_anything_is_sent_under_it_if_it_is_too_old(
        self, settle, most
    ):
        assert send_within_seconds(settle) == most
        assert not is_worn(mark(State.SENDING, most), NOW, settle)
        assert is_worn(mark(State.SENDING, most + 1), NOW, settle)
