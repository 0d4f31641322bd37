"""Processes the open requests that are old enough, as their tasks would."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from connect_ext import outcome_log
from connect_ext.cancelling.dry_run import PUTS_RIGHT
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
from connect_ext.connect.api import PENDING, REVOKING
from connect_ext.errors import Later, NotConfigured
from connect_ext.http.pace import CALLS_OF_A_WALK
from connect_ext.open_requests.opened import Opened, ours_of, read_opened, without_task
from connect_ext.open_requests.subject import Subject, read_request
from connect_ext.portal.settings import Settings
from connect_ext.reconcile.finding import Finding, Kind
from connect_ext.reconcile.work import Work

LOG = logging.getLogger("eaas.eventsapp")

LOOKS_AT_HELD = 2
"""A single bad answer must not cause a held request to be processed again."""

SOON_SECONDS, ROUNDS = 120, 3
"""Requests with a wait of at most ``SOON_SECONDS`` are processed again, up to ``ROUNDS`` times."""

OPEN, YOUNG, OTHERS = "open requests", "requests younger than an hour", "requests of others"


class Walking:
    """Finds the open requests, and processes those that are ours and old enough."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._soon: dict[Subject, int] = {}
        """Requests that may be done within minutes, with the seconds until the next look."""
        self.products: set[str] = set()
        """The products of our requests."""
        self.scheduled: list[Subject] = []
        """Requests that Connect will return on a later day."""

    async def run(self) -> None:
        """Read all open requests, then process each; raises ``Later`` if they cannot be read."""
        work, opened = self._work, Opened()
        await read_opened(opened, work.connect.listing, work.ownership, work.pace)
        ours = await ours_of(opened, work.ownership)
        self.products = {opened[name].subject.product_id for name in ours}
        strange = without_task(opened, ours)
        mine = [each for name, each in opened.items() if name in ours]
        self._find_without_task(opened[name].subject for name in strange)
        work.report.looked_at[OTHERS] = len(opened) - len(ours) - len(strange)
        work.report.looked_at[YOUNG] = sum(each.is_young for each in mine)
        waiting = [e.subject for e in mine if not (e.is_young or e.is_scheduled)]
        overdue = [each.subject for each in mine if each.is_overdue]
        self.scheduled = [e.subject for e in mine if e.is_scheduled and not e.is_overdue]
        work.progress(OPEN, 0, len(waiting) + len(overdue))
        await work.each(OPEN, overdue, self._find_overdue)
        await work.each(OPEN, waiting, self._walk)
        await self._walk_again()

    def _find_without_task(self, subjects: Iterable[Subject]) -> None:
        """Report requests that may belong to any environment."""
        what = "Connect shows no task of this environment for the request: nothing was done."
        for subject in subjects:
            finding = Finding(subject, Kind.NEEDS_PERSON, Cause.NO_TASK, what)
            self._work.report.add(finding)

    async def _find_overdue(self, subject: Subject) -> Finding | None:
        what = "The request is scheduled for a day that has passed, but Connect has not returned it"
        what += " to pending: no task will approve it."
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
        # Read now, after the steps that take time: the walk trusts this data for a while.
        data = await work.connect.listing.request(subject.id)
        request = _still_open(data, subject)
        if request is None:
            return None
        settings = work.configuration.for_product(request.product_id)
        vendor = work.shared.vendors.vendor_for(settings.vendor)
        memory = work.shared.request(work.connect.account.key, request.id)
        # So others' marks are read first, and a run that must wait for one leaves no note.
        memory.attempts.has_met_others = memory.undo.has_met_others = True
        began = time.monotonic()
        ended = await process(request, settings, work.connect, vendor, work.shared)
        milliseconds = round((time.monotonic() - began) * 1000)
        line = outcome_log.TaskLine(ended, data, "", milliseconds)
        LOG.log(line.level, "%s", line)
        work.shared.metrics.task_ended(ended.step, data)
        return self._found(subject, request, settings, ended)

    async def _left_to_a_person(self, subject: Subject) -> Finding | None:
        """Make the finding about a held request; None for a request to process.

        Raises ``Later``, including when it cannot be known whether the request is held.
        """
        try:
            held = await self._held(subject)
        except NotConfigured:
            if await self._is_right_by_now(subject):
                return None
            raise
        if held is None or await self._is_right_by_now(subject):
            return None
        return Finding(subject, Kind.NEEDS_PERSON, held.known_cause or Cause.BUG, held.says)

    async def _held(self, subject: Subject) -> Report | None:
        """The last report on a request, if it left the request to a person."""
        notes = await self._work.connect.conversation.private_notes(subject.id)
        last = last_report(notes.notes)
        return last if last is not None and last.kind == HELD else None

    async def _is_right_by_now(self, subject: Subject) -> bool:
        """Whether no person is needed: it is settled, or the vendor shows the requested result.

        Raises ``Later``.
        """
        work, shared = self._work, self._work.shared
        request = _still_open(await work.connect.listing.request(subject.id), subject)
        if request is None:
            return True
        settings = work.configuration.for_product(request.product_id)
        vendor = shared.vendors.vendor_for(settings.vendor)
        for _ in range(LOOKS_AT_HELD):
            step = await foresee(request, settings, work.connect, vendor, shared)
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
        """Process requests again whose result may show within minutes."""
        for _ in range(ROUNDS):
            if not self._soon:
                return
            subjects, seconds = list(self._soon), max(self._soon.values())
            self._soon.clear()
            await self._work.shared.sleep(seconds)
            await self._work.again(subjects, self._walk)


def _still_open(shown: dict[str, Any], subject: Subject) -> CancelRequest | None:
    """Read the request as it is now; None if it is settled, or a different one."""
    request = read_request(shown)
    if request is None or request.product_id != subject.product_id:
        return None
    return request if request.status in (PENDING, REVOKING) else None
