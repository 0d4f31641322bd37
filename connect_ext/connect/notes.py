"""Notes on a request's conversation, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class NoteKind(Enum):
    """The audience of a note: Connect's own names for the types of a message."""

    PRIVATE = "private"
    MESSAGE = "message"


@dataclass(frozen=True)
class PrivateNote:
    """A private note of our own account."""

    text: str
    created: datetime
    """By Connect's clock."""


@dataclass(frozen=True)
class Notes:
    """The private notes of our own account about one request, the oldest first."""

    notes: tuple[PrivateNote, ...]
    now: datetime
    """The moment of reading, by Connect's clock."""
