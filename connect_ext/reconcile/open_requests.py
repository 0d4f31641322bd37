"""The open requests: what is old enough is walked as its task would walk it."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connect_ext import outcome_log
from connect_ext.cancelling.process import foresee, process
from connect_ext.cancelling.reporting import (
    HELD,
    Report,
    last_report,
    needs_person,
    report_finding,
)
from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    DryRun,
    Ended,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.connect.api import PENDING, REVOKING, SCHEDULED
from connect_ext.errors import Later, NotConfigured
from connect_ext.portal.settings import Settings
from connect_ext.reconcile.finding import Finding, Kind
from connect_ext.reconcile.pace import CALLS_OF_A_WALK
from connect_ext.reconcile.subject import Subject, read_request, subject_of
from connect_ext.reconcile.work import LEFT_ALONE_FOR, Work

LOG = logging.getLogger("eaas.eventsapp")

OVERDUE_AFTER = timedelta(days=1)
"""Connect may take a planned date for a day, whose end is later."""

MOST_READINGS = 3
"""A list that others change while its pages are read may hide some."""

SECOND_LOOK_SECONDS = 2.0
"""For what is only foreseen: before it is carried out, the walk takes its own time."""

LOOKS_AT_HELD = 2
"""One bad answer must not have a held request carried out once more."""

SOON_SECONDS, ROUNDS = 120, 3
"""What waits no longer than that is walked again, so often, before the next run."""

PUTS_RIGHT = ("approve", "confirm", "schedule")
"""What is done for a held request without a person: the vendor shows what was asked for."""

OPEN, YOUNG, OTHERS = "open requests", "requests younger than an hour", "requests of others"


@dataclass(frozen=True)
class _Listed:
    """What is kept of a request until its turn: whole, ten thousand would need too much memory."""

    subject: Subject
    is_planned: bool
    is_young: bool
    is_overdue: bool


class OpenRequests:
    """Finds the open requests, and works on those that are ours and old enough."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._soon: dict[Subject, int] = {}
        """What may end within minutes, with the seconds until the next look."""
        self.products: set[str] = set()
        """Those of the requests that are ours."""

    async def run(self) -> None:
        """Read them all, then work on each; raises ``Later`` where they cannot be read."""
        work, listed = self._work, await self._listed()
        ours = await work.ours([each.subject for each in listed.values()])
        self.products = {listed[each].subject.product_id for each in ours}
        for name in listed.keys() - ours:
            self._find_without_task(listed.pop(name))
        work.report.looked_at[YOUNG] = sum(each.is_young for each in listed.values())
        waiting = [e.subject for e in listed.values() if not (e.is_young or e.is_planned)]
        overdue = [each.subject for each in listed.values() if each.is_overdue]
        work.progress(OPEN, 0, len(waiting) + len(overdue))
        await work.each(OPEN, overdue, self._find_overdue)
        await work.each(OPEN, waiting, self._walk)
        await self._walk_again()

    async def _listed(self) -> dict[str, _Listed]:
        """The open requests by their ids."""
        found: dict[str, _Listed] = {}
        for _ in range(MOST_READINGS):
            totals = set()
            pages = self._work.connect.listing.open_requests(self._work.ownership.named)
            async for page in self._work.pages(pages):
                totals.add(page.total)
                for request in filter(None, map(read_request, page.objects)):
                    found[request.id] = _read(request, page.now)
            if len(totals) <= 1:
                break
        return found

    def _find_without_task(self, listed: _Listed) -> None:
        """Nobody knows whose it is; of products that are never ours, nothing is said."""
        report, subject = self._work.report, listed.subject
        if subject.product_id not in self.products or listed.is_young or listed.is_planned:
            report.looked_at[OTHERS] += 1
            return
        what = "Connect shows no task of this environment for the request: nothing was done."
        report.add(Finding(subject, Kind.NEEDS_PERSON, Cause.NO_TASK, what))

    async def _find_overdue(self, subject: Subject) -> Finding | None:
        what = "The request is scheduled for a day that has passed, and Connect has not returned it"
        what += " to pending: nobody is asked to approve it."
        conversation = self._work.connect.conversation
        async with self._work.pace.taking(CALLS_OF_A_WALK):
            await report_finding(Cause.OVERDUE, what, subject.id, conversation)
        return Finding(subject, Kind.NEEDS_PERSON, Cause.OVERDUE, what)

    async def _walk(self, subject: Subject) -> Finding | None:
        async with self._work.pace.taking(CALLS_OF_A_WALK):
            try:
                return await self._walked(subject)
            except Later as error:
                return Finding(subject, Kind.NOT_COMPARED, error.cause, error.message)

    async def _walked(self, subject: Subject) -> Finding | None:
        """Raises ``Later``."""
        work, left = self._work, await self._left_to_a_person(subject)
        if left is not None:
            return left
        # After all that has taken time: the walk believes for a while what it is handed.
        data = await work.connect.listing.request(subject.id)
        request = _still_open(data, subject)
        if request is None:
            return None
        settings = work.configuration.for_product(request.product_id)
        vendor = work.shared.vendors.vendor_for(settings.vendor)
        memory = work.shared.request(work.connect.account.key, request.id)
        # So their marks are read first, and a run that has to wait for one leaves no note.
        memory.attempts.has_met_others = memory.undo.has_met_others = True
        began = time.monotonic()
        ended = await process(request, settings, work.connect, vendor, work.shared)
        milliseconds = round((time.monotonic() - began) * 1000)
        line = outcome_log.TaskLine(ended, data, "", milliseconds)
        LOG.log(line.level, "%s", line)
        return self._found(subject, request, settings, ended)

    async def _left_to_a_person(self, subject: Subject) -> Finding | None:
        """The finding about a request that is held; None for one that is to be walked.

        Raises ``Later``, also where nobody can know whether it is held.
        """
        try:
            held = await self._held(subject)
        except NotConfigured:
            if await self._is_right_by_now(subject):
                return None
            raise
        if held is None or await self._is_right_by_now(subject):
            return None
        return Finding(subject, Kind.NEEDS_PERSON, _cause(held), held.says)

    async def _held(self, subject: Subject) -> Report | None:
        """The report with which a request was left to a person, if that is the last one."""
        notes = await self._work.connect.conversation.private_notes(subject.id)
        last = last_report(notes.notes)
        return last if last is not None and last.kind == HELD else None

    async def _is_right_by_now(self, subject: Subject) -> bool:
        """Whether nothing is left to a person: it is settled, or the vendor shows what it asks for.

        Raises ``Later``.
        """
        work, shared = self._work, self._work.shared
        request = _still_open(await work.connect.listing.request(subject.id), subject)
        if request is None:
            return True
        settings = work.configuration.for_product(request.product_id)
        vendor = shared.vendors.vendor_for(settings.vendor)

        async def pause(seconds: float) -> None:
            await asyncio.sleep(min(seconds, SECOND_LOOK_SECONDS))

        quick = replace(shared, sleep=pause)
        for _ in range(LOOKS_AT_HELD):
            step = await foresee(request, settings, work.connect, vendor, quick)
            if not isinstance(step, DryRun) or step.act not in PUTS_RIGHT:
                return False
        return True

    def _found(
        self, subject: Subject, request: CancelRequest, settings: Settings, ended: Ended
    ) -> Finding | None:
        step = ended.step
        self._soon.pop(subject, None)
        match step:
            case Leave():
                return None
            case Approve() | Confirm() | Reject() | Schedule():
                outcome, sentence = outcome_log.outcome_of(step)
                return Finding(subject, Kind.SETTLED, step.cause, sentence, outcome)
            case Hold(why=why):
                return Finding(subject, Kind.NEEDS_PERSON, step.cause, why)
            case DryRun(what=what):
                return Finding(subject, Kind.NEEDS_PERSON, step.cause, what)
            case Wait(seconds=seconds, why=why):
                age = request.age_seconds(self._work.shared.now())
                if needs_person(step, age, settings.escalate_after_hours):
                    return Finding(subject, Kind.NEEDS_PERSON, step.cause, why)
                if seconds <= SOON_SECONDS:
                    self._soon[subject] = seconds
                return Finding(subject, Kind.WAITS, step.cause, why)

    async def _walk_again(self) -> None:
        """What was sent by this run may have its result within minutes."""
        for _ in range(ROUNDS):
            if not self._soon:
                return
            subjects, seconds = list(self._soon), max(self._soon.values())
            self._soon.clear()
            await self._work.shared.sleep(seconds)
            await self._work.again(subjects, self._walk)


def _still_open(shown: dict[str, Any], subject: Subject) -> CancelRequest | None:
    """The request as it is now; None if it is settled, or not the one that was found."""
    request = read_request(shown)
    if request is None or request.product_id != subject.product_id:
        return None
    return request if request.status in (PENDING, REVOKING) else None


def _read(request: CancelRequest, now: datetime) -> _Listed:
    """A request as it is to be treated, by Connect's clock."""
    is_planned = request.status == SCHEDULED
    is_young = request.age_seconds(now) < LEFT_ALONE_FOR.total_seconds()
    is_over = request.planned is not None and now - request.planned > OVERDUE_AFTER
    return _Listed(subject_of(request), is_planned, is_young, is_planned and is_over)


def _cause(held: Report) -> Cause:
    """The cause in a report; one of another release may be unknown."""
    return Cause(held.cause) if held.cause in {each.value for each in Cause} else Cause.BUG
