"""How long a vendor's "not now" is not taken for a refusal. Pure, with no clock and no I/O."""

from __future__ import annotations

from itertools import pairwise

from connect_ext.cancelling.evidence import Evidence, NotNow
from connect_ext.cancelling.marks import History
from connect_ext.cancelling.steps import Wait
from connect_ext.cause import Cause

CONFLICTS_TO_BELIEVE, CONFLICTS_ASKED = 3, 12
"""In each ``SETTLE_MINUTES``: the least that must be heard, and the most that is asked."""

CONFLICT_GAP_SECONDS = 3600.0
"""Twice the longest wait: a "not now" from before a longer silence no longer counts."""


def wait_for_vendor(e: Evidence, conflict: NotNow, what: str) -> Wait | None:
    """Wait until the vendor can do it; None where its "not now" is believed as a refusal."""
    lasts = isinstance(e.history, History) and believes_conflict(e.history, e.settle_seconds)
    if lasts and not e.repeats_answers:
        # Each noted "not now" changed the key, so this answer is not a stored one.
        return None
    why = f"The vendor cannot {what} at the moment."
    if lasts:
        # The call with the same key may still be under way, or this may be a stored answer.
        why = f"{why} It has said so for a long time: check the subscription at the vendor."
    pause = max(conflict.retry_after or 0.0, e.settle_seconds / CONFLICTS_ASKED)
    return Wait(Cause.CONFLICT, why, lasts, retry_after=pause, vendor_says=conflict.reason)


def believes_conflict(history: History, settle_seconds: float) -> bool:
    """Whether the vendor has said "not now" for longer than ``settle_seconds``, without a break."""
    said, most = list(history.conflicts), max(settle_seconds, CONFLICT_GAP_SECONDS)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(said)]
    begins = max((index for index, gap in enumerate(gaps, 1) if gap > most), default=0)
    row = said[begins:]
    lasts = bool(row) and (history.now - row[0]).total_seconds() > settle_seconds
    return lasts and len(row) >= CONFLICTS_TO_BELIEVE
