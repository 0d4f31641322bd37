"""Marks: which notes count, and their combined meaning."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.cancelling.marks import History, Mark, State, history_of, text_of, with_conflict
from connect_ext.connect.notes import PrivateNote
from connect_ext.vendors.base import Act
from tests.unit.builders import NOW, odd_texts

A, B = "aaaaaaaa", "bbbbbbbb"
OF_UNDOING = [s for s in State if s not in (State.UNFINISHED, State.CANCELLED)]
MARKS = [(Act.CANCEL, state) for state in State] + [(Act.UNDO, state) for state in OF_UNDOING]
STANDING = {State.SENDING, State.UNFINISHED, State.ACCEPTED, State.CANCELLED}


def at(second: float):
    return NOW + timedelta(seconds=second)


def note(attempt: str, state: State, second: float = 0, act: Act = Act.CANCEL) -> PrivateNote:
    return PrivateNote(text_of(attempt, state, act), at(second))


def read(*notes: PrivateNote, act: Act = Act.CANCEL) -> History:
    return history_of(notes, at(100), act)


def marks_in(text: str) -> tuple[Mark, ...]:
    return read(PrivateNote(text, NOW)).marks


@pytest.mark.parametrize(("act", "state"), MARKS)
def test_a_mark_is_a_sentence_with_a_tag_for_the_program_at_its_end(act, state):
    text = text_of("0123abcd", state, act)
    sentence, _, tag = text.rpartition(" [")
    assert tag == f"connect-ext {act.value} 0123abcd {state.value}]"
    assert sentence.endswith(".")
    begun, told = note("0123abcd", State.SENDING, act=act), PrivateNote(text, NOW)
    assert read(begun, told, act=act).marks == (Mark("0123abcd", NOW, state),)


@pytest.mark.parametrize(("act", "state"), MARKS)
def test_the_marks_of_one_act_never_count_for_the_other(act, state):
    """Two acts never share an attempt, whatever its id."""
    [other] = set(Act) - {act}
    ours = [note(A, State.SENDING, 1, other), note(A, State.CONFLICT, 2, other)]
    theirs = [note(A, State.SENDING, 3, act), note(A, state, 4, act), note(B, state, 5, act)]
    assert read(*ours, *theirs, act=other).marks == read(*ours, act=other).marks
    assert read(*ours, *theirs, act=other).conflicts == (at(2),)
    assert read(*theirs, act=other).marks == ()


def test_an_undo_knows_the_attempts_to_cancel_besides_its_own():
    notes = [
        note(A, State.SENDING, 1),
        note(A, State.CANCELLED, 2),
        note(B, State.SENDING, 3, Act.UNDO),
    ]
    history = read(*notes, act=Act.UNDO)
    assert history.cancelling == read(*notes).marks == (Mark(A, at(1), State.CANCELLED),)
    assert history.marks == history.standing() == (Mark(B, at(3), State.SENDING),)
    assert read(*notes).cancelling == ()


def test_the_result_of_an_undo_never_begun_here_is_not_believed():
    history = read(note(A, State.ACCEPTED, act=Act.UNDO), act=Act.UNDO)
    assert history.marks == (Mark(A, NOW, State.SENDING),)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.CANCELLED])
def test_the_result_of_an_attempt_never_begun_here_is_not_believed(state):
    """A colleague copied it from another request."""
    assert marks_in(text_of(A, state)) == (Mark(A, NOW, State.SENDING),)
    assert read(note(A, State.SENDING), note(B, state)).find(B).state is State.SENDING


def test_the_tags_of_earlier_releases_are_read():
    """Marks outlive the release that left them, so tags and states are never reworded."""
    words = ["sending", "unfinished", "accepted", "cancelled", "not-sent", "conflict", "refused"]
    assert [state.value for state in State] == words
    assert [act.value for act in Act] == ["cancel", "undo"]
    for act, state in product(Act, State):
        tags = [f"[connect-ext {act.value} {A} {each}]" for each in ("sending", state.value)]
        notes = [PrivateNote(f"Other words. {tag}", NOW) for tag in tags]
        assert read(*notes, act=act).marks[0].state is state


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The cancellation is being sent to the vendor.",
        f"[connect-ext cancel {A} sending] and more",
        f"[connect-ext cancel {A} sending] [connect-ext held unproven]",
        f"[connect-ext cancel {A} not-sent] was said; [connect-ext cancel {A} paused]",
        f"[connect-ext cancel {A} done]",
        f"[connect-ext cancel {A}  sending]",
        f"[connect-ext cancel {A} sending",
        f"[Connect-Ext cancel {A} sending]",
        f"[connect-ext cancel {A.upper()} sending]",
        f"[connect-ext cancel {A}a sending]",
        f"[connect-ext cancel {A[1:]} sending]",
        "[connect-ext cancel gggggggg sending]",
        f"[connect-ext resume {A} sending]",
        f"[connect-ext undo cancel {A} sending]",
        f"[connect-ext cancel {A} undo sending]",
        f"[connect-ext waiting sent] [connect-ext cancel {A} sending ]",
    ],
)
def test_a_note_that_is_not_exactly_a_mark_means_nothing(text):
    assert marks_in(text) == ()


def test_blanks_at_the_end_of_a_note_do_not_matter():
    assert len(marks_in(text_of(A, State.SENDING) + " \n")) == 1


@given(odd_texts, odd_texts, st.sampled_from(Act))
def test_no_text_around_a_tag_forges_a_mark_or_breaks_reading(before, after, act):
    text = f"{before}[connect-ext {act.value} {A} refused]{after}"
    found = read(PrivateNote(text, NOW), act=act).marks
    assert bool(found) is (not after.strip())


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from(State), st.integers(0, 9))))
def test_all_notes_of_an_attempt_give_its_state_in_any_order(told):
    notes = [note(*each) for each in told]
    history = read(*notes)
    assert history == read(*notes[::-1])
    assert {mark.attempt for mark in history.marks} == {attempt for attempt, _, _ in told}
    weights = list(State)
    for mark in history.marks:
        states = [state for attempt, state, _ in told if attempt == mark.attempt]
        heaviest = max(states, key=weights.index)
        believed = State.SENDING in states or heaviest not in STANDING
        assert mark.state is (heaviest if believed else State.SENDING)
        assert mark.stands is (mark.state in STANDING)
        assert mark.stands is (set(states) <= STANDING)
    assert list(history.marks) == sorted(history.marks, key=lambda m: (m.created, m.attempt))


@pytest.mark.parametrize(
    ("notes", "created"),
    [
        ([note(A, State.SENDING, 1), note(A, State.ACCEPTED, 5)], 1),
        ([note(A, State.SENDING, 1), note(A, State.REFUSED, 5)], 1),
        ([note(A, State.SENDING, 1), note(A, State.SENDING, 5)], 5),
        ([note(A, State.SENDING, 5), note(A, State.SENDING, 1)], 5),
        ([note(A, State.SENDING, 1), note(A, State.SENDING, 5), note(A, State.CANCELLED, 9)], 5),
        ([note(A, State.REFUSED, 3)], 3),
    ],
)
def test_a_mark_is_as_old_as_its_last_renewal(notes, created):
    [mark] = read(*notes).marks
    assert mark.created == at(created)
    assert read(*notes).age_seconds(mark) == 100 - created


def test_a_history_finds_marks_and_counts_refusals_and_conflicts():
    history = read(
        PrivateNote("Not a mark.", at(0)),
        note(B, State.SENDING, 3),
        note(A, State.SENDING, 1),
        note("cccccccc", State.CONFLICT, 5),
        note("dddddddd", State.CONFLICT, 4),
        note("eeeeeeee", State.REFUSED, 6),
        note("ffffffff", State.NOT_SENT, 0),
        note("00000000", State.REFUSED, 7),
    )
    sending = [Mark(A, at(1), State.SENDING), Mark(B, at(3), State.SENDING)]
    assert history.standing() == tuple(sending)
    assert history.standing(except_attempt=A) == (sending[1],)
    assert history.find(B) == sending[1]
    assert history.find("99999999") is None
    assert history.definite_answers == 2
    assert history.conflicts == (at(4), at(5))
    assert with_conflict(history).conflicts == (at(4), at(5), at(100))
    assert with_conflict(history).marks == history.marks
    assert history.now == at(100)
