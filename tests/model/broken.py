"""Variants of the extension with one bug each; the model must find every bug.

They are built from the outside: they get another vendor, client or conversation, or replace a
public rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any
from unittest.mock import patch

from connect_ext.cancelling import conflicts, rules, sending, turns
from connect_ext.cancelling.evidence import Evidence, NotTried
from connect_ext.cancelling.marks import History as Marks
from connect_ext.cancelling.process import process
from connect_ext.cancelling.request import BlankParameter, NoParameter
from connect_ext.cancelling.steps import Ended, Reject, Step, Wait
from connect_ext.cause import Cause
from connect_ext.connect.api import APPROVED
from connect_ext.connect.conversation import Conversation
from connect_ext.connect.notes import NoteKind, Notes
from connect_ext.errors import Later, NotConfigured, NotDone, OutcomeUnknown, Refused
from connect_ext.vendors.base import Accepted, Cancellation, Subscription, SubscriptionStatus
from tests.model.client_twin import ClientTwin
from tests.model.connect_twin import ACCOUNT
from tests.model.history import WITH_KEY, Asking, History
from tests.model.later import Later as LaterEnds
from tests.model.world import Played, Walking, play


@dataclass(frozen=True)
class Variant:
    """The extension with one part replaced."""

    walking: Walking = process
    client: type[ClientTwin] = ClientTwin
    rules: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    turns: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    parts: tuple[tuple[Any, str, Any], ...] = ()
    """A class or module, the name of one of its parts, and the replacement."""
    kinds: tuple[Asking, ...] = tuple(Asking)
    """The kinds of vendor that can show the bug."""
    is_later: bool = False
    """Whether only histories of scheduled requests show it; if not, these longer ones are left out.
    """

    is_unmarked: bool = False
    """Whether only histories without any notes show it."""

    def suits(self, history: History) -> bool:
        """Whether a history can show the bug."""
        setting = history.setting
        is_later = setting.later.schedules if self.is_later else setting.later != LaterEnds()
        if self.is_unmarked and setting.takes_notes:
            return False
        return setting.asking in self.kinds and is_later == self.is_later

    def play(self, history: History) -> Played:
        """Play a history with this variant."""
        with (
            ExitStack() as stack,
            patch.multiple(rules, **{"decide": rules.decide, **self.rules}),
            patch.multiple(turns, **{"owns": turns.owns, **self.turns}),
        ):
            for owner, name, part in self.parts:
                stack.enter_context(patch.object(owner, name, part))
            return play(history, self.walking, self.client)


# Other vendors


class Passing:
    """Passes every call on."""

    def __init__(self, vendor: Any) -> None:
        self.vendor = vendor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.vendor, name)

    async def cancel(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        return await self.vendor.cancel(order, shown)


class CalledRepeatable(Passing):
    is_repeatable = True


class Unseen(Passing):
    async def look_up(self, _order: Cancellation) -> Subscription:
        return Subscription(SubscriptionStatus.ACTIVE)


class Done(Passing):
    async def cancel(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        await super().cancel(order, shown)
        return Accepted(Subscription(SubscriptionStatus.CANCELLED))


class Impatient(Passing):
    async def cancel(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        try:
            return await super().cancel(order, shown)
        except OutcomeUnknown:
            return await super().cancel(order, shown)


class NeverReached(Passing):
    async def cancel(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        try:
            return await super().cancel(order, shown)
        except OutcomeUnknown as error:
            raise NotDone(error.message) from None


class Refusing(Passing):
    async def cancel(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        try:
            return await super().cancel(order, shown)
        except NotConfigured:
            raise
        except Later as error:
            raise Refused(error.message) from None


class KeepsItsKey(Passing):
    async def cancel(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        return await super().cancel(replace(order, definite_answers=0), shown)


def with_vendor(kind: type[Passing]) -> Variant:
    """The extension with a vendor of another kind."""

    async def walk(request: Any, settings: Any, connect: Any, vendor: Any, shared: Any) -> Ended:
        return await process(request, settings, connect, kind(vendor), shared)

    return Variant(walk)


def with_settings(**changes: Any) -> Variant:
    """The extension with other settings than the portal's."""

    async def walk(request: Any, settings: Any, *others: Any) -> Ended:
        return await process(request, replace(settings, **changes), *others)

    return Variant(walk)


# Another Connect


class OwnNotesOnly:
    """A conversation that shows only this walk's own notes."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._left: set[str] = set()

    async def leave(self, request_id: str, text: str, kind: NoteKind = NoteKind.PRIVATE) -> bool:
        self._left.add(text)
        return await self._conversation.leave(request_id, text, kind)

    async def keep(self, request_id: str, text: str, kind: NoteKind = NoteKind.PRIVATE) -> None:
        self._left.add(text)
        await self._conversation.keep(request_id, text, kind)

    async def private_notes(self, request_id: str) -> Notes:
        notes = await self._conversation.private_notes(request_id)
        return replace(notes, notes=tuple(note for note in notes.notes if note.text in self._left))


async def _reading_own_notes_only(request: Any, settings: Any, connect: Any, *others: Any) -> Ended:
    connect.conversation = OwnNotesOnly(connect.conversation)
    return await process(request, settings, connect, *others)


async def _believing_a_lost_approval(
    request: Any, settings: Any, connect: Any, *others: Any
) -> Ended:
    approve = connect.approve

    async def believed(*payload: Any) -> str:
        try:
            return str(await approve(*payload))
        except Later:
            return APPROVED

    with patch.object(connect, "approve", believed):
        return await process(request, settings, connect, *others)


class Credulous(ClientTwin):
    """Treats everybody's messages as private ones of our own account."""

    async def execute(self, method: str, path: str, **arguments: Any) -> Any:
        answer = await super().execute(method, path, **arguments)
        if method == "get" and "/messages" in path:
            ours = {"type": "private", "account": {"id": ACCOUNT}}
            return [{**message, **ours} for message in answer]
        return answer


# Other rules

_decide = rules.decide


def deciding(change: Callable[[Evidence], Evidence]) -> Variant:
    """An extension that decides on false evidence."""
    return Variant(rules={"decide": lambda evidence: _decide(change(evidence))})


def always(*_: object, **__: object) -> bool:
    """A rule that always says yes."""
    return True


def _as_if_nothing_was_sent(e: Evidence) -> Evidence:
    gone = e.shown is not None and e.shown.status is SubscriptionStatus.UNKNOWN_ID
    if not gone or e.is_repeatable or not isinstance(e.history, Marks):
        return e
    return replace(e, attempt=NotTried(), history=replace(e.history, marks=()))


def _as_if_the_parameter_were_blank(e: Evidence) -> Evidence:
    return replace(e, parameter=BlankParameter()) if isinstance(e.parameter, NoParameter) else e


def _rejecting_what_is_at_work(e: Evidence) -> Step:
    step = _decide(e)
    is_sent = isinstance(step, Wait) and step.cause is Cause.SENT
    return Reject(Cause.REFUSED, "It is still active.") if is_sent else step


def _no_marks(*_: object) -> Marks:
    return Marks((), datetime.now(timezone.utc))


ORDERED_TWICE = "has ordered the cancellation 2 times"
"""How a history tells that a vendor has two orders (`checks.py`)."""

VARIANTS: dict[str, Variant] = {
    "the marks are not read back": Variant(_reading_own_notes_only),
    "every mark owns the sending": Variant(turns={"owns": always}),
    "no mark keeps others from sending": Variant(turns={"owns": always, "is_free": always}),
    "a call that was sent counts as not sent": with_vendor(NeverReached),
    "the vendor has no time to settle": with_settings(settle_seconds=0.05),
    "no mark is left": with_vendor(CalledRepeatable),
    "everybody's messages are believed": Variant(client=Credulous),
    "one 404 is believed": deciding(lambda e: replace(e, looks=2)),
    "a conflict is believed at once": Variant(parts=((conflicts, "believes_conflict", always),)),
    "a refusal needs no precedent": deciding(lambda e: replace(e, is_proven=True)),
    "the idempotency key never changes": replace(with_vendor(KeepsItsKey), kinds=WITH_KEY),
    "an accepted cancellation counts as done": with_vendor(Done),
    "a cancellation without an answer is sent again at once": with_vendor(Impatient),
    "a call that has failed counts as a refusal": with_vendor(Refusing),
    "a misspelt variable rejects": deciding(_as_if_the_parameter_were_blank),
    "a removed subscription counts as one that never was": deciding(_as_if_nothing_was_sent),
    "a cancellation at work counts as refused": Variant(
        rules={"decide": _rejecting_what_is_at_work}
    ),
    "the vendor is not looked at": with_vendor(Unseen),
    "without a mark a refusal is believed": Variant(
        parts=((sending, "_not_marked", _no_marks),), is_unmarked=True
    ),
    "a dry run is none": with_settings(dry_run=False),
    "an approval without an answer counts as one": Variant(_believing_a_lost_approval),
}
