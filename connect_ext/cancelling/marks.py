"""Marks: private notes that say what was sent for a request, before it is sent.

A mark is a sentence for people that ends with a tag for the program: the operation, the attempt
and its state. The sentences may be reworded; only the tags count. An attempt's id is never used
again, so its tags may be read in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from connect_ext.connect.notes import PrivateNote
from connect_ext.vendors.base import Act


class State(Enum):
    """The state of an attempt. A later one in this list outweighs those before it."""

    SENDING = "sending"
    UNFINISHED = "unfinished"
    """The vendor has our order, but does not carry it out on its own."""
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    """The vendor's answer showed the subscription as cancelled."""
    NOT_SENT = "not-sent"
    CONFLICT = "conflict"
    REFUSED = "refused"


_STANDING = (State.SENDING, State.UNFINISHED, State.ACCEPTED, State.CANCELLED)
_UNKNOWN = (State.SENDING, State.ACCEPTED)
_RESULTS = (State.UNFINISHED, State.ACCEPTED, State.CANCELLED)
_WEIGHT = {state: weight for weight, state in enumerate(State)}

_OF_CANCELLING = {
    State.SENDING: "The cancellation is being sent to the vendor. Until the vendor shows its"
    " result, this request waits and nothing else is sent.",
    State.UNFINISHED: "The vendor has the order to cancel, but has not carried it out. No other"
    " order is sent.",
    State.ACCEPTED: "The vendor has accepted the cancellation, but does not show its result yet.",
    State.CANCELLED: "The vendor's answer shows the subscription as cancelled; this request still"
    " has to be approved.",
    State.NOT_SENT: "This attempt to cancel did not reach the vendor.",
    State.CONFLICT: "The vendor cannot cancel the subscription at the moment. It will be asked"
    " again.",
    State.REFUSED: "The vendor has refused to cancel the subscription.",
}
_OF_UNDOING = {
    State.SENDING: "The cancellation is being taken back at the vendor. Until the vendor shows the"
    " result, this request waits and nothing else is sent.",
    State.ACCEPTED: "The vendor has agreed to take the cancellation back, but does not show the"
    " result yet.",
    State.NOT_SENT: "This attempt to take the cancellation back did not reach the vendor.",
    State.CONFLICT: "The vendor cannot take the cancellation back at the moment. It will be asked"
    " again.",
    State.REFUSED: "The vendor has refused to take the cancellation back.",
}
_SENTENCES = {Act.CANCEL: _OF_CANCELLING, Act.UNDO: _OF_UNDOING}
_TAG = re.compile(
    rf"\[connect-ext ({'|'.join(act.value for act in Act)}) ([0-9a-f]{{8}})"
    rf" ({'|'.join(state.value for state in State)})\]"
)


@dataclass(frozen=True)
class Mark:
    """One attempt, as its notes describe it."""

    attempt: str
    created: datetime
    """When the mark was left or last renewed, by Connect's clock."""
    state: State

    @property
    def stands(self) -> bool:
        """Whether the call was, or may have been, sent."""
        return self.state in _STANDING


@dataclass(frozen=True)
class History:
    """The attempts made for a request, oldest first."""

    marks: tuple[Mark, ...]
    now: datetime
    """The time by Connect's clock, never ahead of it, and not before the notes were read."""
    conflicts: tuple[datetime, ...] = ()
    """When the vendor said "not now"."""
    cancelling: tuple[Mark, ...] = ()
    """In the history of an undo: the attempts to cancel."""

    def later(self, seconds: float) -> History:
        """The same attempts, ``seconds`` later."""
        return replace(self, now=self.now + timedelta(seconds=seconds))

    def age_seconds(self, mark: Mark) -> float:
        """The age of a mark."""
        return (self.now - mark.created).total_seconds()

    def standing(self, except_attempt: str = "") -> tuple[Mark, ...]:
        """The marks that stand, except that of one attempt."""
        return tuple(m for m in self.marks if m.stands and m.attempt != except_attempt)

    def find(self, attempt: str) -> Mark | None:
        """The mark of an attempt."""
        return next((mark for mark in self.marks if mark.attempt == attempt), None)

    @property
    def definite_answers(self) -> int:
        """How often the vendor has refused, or has done what now has to be done again."""
        return sum(mark.state in (State.REFUSED, State.CANCELLED) for mark in self.marks)

    def answers_heard(self, except_attempt: str) -> int:
        """The same plus each "not now", unless an attempt stands that may have caused it.

        A vendor stores a "not now" under the key as well, and repeats it.
        """
        standing = [m.created for m in self.standing(except_attempt) if m.state in _UNKNOWN]
        until = min(standing, default=self.now)
        return self.definite_answers + sum(said <= until for said in self.conflicts)


def text_of(attempt: str, state: State, act: Act = Act.CANCEL) -> str:
    """The text of a mark."""
    return f"{_SENTENCES[act][state]} [connect-ext {act.value} {attempt} {state.value}]"


def history_of(notes: Iterable[PrivateNote], now: datetime, act: Act = Act.CANCEL) -> History:
    """Read the attempts at an act from the notes; other notes are ignored."""
    notes = list(notes)
    history = _history_of(notes, now, act)
    if act is Act.CANCEL:
        return history
    return replace(history, cancelling=_history_of(notes, now, Act.CANCEL).marks)


def _history_of(notes: Iterable[PrivateNote], now: datetime, act: Act) -> History:
    """The attempts at one act.

    A result of an attempt that was never begun on this request does not count: somebody has copied
    the note from another request. Such a mark only keeps others from sending.
    """
    marks: dict[str, Mark] = {}
    begun: set[str] = set()
    conflicts: dict[str, datetime] = {}
    for note in sorted(notes, key=lambda note: note.created):
        found = _TAG.search(note.text)
        if not found or found.end() != len(note.text.rstrip()) or found[1] != act.value:
            continue
        attempt, state = found[2], State(found[3])
        if state is State.CONFLICT:
            # A repeated call to Connect leaves the same note twice.
            conflicts.setdefault(attempt, note.created)
        known = marks.get(attempt) or Mark(attempt, note.created, state)
        created = known.created
        if state is State.SENDING:
            begun.add(attempt)
            created = note.created
        marks[attempt] = Mark(attempt, created, _heavier(known.state, state))
    for attempt in marks.keys() - begun:
        if marks[attempt].state in _RESULTS:
            marks[attempt] = replace(marks[attempt], state=State.SENDING)
    oldest_first = sorted(marks.values(), key=lambda mark: (mark.created, mark.attempt))
    return History(tuple(oldest_first), now, tuple(conflicts.values()))


def with_conflict(history: History) -> History:
    """The history after the vendor has said "not now" once more."""
    return replace(history, conflicts=(*history.conflicts, history.now))


def _heavier(one: State, other: State) -> State:
    return max(one, other, key=_WEIGHT.__getitem__)
