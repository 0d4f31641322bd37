"""The walk of one request: observe, decide, act, until a step ends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connect_ext.cancelling import rules
from connect_ext.cancelling.attempts import Attempts, Denied, Pace, Permission
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
from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.settling import Settling, dry_run
from connect_ext.cancelling.steps import (
    Approve,
    Cancel,
    Final,
    Hold,
    Lack,
    Learn,
    Leave,
    Reject,
)
from connect_ext.cause import Cause
from connect_ext.connect.api import PENDING, ConnectApi
from connect_ext.connect.conversation import NoteRefusedError
from connect_ext.errors import (
    Conflict,
    Later,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
    UnknownId,
)
from connect_ext.http.budget import Budget
from connect_ext.http.client import PAUSED
from connect_ext.portal.settings import Settings
from connect_ext.vendors.base import Cancellation, SubscriptionId, SubscriptionStatus, Vendor

if TYPE_CHECKING:
    from connect_ext.shared_state import Memory, SharedState

FRESH_SECONDS = 5.0
"""For how long the status that Connect handed over is believed."""

MOST_STEPS = 20
"""More than any walk needs."""


class Walk:
    """One delivery of one request, from the first look to the step that ends it."""

    def __init__(
        self,
        request: CancelRequest,
        *,
        settings: Settings,
        connect: ConnectApi,
        vendor: Vendor,
        shared: SharedState,
        memory: Memory,
        budget: Budget,
    ) -> None:
        self._request, self._settings, self._connect = request, settings, connect
        self._vendor, self._shared, self._budget = vendor, shared, budget
        self._settle_seconds = settings.settle_seconds
        pace = Pace(settings.settle_seconds, settings.vendor.timeout_seconds, shared.clock)
        self._blocks_for = pace.blocks_for
        self._memory, conversation = memory.attempts, connect.conversation
        self._attempts = Attempts(request.id, conversation, self._memory, pace)
        self._settling = Settling(request, settings, connect)
        self._began = shared.clock()
        self._remarks: tuple[str, ...] = ()
        self._sent_under = ""

    async def to_its_end(self) -> Final:
        """Walk; raises ``Later`` where something does not work at the moment."""
        if self._request.status != PENDING:
            return _settled_elsewhere(self._request.status)
        evidence: Evidence | Leave = self._before_any_look()
        for _ in range(MOST_STEPS):
            if isinstance(evidence, Leave):
                return evidence
            step = rules.decide(evidence)
            match step:
                case Learn(lack):
                    evidence = await self._learn(lack, evidence)
                case Cancel() if not self._settings.dry_run:
                    evidence = await self._cancel(evidence, step)
                case Cancel():
                    return dry_run(step)
                case _:
                    return await self._end(step, evidence)
        raise AssertionError("The rules go round in circles.")

    def _before_any_look(self) -> Evidence:
        parameter_id = self._settings.subscription_id_parameter
        return Evidence(
            now=self._shared.now(),
            policy=self._settings.policy,
            parameter=self._request.subscription_id(parameter_id),
            parameter_id=parameter_id,
            settle_seconds=self._settle_seconds,
            blocks_for=self._blocks_for,
            can_be_asked=self._vendor.can_be_asked,
            is_repeatable=self._vendor.is_repeatable,
            advice=self._vendor.advice,
            shown=self._memory.shown,
            void_attempt=self._attempts.in_hand,
        )

    # Observe

    async def _learn(self, lack: Lack, e: Evidence) -> Evidence:
        match lack:
            case Lack.LOOK:
                # Without a template nothing could be approved: better to know it before.
                await self._settling.template()
                return await self._look(e)
            case Lack.SECOND_LOOK:
                await self._shared.sleep(rules.second_look_seconds(self._settle_seconds))
                again = await self._look(e)
                return replace(again, looks=e.looks + 1) if _says_the_same(again, e) else again
            case Lack.MARKS:
                return replace(e, history=await self._history())
            case Lack.PRECEDENT:
                product_id = self._request.product_id
                proven = await self._connect.has_approved_cancellation(product_id)
                return replace(e, is_proven=proven)

    async def _look(self, e: Evidence) -> Evidence:
        shown = await self._vendor.look_up(self._cancellation(e))
        return replace(e, shown=shown, looks=1, now=self._shared.now())

    async def _history(self) -> History | Unreadable:
        try:
            return await self._attempts.history()
        except Later as error:
            return Unreadable(error.cause, error.message, isinstance(error, NotConfigured))

    def _cancellation(self, e: Evidence) -> Cancellation:
        if not isinstance(e.parameter, SubscriptionId):
            raise TypeError("The rules want a look without an id.")
        request, now = self._request, self._shared.now()
        return Cancellation(e.parameter, request.id, request.asset_id, now, e.definite_answers)

    # Act

    async def _cancel(self, e: Evidence, step: Cancel) -> Evidence | Leave:
        """Send the cancellation, if it is our turn, and see what has become of it."""
        if step.pause:
            await self._shared.sleep(step.pause)
        # A vendor that cannot be asked was not looked at: this has not been read yet.
        await self._settling.template()
        if self._shared.clock() - self._began > FRESH_SECONDS:
            status = await self._connect.status(self._request.id)
            if status != PENDING:
                return _settled_elsewhere(status)
        if pause := self._shared.vendors.pause_seconds(self._settings.vendor):
            # Better to know before a mark is left.
            raise NotDone(PAUSED, pause, cause=Cause.PAUSED)
        try:
            permission = await self._permission(e)
        except NoteRefusedError:
            # One bad gateway must not make us do without a mark.
            await self._shared.sleep(rules.second_look_seconds(self._settle_seconds))
            again = await self._look_again(e)
            if not _says_the_same(again, e) and self._vendor.can_be_asked:
                return again
            permission = await self._permission_without_mark()
        if isinstance(permission, Denied):
            attempt: Attempt = NoMarkKept() if permission.no_mark else NotOurTurn()
            history, void = permission.history, permission.attempt
            return replace(e, attempt=attempt, history=history, void_attempt=void)
        return await self._send(e, permission)

    async def _permission(self, e: Evidence) -> Permission | Denied:
        if self._vendor.is_repeatable:
            history = e.history if isinstance(e.history, History) else None
            return Permission("", history, self._budget.ends_at)
        return await self._attempts.begin(can_be_asked=self._vendor.can_be_asked)

    async def _permission_without_mark(self) -> Permission | Denied:
        can_be_asked = self._vendor.can_be_asked
        try:
            return await self._attempts.begin(can_be_asked=can_be_asked)
        except NoteRefusedError:
            return await self._attempts.begin_unmarked(can_be_asked=can_be_asked)

    async def _send(self, e: Evidence, permission: Permission) -> Evidence:
        history = permission.history
        definite = history.definite_answers if history else 0
        e = replace(e, history=history or e.history, definite_answers=definite, void_attempt="")
        self._attempts.sending()
        try:
            with self._budget.shortened_to(permission.until):
                accepted = await self._vendor.cancel(self._cancellation(e), e.shown)
        except OutcomeUnknown as error:
            return await self._look_again(
                replace(e, attempt=Sent(False, error.message, error.retry_after))
            )
        except (Refused, Conflict, UnknownId) as error:
            return await self._answered_no(e, permission, error)
        except Later:
            await self._attempts.nothing_was_sent(permission)
            raise
        self._remarks, self._sent_under = accepted.remarks, permission.attempt
        e = replace(e, attempt=Sent(accepted=True))
        if accepted.subscription:
            return replace(e, shown=accepted.subscription)
        return await self._accepted(e, permission)

    async def _accepted(self, e: Evidence, permission: Permission) -> Evidence:
        """Look for the result; leave a note that there will be one, if it does not show."""
        try:
            e = await self._look_again(e)
        except Later:
            await self._note_accepted(permission)
            raise
        if e.shown is None or e.shown.status is not SubscriptionStatus.CANCELLED:
            await self._note_accepted(permission)
        return e

    async def _note_accepted(self, permission: Permission) -> None:
        if permission.attempt:
            await self._attempts.note(permission.attempt, State.ACCEPTED)

    async def _answered_no(
        self, e: Evidence, permission: Permission, error: Refused | Conflict | UnknownId
    ) -> Evidence:
        """The vendor has definitely not done it, this time."""
        attempt: Attempt
        match error:
            case Refused():
                attempt = Refusal(self.clean(error.reason), self.clean(error.hint))
                # The mark stands until the rejection is through: nobody sends meanwhile.
                self._attempts.keep_in_hand(permission)
            case Conflict():
                attempt = NotNow(self.clean(error.vendor_text), error.retry_after)
                e = replace(e, history=await self._conflict_noted(permission))
            case UnknownId():
                before = e.attempt.times if isinstance(e.attempt, IdNotKnown) else 0
                attempt = IdNotKnown(before + 1)
                await self._attempts.nothing_was_sent(permission)
        void = permission.attempt
        return await self._look_again(replace(e, attempt=attempt, void_attempt=void))

    async def _conflict_noted(self, permission: Permission) -> History | Unreadable:
        history = permission.history or await self._history()
        if isinstance(history, History):
            return await self._attempts.note_conflict(permission, history)
        await self._attempts.nothing_was_sent(permission)
        return history

    async def _look_again(self, e: Evidence) -> Evidence:
        """Look after the vendor's answer; two looks that say the same stay two."""
        if not self._vendor.can_be_asked:
            return e
        again = await self._look(e)
        return replace(again, looks=e.looks) if _says_the_same(again, e) else again

    async def _end(self, step: Final, e: Evidence) -> Final:
        if self._settings.dry_run:
            return dry_run(step)
        match step:
            case Approve():
                return await self._approve(step, e)
            case Reject():
                return await self._settling.reject(step)
            case _ if isinstance(e.attempt, Refusal):
                await self._note_refusal(step, e.void_attempt)
        return step

    async def _note_refusal(self, step: Final, attempt: str) -> None:
        """Note a refusal after which the request stays open."""
        if attempt or (isinstance(step, Hold) and self._vendor.is_repeatable):
            # A held request is tried again, and then with another idempotency key.
            await self._attempts.must_note(attempt, State.REFUSED)

    async def _approve(self, step: Approve, e: Evidence) -> Final:
        try:
            return await self._settling.approve(step, self._remarks)
        except Later:
            if not self._vendor.can_be_asked and e.shown:
                # Nobody can ask for it again.
                self._memory.shown = e.shown
                if self._sent_under:
                    await self._attempts.note(self._sent_under, State.CANCELLED)
            raise

    def clean(self, text: str) -> str:
        """A vendor's text, fit to be shown."""
        return self._settling.clean(text)


def _says_the_same(one: Evidence, other: Evidence) -> bool:
    return bool(one.shown and other.shown and one.shown.status is other.shown.status)


def _settled_elsewhere(status: str) -> Leave:
    why = f"Nothing to do: the request is {status or 'in no status'}."
    return Leave(Cause.SETTLED_ELSEWHERE, why)
