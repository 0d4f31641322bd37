"""How long a vendor's "not now" is only that. Pure, with no clock and no I/O."""

from __future__ import annotations

from itertools import pairwise

from connect_ext.cancelling.marks import History

CONFLICTS_TO_BELIEVE, CONFLICTS_ASKED = 3, 12
"""In each ``SETTLE_MINUTES``: the least that must be heard, and the most that is asked."""

CONFLICT_GAP_SECONDS = 3600.0
"""Twice the longest wait: "not now" said before a longer silence is not counted any more."""


def believes_conflict(history: History, settle_seconds: float) -> bool:
    """Whether the vendor has said "not now" for longer than ``settle_seconds``, without a break."""
    said, most = list(history.conflicts), max(settle_seconds, CONFLICT_GAP_SECONDS)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(said)]
    begins = max((index for index, gap in enumerate(gaps, 1) if gap > most), default=0)
    row = said[begins:]
    lasts = bool(row) and (history.now - row[0]).total_seconds() > settle_seconds
    return lasts and len(row) >= CONFLICTS_TO_BELIEVE


def wants_conflict_note(history: History, settle_seconds: float) -> bool:
    """Whether another "not now" is worth a note: a few in each ``settle_seconds`` are enough."""
    last = history.conflicts[-1] if history.conflicts else None
    return last is None or (history.now - last).total_seconds() > settle_seconds / 4
