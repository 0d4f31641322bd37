"""Whose turn it is: all rules about marks. Pure, with no clock and no I/O."""

from __future__ import annotations

from datetime import datetime

from connect_ext.cancelling.marks import History, Mark, State

SEND_WITHIN_SECONDS = 60.0
"""At least this much time is allowed between leaving a mark and sending under it."""

CLEARLY_YOUNGER_SECONDS = 2.0
"""Messages are dated to the second, by the clock of one of Connect's servers."""


def is_free(history: History, blocks_for: float, *, can_be_asked: bool) -> bool:
    """Whether no standing attempt has to be waited for: for ``blocks_for`` seconds, or for ever."""
    blocking = (_blocks(history, m, blocks_for, can_be_asked) for m in history.standing())
    return not any(blocking) and not _was_refused_lately(history, blocks_for)


def owns(
    attempt: str, took_seconds: float, history: History, blocks_for: float, can_be_asked: bool
) -> bool:
    """Whether the attempt owns the sending: its mark is the oldest of those that count.

    A mark may become visible a while after its date. So another one counts as younger only if it
    is younger by more than the ``took_seconds`` that leaving ours took: then whoever left it could
    see ours.
    """
    own = history.find(attempt)
    if own is None or not own.stands or _was_refused_lately(history, blocks_for):
        return False
    margin = took_seconds + CLEARLY_YOUNGER_SECONDS
    return not any(
        (other.created - own.created).total_seconds() <= margin
        for other in history.standing(except_attempt=attempt)
        if _blocks(history, other, blocks_for, can_be_asked)
    )


def send_within_seconds(settle_seconds: float) -> float:
    """How old a mark may be when a call is sent under it; others wait that much longer.

    A mark that is kept in hand is therefore renewed a few times in each ``settle_seconds``, and no
    more often.
    """
    return max(SEND_WITHIN_SECONDS, settle_seconds / 4)


def is_worn(mark: Mark, now: datetime, settle_seconds: float) -> bool:
    """Whether a mark of our own is too old to send under it, and has to be renewed."""
    return (now - mark.created).total_seconds() > send_within_seconds(settle_seconds)


def _blocks(history: History, mark: Mark, blocks_for: float, can_be_asked: bool) -> bool:
    return not can_be_asked or history.age_seconds(mark) <= blocks_for


def _was_refused_lately(history: History, blocks_for: float) -> bool:
    """Whether an attempt was refused lately while an older one stands: the next one can wait."""
    oldest = min((mark.created for mark in history.standing()), default=history.now)
    return any(
        mark.state is State.REFUSED
        and mark.created > oldest
        and history.age_seconds(mark) <= blocks_for
        for mark in history.marks
    )
