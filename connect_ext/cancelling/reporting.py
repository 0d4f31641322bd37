"""Reports: private notes that tell people what a request waits for, and how it ended."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    DryRun,
    Final,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.connect.conversation import MAX_NOTE_CHARACTERS, Conversation
from connect_ext.connect.notes import PrivateNote
from connect_ext.errors import Later

if TYPE_CHECKING:
    from connect_ext.shared_state import Memory

REPORT_SECONDS = 30.0
"""How long a report may take, on top of its walk's deadline."""

OLD_ENOUGH_SECONDS = 60.0
"""A younger request has had only this delivery, and so has no report to correct."""

PAUSE_SECONDS = 3600.0
"""The least time between two reports on a waiting request whose cause keeps changing."""

WAITING, HELD, DRY_RUN, SETTLED, FOUND = "waiting", "held", "dry-run", "settled", "found"
_TAG = re.compile(r"\[connect-ext (waiting|held|dry-run|settled|found) ([a-z-]{1,40})\]$")
MOST_OF_A_TAG = 64
_WITH_WORDS = (HELD, DRY_RUN)
"""The reports that are left again if they say something new about the same cause."""


@dataclass(frozen=True)
class Report:
    """A report as its note has it: its kind in one word, and its cause."""

    kind: str
    cause: str
    says: str = ""
    """For a person who will try again: why it is held, or what a dry run would send."""
    created: datetime | None = field(default=None, compare=False)
    sentence: str = field(default="", compare=False, repr=False)
    """The note without its tag."""

    @property
    def known_cause(self) -> Cause | None:
        """The cause, if this release knows it."""
        return Cause(self.cause) if self.cause in {each.value for each in Cause} else None

    def is_recent_wait(self, now: datetime) -> bool:
        """Whether it was left recently and says what the request waits for."""
        if self.kind != WAITING or self.created is None:
            return False
        return (now - self.created).total_seconds() < PAUSE_SECONDS


async def report(
    step: Final,
    request: CancelRequest,
    conversation: Conversation,
    memory: Memory,
    *,
    age_seconds: float,
    escalate_after_hours: float,
) -> bool:
    """Leave a report if people should be told about the step and have not been yet.

    False if they still have not been; errors are ignored.
    """
    due = _due(step, age_seconds, escalate_after_hours)
    if due is None or memory.told == due:
        return True
    if due.kind == SETTLED and memory.told is None and age_seconds < OLD_ENOUGH_SECONDS:
        return True
    with suppress(Later, asyncio.TimeoutError):
        sentence = _sentence(step, request.waits_since)
        at_once = isinstance(step, Wait) and step.until is not None
        work = _leave(due, sentence, request.id, conversation, at_once=at_once)
        if await asyncio.wait_for(work, REPORT_SECONDS):
            memory.told = due
    return memory.told == due


async def _leave(
    due: Report, sentence: str, request_id: str, conversation: Conversation, *, at_once: bool
) -> bool:
    """Leave the report unless the last one says the same; False if it could not be left.

    ``at_once``: the next look is a day away, so the report must not be put off.
    """
    try:
        notes = await conversation.private_notes(request_id)
    except Later:
        # A duplicate report is better than a missing one. But a correction needs a report to
        # correct, and the output of each run has the finding as well.
        is_needed = due.kind not in (SETTLED, FOUND)
        return is_needed and await _note(due, sentence, request_id, conversation)
    last = last_report(notes.notes)
    if last == due:
        return True
    if due.kind == SETTLED and (last is None or last.kind not in (WAITING, HELD)):
        return True
    if due.kind == WAITING and last and last.is_recent_wait(notes.now) and not at_once:
        return False
    return await _note(due, sentence, request_id, conversation)


async def _note(due: Report, sentence: str, request_id: str, conversation: Conversation) -> bool:
    text = f"{_cut(sentence)} [connect-ext {due.kind} {due.cause}]"
    return await conversation.leave(request_id, text)


async def report_finding(
    cause: Cause, sentence: str, request_id: str, conversation: Conversation
) -> bool:
    """Leave a report on a request that is not walked, once; False if it could not be left.

    It is about something that a comparison with the vendor has found.
    """
    due = Report(FOUND, cause.value)
    with suppress(Later, asyncio.TimeoutError):
        return await asyncio.wait_for(
            _leave(due, sentence, request_id, conversation, at_once=True), REPORT_SECONDS
        )
    return False


def _cut(sentence: str) -> str:
    """As much of the sentence as fits in a note with its tag."""
    return sentence[: MAX_NOTE_CHARACTERS - MOST_OF_A_TAG].strip()


def last_report(notes: Iterable[PrivateNote]) -> Report | None:
    """The last report among the notes."""
    found = None
    for note in notes:
        match = _TAG.search(note.text)
        if match:
            sentence = _cut(note.text[: match.start()])
            says = sentence if match[1] in _WITH_WORDS else ""
            found = Report(match[1], match[2], says, note.created, sentence)
    return found


def _due(step: Final, age_seconds: float, escalate_after_hours: float) -> Report | None:
    match step:
        case Wait(cause=cause, needs_person=needs_person, until=until):
            if needs_person or until or age_seconds >= escalate_after_hours * 3600:
                return Report(WAITING, cause.value)
            return None
        case Hold(cause=cause, why=why):
            return Report(HELD, cause.value, _cut(why))
        case DryRun(act=act, what=what):
            return Report(DRY_RUN, act, _cut(what))
        case Approve():
            return Report(SETTLED, "approved")
        case Schedule():
            return Report(SETTLED, "scheduled")
        case Confirm():
            return Report(SETTLED, "revoked")
        case Reject():
            return Report(SETTLED, "failed")
        case Leave():
            return Report(SETTLED, "elsewhere")


def needs_person(step: Wait, age_seconds: float, escalate_after_hours: float) -> bool:
    """Whether people are told about a wait because somebody may have to act."""
    return step.until is None and _due(step, age_seconds, escalate_after_hours) is not None


def _sentence(step: Final, waits_since: datetime | None) -> str:
    match step:
        case Wait(why=why, until=until) if until:
            return f"{why} It is checked once a day, and at {until:%Y-%m-%d %H:%M %Z}."
        case Wait(why=why, vendor_says=said):
            why = f"{why} The vendor says: {said}" if said else why
            since = f" since {waits_since:%Y-%m-%d %H:%M %Z}" if waits_since else ""
            return (
                f"This request has been waiting{since}. It is tried again at least every 30"
                f" minutes. {why}"
            )
        case Hold(why=why):
            return why
        case DryRun(what=what):
            return what
        case Approve():
            return "This request no longer waits: it is approved."
        case Schedule():
            return "This request no longer waits: it is scheduled."
        case Confirm():
            return "This request no longer waits: its revocation is confirmed."
        case Reject():
            return "This request no longer waits: it is rejected."
        case Leave():
            return "This request no longer waits: somebody else has settled it."
