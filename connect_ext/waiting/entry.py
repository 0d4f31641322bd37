"""An entry for each open request, and an overview of all of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from connect_ext.open_requests.subject import Subject


class State(str, Enum):
    """The state of an open request in Connect."""

    WAITS = "waits"
    """Its task will come again."""
    HELD = "held"
    """Left to a person, who must resubmit its task."""
    DRY_RUN = "dry run"
    """Its task only left a note."""
    REVOKING = "revoking"
    """The customer's side has taken it back; its task will come again."""
    SCHEDULED = "scheduled"
    OVERDUE = "overdue"
    """Scheduled for a day that has passed."""


NOT_ASKED = "not asked"
NOT_KNOWN = "not known"


@dataclass(frozen=True)
class VendorView:
    """The subscription at the vendor, in a word."""

    word: str
    """A status, ``NOT_ASKED`` or ``NOT_KNOWN``."""
    why: str = ""
    """The cause of ``NOT_ASKED`` or ``NOT_KNOWN``."""
    ends_at: datetime | None = None
    """When a cancelled subscription ends, if in the future."""

    def __str__(self) -> str:
        if self.ends_at is not None:
            return f"ends on {self.ends_at:%Y-%m-%d}"
        return f"{self.word}: {self.why}" if self.why else self.word


@dataclass(frozen=True)
class LastNote:
    """The extension's last report on the request."""

    kind: str
    cause: str
    at: datetime | None
    text: str
    """Its sentence, if it may be shown."""

    def __str__(self) -> str:
        day = f"{self.at:%Y-%m-%d %H:%M} " if self.at else ""
        return f"{day}{self.kind}, {self.cause}{f': {self.text}' if self.text else ''}"


@dataclass(frozen=True)
class Entry:
    """One open request."""

    subject: Subject
    waits_seconds: float
    """By Connect's clock."""
    status: str
    """In Connect's own terms: pending, revoking or scheduled."""
    state: State
    planned: datetime | None
    """When Connect will return a scheduled request."""
    vendor: VendorView
    note: LastNote | None
    act: str
    """What would happen now, in one word."""
    decision: str
    """What would happen now, in a sentence."""
    cause: str
    """Why it waits; empty if for no particular reason."""
    next_step: str
    """The action for a person; empty if none is needed."""

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something."""
        return bool(self.next_step)

    @property
    def in_connect(self) -> str:
        """The state, with the day for which the request is scheduled."""
        if self.planned is None:
            return self.state.value
        word = "since" if self.state is State.OVERDUE else "for"
        return f"{self.state.value} {word} {self.planned:%Y-%m-%d}"

    def as_json(self) -> dict[str, Any]:
        """The entry as a JSON object."""
        note = self.note
        return {
            "id": self.subject.id,
            "asset_id": self.subject.asset_id,
            "product_id": self.subject.product_id,
            "since": _written(self.subject.since),
            "waits_seconds": round(self.waits_seconds),
            "status": self.status,
            "state": self.state.value,
            "planned": _written(self.planned),
            "vendor": {**asdict(self.vendor), "ends_at": _written(self.vendor.ends_at)},
            "note": {**asdict(note), "at": _written(note.at)} if note else None,
            "act": self.act,
            "decision": self.decision,
            "cause": self.cause,
            "needs_person": self.needs_person,
            "next_step": self.next_step,
        }


@dataclass(frozen=True)
class Overview:
    """All waiting requests, as far as they could be seen."""

    entries: tuple[Entry, ...] = ()
    """Oldest first."""
    others: int = 0
    """How many open requests belong to another environment."""
    problems: tuple[str, ...] = ()
    """Sentences about things that could not be seen."""

    @property
    def needing_person(self) -> tuple[Entry, ...]:
        """The entries that need a person."""
        return tuple(each for each in self.entries if each.needs_person)

    @property
    def is_whole(self) -> bool:
        """Whether everything could be seen."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The overview as a JSON object."""
        return {
            "needs_person": bool(self.needing_person),
            "is_whole": self.is_whole,
            "problems": list(self.problems),
            "requests_of_others": self.others,
            "requests": [each.as_json() for each in self.entries],
        }


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
