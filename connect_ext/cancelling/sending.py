"""Sends the cancellation, or the call that takes it back, when it is our turn; reads the result."""

from __future__ import annotations

from dataclasses import replace

from connect_ext.cancelling.attempts import Denied, Permission
from connect_ext.cancelling.case import Case
from connect_ext.cancelling.evidence import (
    Attempt,
    Evidence,
    IdNotKnown,
    NoMarkKept,
    NotNow,
    NotOurTurn,
    Refusal,
    Sent,
    Unreadable,
)
from connect_ext.cancelling.marks import History, State
from connect_ext.cancelling.observing import Observer, says_the_same
from connect_ext.cancelling.steps import Cancel, Leave, Undo
from connect_ext.cause import Cause
from connect_ext.connect.conversation import NoteRefusedError
from connect_ext.errors import Conflict, Later, OutcomeUnknown, Outdated, Refused, UnknownId
from connect_ext.vendors.base import (
    Accepted,
    Act,
    Cancellation,
    Subscription,
    SubscriptionStatus,
)

_RESULTS = {Act.CANCEL: SubscriptionStatus.CANCELLED, Act.UNDO: SubscriptionStatus.ACTIVE}

FRESH_SECONDS = 5.0
"""How long the status that Connect passed to us is believed."""

SECONDS_AROUND_A_CALL = 60.0
"""The time for the looks and the notes before the call is sent."""


class Sender:
    """Sends one walk's call: the cancellation, or the call that takes it back."""

    def __init__(self, case: Case, observer: Observer) -> None:
        self._case, self._observer = case, observer
        self._attempts, self._began = case.attempts, case.shared.clock()
        self.accepted = Accepted()
        """The vendor's remarks on the result."""
        self.sent_under = ""
        """The attempt whose call the vendor has accepted."""

    async def send(self, e: Evidence, step: Cancel | Undo) -> Evidence | Leave:
        """Send the call, if it is our turn, and look at the result."""
        case = self._case
        if isinstance(step, Cancel):
            if step.pause:
                await case.shared.sleep(step.pause)
            # Usually read before the first look; a vendor that cannot be asked has had none.
            await case.settling.template()
        if case.shared.clock() - self._began > FRESH_SECONDS:
            settled = await self._observer.settled_meanwhile()
            if settled:
                return settled
        # It is better to know this before a mark is left.
        case.shared.vendors.raise_if_paused(case.settings.vendor)
        try:
            permission = await self._permission(e)
        except NoteRefusedError:
            return await self._send_without_mark(e, step)
        return await self._with(permission, e, step)

    async def _permission(self, e: Evidence) -> Permission | Denied:
        if e.is_repeatable:
            history = e.history if isinstance(e.history, History) else None
            return Permission("", history, self._case.budget.ends_at)
        return await self._attempts.begin(can_be_asked=e.can_be_asked)

    async def _send_without_mark(self, e: Evidence, step: Cancel | Undo) -> Evidence | Leave:
        """Send without a mark only if Connect refuses one twice; the first may be a bad gateway.

        There is no mark of an earlier attempt, so the look searches for orders at the vendor.
        """
        again = await self._observer.look_later(e, self._seconds_to_spare, for_orders=True)
        if e.can_be_asked and not says_the_same(again, e):
            return again
        settled = await self._observer.settled_meanwhile()
        if settled:
            return settled
        try:
            permission = await self._permission(e)
        except NoteRefusedError:
            permission = await self._attempts.begin_unmarked(can_be_asked=e.can_be_asked)
        return await self._with(permission, again, step)

    @property
    def _seconds_to_spare(self) -> float:
        """How long the walk can wait and still have time for the vendor's longest call."""
        case = self._case
        left = case.budget.ends_at - case.shared.clock() - case.pace.call_seconds
        return max(left - SECONDS_AROUND_A_CALL, 0.0)

    async def _with(
        self, permission: Permission | Denied, e: Evidence, step: Cancel | Undo
    ) -> Evidence:
        if isinstance(permission, Denied):
            attempt: Attempt = NoMarkKept() if permission.no_mark else NotOurTurn()
            void = permission.attempt
            return replace(e, attempt=attempt, history=permission.history, void_attempt=void)
        history = permission.history
        if e.can_be_asked and history and history.standing(permission.attempt):
            again = await self._seen_after(permission, e)
            if isinstance(again.attempt, NotOurTurn) or not says_the_same(again, e):
                return again
            e = again
        return await self._send(e, permission, step)

    async def _seen_after(self, permission: Permission, e: Evidence) -> Evidence:
        """Look once more: the result of an earlier attempt may show by now.

        If the machine was suspended between the look and the mark, the look may be very old.
        """
        void = permission.attempt
        try:
            again = await self._observer.look_again(replace(e, void_attempt=void), for_orders=True)
        except Later:
            await self._attempts.nothing_was_sent(permission)
            raise
        again = replace(again, history=permission.history)
        if again.has_unfinished and again.shown and again.shown.orders_unseen:
            # That order may still be there: a person has to decide about another one.
            again = replace(again, attempt=NotOurTurn())
        if isinstance(again.attempt, NotOurTurn) or not says_the_same(again, e):
            await self._attempts.nothing_was_sent(permission)
        return again

    async def _send(self, e: Evidence, permission: Permission, step: Cancel | Undo) -> Evidence:
        history = permission.history
        known = replace(e, history=history, void_attempt=permission.attempt)
        definite = known.answers_heard()
        e = replace(e, history=history or e.history, definite_answers=definite, void_attempt="")
        if not permission.attempt and not e.is_repeatable:
            e = replace(e, history=_not_marked(self._case.act))
        attempt = self._attempts.sending(permission)
        before = bool(history and history.standing(permission.attempt))
        cancellation = replace(
            self._observer.cancellation(e, step), attempt=attempt, may_have_been_sent=before
        )
        shared, began = self._case.shared, self._case.shared.clock()
        try:
            with self._case.budget.shortened_to(permission.until):
                accepted = await _call(self._case, cancellation, e.shown)
        except OutcomeUnknown as error:
            return await self._looked_after(error, e)
        except (Refused, Conflict, UnknownId) as error:
            return await self._answered_no(e, permission, error)
        except Outdated:
            # For the same key, the vendor would repeat its stored answer or refuse another body.
            await self._attempts.must_note(permission.attempt, State.REFUSED)
            raise
        except Later:
            await self._attempts.nothing_was_sent(permission)
            raise
        self.accepted, self.sent_under = accepted, permission.attempt
        e = e.later(shared.now(), shared.clock() - began)
        e = replace(e, attempt=Sent(accepted=True))
        if accepted.subscription is None or _must_look(self._case, accepted.subscription):
            return await self._accepted(e)
        await self._note_result(accepted.subscription)
        return replace(e, shown=accepted.subscription)

    async def _looked_after(self, error: OutcomeUnknown, e: Evidence) -> Evidence:
        """Look once more; if that fails, the wait that the vendor asked for still applies."""
        sent = Sent(False, error.message, error.retry_after)
        try:
            return await self._observer.look_again(replace(e, attempt=sent))
        except Later as later:
            later.retry_after = max(later.retry_after or 0.0, error.retry_after or 0.0) or None
            raise

    async def _accepted(self, e: Evidence) -> Evidence:
        """Look for the result; if it does not show, note that the vendor has accepted the call."""
        try:
            e = await self._observer.look_again(e)
        except Later:
            await self._note_accepted()
            raise
        if e.shown is None or e.shown.status is not _RESULTS[self._case.act]:
            await self._note_accepted()
        return e

    async def _note_accepted(self) -> None:
        if self.sent_under:
            await self._attempts.note(self.sent_under, State.ACCEPTED)

    async def _note_result(self, shown: Subscription) -> None:
        """Note the status that the answer has shown, if it does not end the request."""
        states = {
            SubscriptionStatus.CANCELLING: State.ACCEPTED,
            SubscriptionStatus.UNFINISHED: State.UNFINISHED,
        }
        if self.sent_under and shown.status in states:
            await self._attempts.note(self.sent_under, states[shown.status])

    async def _answered_no(
        self, e: Evidence, permission: Permission, error: Refused | Conflict | UnknownId
    ) -> Evidence:
        """The evidence after a vendor's answer that it has definitely not done it this time."""
        clean = self._case.settling.clean
        attempt: Attempt
        match error:
            case Refused():
                # The mark stands until the request is rejected: nobody sends meanwhile.
                self._attempts.keep_in_hand(permission)
                attempt = Refusal(await clean(error.reason), await clean(error.hint))
            case Conflict():
                e = replace(e, history=await self._conflict_noted(permission))
                attempt = NotNow(await clean(error.vendor_text), error.retry_after)
            case UnknownId():
                before = e.attempt.times if isinstance(e.attempt, IdNotKnown) else 0
                attempt = IdNotKnown(before + 1)
                await self._attempts.nothing_was_sent(permission)
        e = replace(e, attempt=attempt, void_attempt=permission.attempt)
        return await self._observer.look_again(e)

    async def _conflict_noted(self, permission: Permission) -> History | Unreadable:
        history = permission.history or await self._observer.history()
        if isinstance(history, History):
            return await self._attempts.note_conflict(permission, history)
        await self._attempts.nothing_was_sent(permission)
        return history


async def _call(case: Case, cancellation: Cancellation, shown: Subscription | None) -> Accepted:
    if cancellation.act is Act.CANCEL:
        return await case.vendor.cancel(cancellation, shown)
    if case.takes_back is None:
        raise TypeError("The rules want to undo what cannot be undone.")
    return await case.takes_back.take_back(cancellation, shown)


def _must_look(case: Case, shown: Subscription) -> bool:
    """Whether the answer is not enough: an undo, or a cancelled subscription without its end."""
    if case.act is Act.UNDO:
        return True
    counts = case.settings.policy.schedules and case.vendor.can_be_asked
    return counts and shown.status is SubscriptionStatus.CANCELLED and shown.ends_at is None


def _not_marked(act: Act) -> Unreadable:
    """The history without a mark: nobody knows whether something was sent before."""
    what = "a second cancellation. Check the subscription at the vendor, and approve or reject"
    if act is Act.UNDO:
        what = "a second attempt to take the cancellation back. Check the subscription, and settle"
    why = "Connect keeps no note on this request, so the vendor may be refusing"
    why = f"{why} {what} the request."
    return Unreadable(Cause.NO_MARK, why, needs_person=True)
