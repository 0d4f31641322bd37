"""Attempts: leaves a mark before anything is sent, reads back whose turn it is, takes it back."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from connect_ext.cancelling import conflicts, marks, turns
from connect_ext.cancelling.marks import History, State
from connect_ext.connect.conversation import Conversation, NoteRefusedError
from connect_ext.errors import NotConfigured
from connect_ext.vendors.base import Act, Subscription

LOG = logging.getLogger("eaas.eventsapp")


@dataclass
class Remembered:
    """A process's memory of its own attempts at one request; it saves calls, and may be lost."""

    attempt: str = ""
    """The mark that this process has left, and under which nothing was sent."""
    took_seconds: float = 0.0
    to_take_back: set[str] = field(default_factory=set)
    has_taken_back: bool = False
    has_met_others: bool = False
    sendings: int = 0
    """How often this process has sent the call."""
    shown: Subscription | None = None
    """The last word of a vendor that cannot be asked."""
    sent_unmarked_at: float | None = None


@dataclass(frozen=True)
class Permission:
    """This attempt owns the sending."""

    attempt: str
    """Empty: Connect keeps no mark, and the cancellation goes without one."""
    history: History | None
    until: float
    """Every call must have ended by then, on the event loop's clock."""


@dataclass(frozen=True)
class Denied:
    """It is another attempt's turn."""

    history: History | None
    attempt: str = ""
    """The attempt whose mark was taken back."""
    no_mark: bool = False
    """Connect refuses to keep a mark."""


@dataclass(frozen=True)
class Pace:
    """How long things take at one vendor, in seconds."""

    settle_seconds: float
    """The time until the vendor shows what it has accepted."""
    call_seconds: float
    """The longest time for one call to the vendor."""
    clock: Callable[[], float]
    """The event loop's clock."""

    @property
    def lease_seconds(self) -> float:
        """The time from leaving a mark until every call under it has ended."""
        return turns.send_within_seconds(self.settle_seconds) + self.call_seconds

    @property
    def blocks_for(self) -> float:
        """How long a mark keeps others from sending."""
        return self.settle_seconds + self.lease_seconds


class Attempts:
    """This process's attempts at one request: to cancel, or to undo a cancellation."""

    def __init__(
        self,
        request_id: str,
        conversation: Conversation,
        memory: Remembered,
        pace: Pace,
        act: Act = Act.CANCEL,
    ) -> None:
        self._act = act
        self._request_id, self._conversation = request_id, conversation
        self._memory, self._pace, self._clock = memory, pace, pace.clock

    async def history(self) -> History:
        """Read every attempt at the request."""
        notes = await self._conversation.private_notes(self._request_id)
        return marks.history_of(notes.notes, notes.now, self._act)

    async def begin(self, *, can_be_asked: bool) -> Permission | Denied:
        """Leave a mark, read all marks back, and tell whose turn it is.

        Raises ``NoteRefusedError``, or ``Later`` if Connect cannot be reached; then nothing may be
        sent.
        """
        memory = self._memory
        await self._take_back_left_over()
        if memory.has_met_others and not memory.attempt:
            with suppress(NotConfigured):
                history = await self.history()
                if not turns.is_free(history, self._pace.blocks_for, can_be_asked=can_be_asked):
                    return Denied(history)
        if not memory.attempt:
            await self._leave_mark(secrets.token_hex(4))
        read_at, history = self._clock(), await self.history()
        own = history.find(memory.attempt)
        if own and turns.is_worn(own, history.now, self._pace.settle_seconds):
            await self._leave_mark(own.attempt)
            read_at, history = self._clock(), await self.history()
            own = history.find(memory.attempt)
        if own is not None and turns.owns(
            own.attempt, memory.took_seconds, history, self._pace.blocks_for, can_be_asked
        ):
            left = self._pace.lease_seconds - history.age_seconds(own)
            return Permission(own.attempt, history, read_at + left)
        memory.has_met_others = True
        attempt = memory.attempt
        await self._take_back()
        return Denied(history, attempt)

    async def _leave_mark(self, attempt: str) -> None:
        """Leave a mark, or renew one under which nothing was sent."""
        began, self._memory.attempt = self._clock(), ""
        # If the answer is lost, the mark may be there: nothing is ever sent under it.
        self._memory.to_take_back.add(attempt)
        text = marks.text_of(attempt, State.SENDING, self._act)
        try:
            await self._conversation.keep(self._request_id, text)
        except NoteRefusedError:
            self._memory.to_take_back.discard(attempt)
            raise
        self._memory.to_take_back.discard(attempt)
        self._memory.attempt = attempt
        self._memory.took_seconds = self._clock() - began

    def sending(self, permission: Permission) -> str:
        """Note that the vendor may have received the call from now on: the mark stands.

        Returns a text that no other sending has, here or elsewhere.
        """
        self._memory.attempt = ""
        self._memory.has_met_others = True
        self._memory.sendings += 1
        return f"{permission.attempt or secrets.token_hex(4)}-{self._memory.sendings}"

    @property
    def in_hand(self) -> str:
        """The attempt whose mark stands, although nothing was sent under it."""
        return self._memory.attempt

    async def nothing_was_sent(self, permission: Permission) -> None:
        """Take the mark back the first time; after that, keep it in hand.

        Another instance may then send at once, and a long outage does not fill the conversation.
        """
        self.keep_in_hand(permission)
        if permission.attempt and not self._memory.has_taken_back:
            await self._take_back()

    def keep_in_hand(self, permission: Permission) -> None:
        """Keep a mark under which nothing was done: it stands, and this process may reuse it."""
        self._memory.sent_unmarked_at = None
        self._memory.attempt = permission.attempt

    async def _take_back(self) -> None:
        attempt, self._memory.attempt = self._memory.attempt, ""
        if attempt:
            self._memory.has_taken_back = True
            self._memory.to_take_back.add(attempt)
            await self._take_back_left_over()

    async def _take_back_left_over(self) -> None:
        for attempt in sorted(self._memory.to_take_back):
            if await self.note(attempt, State.NOT_SENT):
                self._memory.to_take_back.discard(attempt)

    async def take_back_unsent(self) -> None:
        """Take back every mark of this process under which nothing was sent.

        Raises ``NotDone`` if Connect fails to store the notes.
        """
        self._memory.to_take_back |= {self._memory.attempt} - {""}
        self._memory.attempt = ""
        for attempt in sorted(self._memory.to_take_back):
            await self.must_note(attempt, State.NOT_SENT)
            self._memory.to_take_back.discard(attempt)

    async def note(self, attempt: str, state: State) -> bool:
        """Note the result of an attempt; False if the note could not be left."""
        attempt = attempt or secrets.token_hex(4)
        return await self._conversation.leave(
            self._request_id, marks.text_of(attempt, state, self._act)
        )

    async def note_conflict(self, permission: Permission, history: History) -> History:
        """Note that the vendor says "not now", and return the history that includes it.

        Each one is noted, because each changes the idempotency key: a vendor may repeat the answer
        that it has stored for a key, or refuse the key with another body.
        """
        self.keep_in_hand(permission)
        noted = marks.with_conflict(history)
        if conflicts.believes_conflict(noted, self._pace.settle_seconds):
            # It is believed: the mark stands until the request is rejected.
            return noted
        await self.must_note(permission.attempt, State.CONFLICT)
        return noted

    async def must_note(self, attempt: str, state: State) -> None:
        """Note the vendor's definite answer; raises ``NotDone`` if Connect fails to store the note.

        If Connect refuses to keep any note, the walk continues without it.
        """
        text = marks.text_of(attempt or secrets.token_hex(4), state, self._act)
        with suppress(NoteRefusedError):
            await self._conversation.keep(self._request_id, text)
            if self._memory.attempt == attempt:
                self._memory.attempt = ""

    async def begin_unmarked(self, *, can_be_asked: bool) -> Permission | Denied:
        """Continue without a mark, because Connect refuses to keep one.

        A vendor that can be asked was looked at a moment ago. This process's memory is then the
        only guard against a second cancellation.
        """
        history: History | None = None
        with suppress(NotConfigured):
            history = await self.history()
        if not can_be_asked:
            return Denied(history, no_mark=True)
        if history and not turns.is_free(history, self._pace.blocks_for, can_be_asked=True):
            return Denied(history)
        sent_at, now = self._memory.sent_unmarked_at, self._clock()
        if sent_at is not None and now - sent_at <= self._pace.blocks_for:
            return Denied(history)
        LOG.warning(
            "%s: Connect keeps no note about this request, so the call is sent without a mark: only"
            " this process knows about it, and another one could send it again.",
            self._request_id,
        )
        self._memory.sent_unmarked_at = now
        return Permission("", history, now + self._pace.lease_seconds)
