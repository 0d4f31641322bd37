"""The walk of one request: observe, decide, act, until a step ends it."""

from __future__ import annotations

from collections.abc import Callable

from connect_ext.cancelling import revoking, rules
from connect_ext.cancelling.case import Case
from connect_ext.cancelling.dry_run import foreseen
from connect_ext.cancelling.evidence import Evidence, NotNow, Refusal
from connect_ext.cancelling.marks import State
from connect_ext.cancelling.observing import Observer, settled_elsewhere
from connect_ext.cancelling.sending import Sender
from connect_ext.cancelling.steps import (
    Approve,
    Cancel,
    Confirm,
    Final,
    Hold,
    Lack,
    Learn,
    Leave,
    Reject,
    Schedule,
    Step,
    Undo,
)
from connect_ext.connect.api import PENDING, REVOKING
from connect_ext.errors import Later
from connect_ext.vendors.base import Act

MOST_STEPS = 20
"""More steps than any walk needs."""


class Walk:
    """One delivery of one request, from the first look to the step that ends it."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._observer = Observer(case)
        self._sender = Sender(case, self._observer)

    async def to_its_end(self) -> Final:
        """Walk; raises ``Later`` if something does not work at the moment."""
        request, is_dry = self._case.request, self._case.settings.dry_run
        if request.status not in (PENDING, REVOKING):
            return settled_elsewhere(request.status)
        evidence: Evidence | Leave = self._observer.at_first()
        for _ in range(MOST_STEPS):
            if isinstance(evidence, Leave):
                return evidence
            step = self._decide(evidence)
            match step:
                case Learn(lack):
                    evidence = await self._observer.learn(lack, evidence)
                case Cancel() if is_dry and evidence.history is None and evidence.can_be_asked:
                    evidence = await self._observer.learn(Lack.MARKS, evidence)
                case _ if is_dry:
                    return await foreseen(self._case, self._observer, step, evidence)
                case Cancel() | Undo():
                    evidence = await self._sender.send(evidence, step)
                case _:
                    return await self._end(step, evidence)
        raise AssertionError("The rules go round in circles.")

    @property
    def _decide(self) -> Callable[[Evidence], Step]:
        return rules.decide if self._case.act is Act.CANCEL else revoking.decide

    async def _end(self, step: Final, e: Evidence) -> Final:
        match step:
            case Approve():
                return await self._approve(step, e)
            case Schedule():
                return await self._schedule(step)
            case Confirm():
                return await self._confirm(step)
            case Reject():
                return await self._case.settling.reject(step)
            case _ if isinstance(e.attempt, Refusal):
                await self._note_refusal(step, e)
            case Hold() if isinstance(e.attempt, NotNow):
                # The rules believe the refusal: without a note, the mark would stand.
                await self._note_refusal(step, e)
        return step

    async def _note_refusal(self, step: Final, e: Evidence) -> None:
        """Note a refusal after which the request stays open."""
        if e.void_attempt or (isinstance(step, Hold) and e.is_repeatable):
            # A held request is tried again later, with another idempotency key.
            await self._case.attempts.must_note(e.void_attempt, State.REFUSED)

    async def _schedule(self, step: Schedule) -> Final:
        """Schedule the request; if it is then revoked, only what may have been sent is ours."""
        await self._case.attempts.take_back_unsent()
        if self._sender.sent_under:
            await self._case.attempts.note(self._sender.sent_under, State.CANCELLED)
        return await self._case.settling.schedule(step, self._sender.accepted)

    async def _confirm(self, step: Confirm) -> Final:
        try:
            ended = await self._case.settling.confirm(step)
        except Later:
            await self._note_undone()
            raise
        if not isinstance(ended, Confirm):
            await self._note_undone()
        return ended

    async def _note_undone(self) -> None:
        """Note that the vendor has taken it back, so the next walk need not wait for that."""
        if self._sender.sent_under:
            await self._case.attempts.note(self._sender.sent_under, State.ACCEPTED)

    async def _approve(self, step: Approve, e: Evidence) -> Final:
        try:
            return await self._case.settling.approve(step, self._sender.accepted)
        except Later:
            if not e.can_be_asked and e.shown:
                # The vendor cannot be asked again.
                self._case.memory.attempts.shown = e.shown
                if self._sender.sent_under:
                    await self._case.attempts.note(self._sender.sent_under, State.CANCELLED)
            raise
