"""The part of a history's beginning about later ends and undone cancellations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from enum import Enum
from zoneinfo import ZoneInfo

BEGINNING = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)


ZUORA_ZONE = ZoneInfo("America/Los_Angeles")
A_LONG_TERM = 300 * 86400.0


class Confirming(Enum):
    """Connect's possible behaviours for ``confirm``, which is not documented."""

    REVOKES = "the request is revoked"
    REFUSED = "it is refused"
    IGNORED = "it is answered, and nothing happens"


@dataclass(frozen=True)
class Later:
    """By default, a cancellation takes effect when the vendor chooses, and nobody revokes it."""

    schedules: bool = False
    """``WHEN_EFFECTIVE_LATER``"""
    when: str = "immediate"
    """``CANCELLATION_DATE``"""
    is_evergreen: bool = False
    on_no_term_end: str = "hold"
    answers_end: bool = True
    """Whether the answer to a cancellation says when it ends, like a look."""
    takes_schedules: bool = True
    """Whether Connect schedules the product's requests."""
    late: float = 0.0
    """Seconds after the planned date at which Connect brings the request back."""
    revoked_at: float | None = None
    """When the buyer's side revokes a scheduled request, as a share of the time until its day."""
    confirming: Confirming = Confirming.REVOKES
    has_undo: bool = True
    """``REST_UNDO_REQUEST``"""
    undo_works_for: float = 0.0
    """Seconds that the vendor needs to carry out an accepted undo."""
    is_invoiced: bool = False
    """Whether Zuora has invoiced the order, so that nobody can delete it."""


def moment(at: float) -> datetime:
    """The moment this many seconds after the beginning."""
    return BEGINNING + timedelta(seconds=at)


def term_ends(ends_after: float, zone: tzinfo) -> date:
    """The first day after the term: tomorrow, or later."""
    return moment(ends_after or A_LONG_TERM).astimezone(zone).date() + timedelta(days=1)


def midnight(day: date, zone: tzinfo) -> float:
    """When a day begins, in seconds from the beginning."""
    return (datetime.combine(day, time(), zone) - BEGINNING).total_seconds()
