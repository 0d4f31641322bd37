"""Everything that one run works with."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from connect_ext.a_few_at_a_time import a_few_at_a_time
from connect_ext.cause import Cause
from connect_ext.command_line.progress import Progress
from connect_ext.connect.api import ConnectApi
from connect_ext.guarded import guarded
from connect_ext.http.pace import Pace
from connect_ext.open_requests.ownership import Ownership
from connect_ext.open_requests.subject import Subject
from connect_ext.portal.settings import Configuration
from connect_ext.reconcile.finding import Finding, Kind, Report
from connect_ext.reconcile.resuming import Journal
from connect_ext.shared_state import SharedState

Find = Coroutine[Any, Any, Finding | None]


@dataclass
class Work:
    """One run: its two sides, its pace, and its findings so far."""

    configuration: Configuration
    connect: ConnectApi
    shared: SharedState
    ownership: Ownership
    pace: Pace
    journal: Journal
    progress: Progress
    report: Report = field(default_factory=Report)

    async def each(
        self, sort: str, subjects: Iterable[Subject], work: Callable[[Subject], Find]
    ) -> None:
        """Work on the subjects, a few at a time; a bug in one does not stop the others.

        Results of an interrupted run are taken from the journal.
        """

        async def one(subject: Subject) -> None:
            if self.journal.has(subject.id):
                found = self.journal.found(subject.id)
            else:
                found = await self._found(subject, work)
            self.report.add(found)
            self.report.looked_at[sort] += 1
            self.progress(sort, self.report.looked_at[sort])

        await a_few_at_a_time(subjects, one)

    async def again(self, subjects: Iterable[Subject], work: Callable[[Subject], Find]) -> None:
        """Work again on subjects that are already counted; earlier findings are outdated."""

        async def one(subject: Subject) -> None:
            found = await self._found(subject, work)
            self.report.findings.pop(subject.id, None)
            self.report.add(found)

        await a_few_at_a_time(subjects, one)

    async def _found(self, subject: Subject, work: Callable[[Subject], Find]) -> Finding | None:
        found = await guarded(work(subject))
        if isinstance(found, str):
            return Finding(subject, Kind.NEEDS_PERSON, Cause.BUG, found)
        if found is None or found.kind is Kind.SETTLED:
            # The others may have changed by the time the run resumes.
            self.journal.keep(subject.id, found)
        return found
