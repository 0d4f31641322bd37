"""Bugs that only show with later ends or with cancellations that are taken back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from connect_ext.cancelling import marks, revoking
from connect_ext.cancelling.attempts import Attempts
from connect_ext.cancelling.case import Case
from connect_ext.cancelling.evidence import Evidence
from connect_ext.cancelling.process import process
from connect_ext.cancelling.steps import Confirm, Ended, Step
from connect_ext.cause import Cause
from connect_ext.connect.api import SCHEDULED
from connect_ext.connect.notes import PrivateNote
from connect_ext.errors import Later, Refused
from connect_ext.single_flight import SingleFlight
from connect_ext.vendors.base import Accepted, Act, Cancellation, Subscription
from tests.model.broken import Passing, Variant, deciding, with_vendor
from tests.model.history import WITH_KEY, Asking

_ACT = re.compile(r"(?<=\[connect-ext )(cancel|undo)(?= [0-9a-f])")
_history_of = marks.history_of
_run = SingleFlight.run
_decide = revoking.decide
_is_repeatable = Case.is_repeatable


def _of_any_act(
    notes: Iterable[PrivateNote], now: datetime, act: Act = Act.CANCEL
) -> marks.History:
    read = [replace(note, text=_ACT.sub(act.value, note.text)) for note in notes]
    return _history_of(read, now, act)


def _confirmed_unseen(e: Evidence) -> Step:
    return Confirm(Cause.REVOKED)


def _after_one_look(e: Evidence) -> Step:
    return _decide(replace(e, looks=2))


def _as_if_ours(e: Evidence) -> tuple[marks.Mark, ...]:
    return (marks.Mark("0badcafe", e.now, marks.State.CANCELLED),)


def never(*_: object, **__: object) -> bool:
    """A rule that always says no."""
    return False


async def _nothing(*_: object) -> None:
    """Undo nothing."""


async def _whatever_the_status(self: Any, key: Any, work: Any) -> Any:
    return await _run(self, key[:2] if len(key) == 3 else key, work)


def _no_mark_to_undo(case: Case) -> bool:
    return case.act is Act.UNDO or bool(_is_repeatable.fget(case))  # type: ignore[attr-defined]


def _own_clock(e: Evidence, moment: datetime) -> float:
    return (moment - e.now).total_seconds()


def _long_ago(_e: Evidence, _moment: datetime) -> float:
    return -1.0


class RefusesToUndo(Passing):
    """Treats a temporary refusal to undo as the vendor's final word."""

    @property
    def can_take_back(self) -> bool:
        return bool(self.vendor.can_take_back)

    async def take_back(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        try:
            accepted: Accepted = await self.vendor.take_back(order, shown)
            return accepted
        except Later as error:
            raise Refused(error.message) from None


async def _believing_a_lost_schedule(
    request: Any, settings: Any, connect: Any, *others: Any
) -> Ended:
    schedule = connect.schedule

    async def believed(*payload: Any) -> str:
        try:
            return str(await schedule(*payload))
        except Later:
            return SCHEDULED

    with patch.object(connect, "schedule", believed):
        return await process(request, settings, connect, *others)


def _with(owner: Any, name: str, part: Any) -> Variant:
    return Variant(parts=((owner, name, part),))


SHARES_WALKS = _with(SingleFlight, "run", _whatever_the_status)
"""Lets a revoking delivery join the walk of a pending one."""

LEAVES_A_MARK = _with(Attempts, "take_back_unsent", _nothing)
"""Claims a cancellation by a mark under which nothing was sent."""

IGNORES_A_CANCELLATION = _with(Evidence, "may_still_cancel", never)
"""Ignores that calls on their way may arrive after the end. Such a bug only shows if people at the
vendor and in the portal act in a certain order, so random histories are not enough for these
three.
"""

_VARIANTS = {
    "undo marks are read as cancel marks": _with(marks, "history_of", _of_any_act),
    "an undo leaves no mark": _with(Case, "is_repeatable", property(_no_mark_to_undo)),
    "a revocation is confirmed without a look": _with(revoking, "decide", _confirmed_unseen),
    "one look confirms a revocation": _with(revoking, "decide", _after_one_look),
    "somebody else's cancellation is taken back": _with(Evidence, "cancelling", _as_if_ours),
    "a schedule without an answer counts as one": Variant(_believing_a_lost_schedule),
    "a request is approved before the end": _with(Evidence, "seconds_until", _long_ago),
    "the end comes by this machine's clock": _with(Evidence, "seconds_until", _own_clock),
    "an undo that has failed counts as refused": with_vendor(RefusesToUndo),
    "a cancellation that is scheduled leaves no mark": replace(
        _with(Case, "is_repeatable", property(lambda case: case.vendor.is_repeatable)),
        kinds=WITH_KEY,
    ),
    "a stored answer counts as the vendor's word": replace(
        deciding(lambda e: replace(e, repeats_answers=False)), kinds=WITH_KEY
    ),
}
VARIANTS = {
    name: replace(
        variant, is_later=True, kinds=tuple(k for k in variant.kinds if k is not Asking.KEY_ONLY)
    )
    for name, variant in _VARIANTS.items()
}
SYMPTOMS = {
    "undo marks are read as cancel marks": "is held and could be taken back",
    "an undo leaves no mark": "has taken the cancellation back 2 times",
    "a revocation is confirmed without a look": "is confirmed and not active at the vendor",
    "one look confirms a revocation": "is confirmed and not active at the vendor",
    "somebody else's cancellation is taken back": "takes back a cancellation that is not its own",
    "a schedule without an answer counts as one": "is done and the request is pending",
    "a request is approved before the end": "is approved before its end",
    "the end comes by this machine's clock": "is approved before its end",
    "an undo that has failed counts as refused": "is held and the vendor takes it back, or has",
    "a cancellation that is scheduled leaves no mark": "is held and could be taken back",
    "a stored answer counts as the vendor's word": "is rejected and nobody has refused anything",
}
