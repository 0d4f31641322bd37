"""Looks at one open request: its last note, and what a delivery of its task would do now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from connect_ext.cancelling.process import foresee, waiting
from connect_ext.cancelling.reporting import DRY_RUN, Report, last_report
from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.settling import Settling
from connect_ext.cancelling.steps import Final, Leave, Wait
from connect_ext.cause import Cause
from connect_ext.connect.api import PENDING, REVOKING, ConnectApi
from connect_ext.connect.listing import OPEN
from connect_ext.errors import Later, NotDone
from connect_ext.open_requests.opened import Listed, listed_of
from connect_ext.open_requests.subject import read_request
from connect_ext.portal.settings import Configuration, Settings
from connect_ext.shared_state import SharedState
from connect_ext.waiting.entry import Entry
from connect_ext.waiting.judging import Seen, judged

DEADLINE_SECONDS = 60.0
"""The time limit for one request."""

_VARIABLES = "The variables have mistakes; nothing is done until they are corrected."


@dataclass(frozen=True)
class ToShow:
    """An open request in the list."""

    listed: Listed
    left_alone: Leave | None = None
    """Why the vendor is not asked about it; None if it is asked."""


class Looker:
    """Looks at requests; changes nothing, and leaves no notes."""

    def __init__(
        self, connect: ConnectApi, configuration: Configuration | None, shared: SharedState
    ) -> None:
        """Without a ``configuration``, the variables have mistakes, and no vendor is asked."""
        self._connect, self._configuration = connect, configuration
        self._shared = replace(shared, deadline_seconds=DEADLINE_SECONDS)
        self.problems: Counter[str] = Counter()
        """Reasons why something could not be seen, each with the number of requests."""

    async def look(self, to_show: ToShow) -> Entry | None:
        """Make the entry for a request; None if it is no longer open."""
        listed = to_show.listed
        settings = self._settings(listed.subject.product_id)
        request: CancelRequest | None = None
        try:
            request = await self._request(listed)
            if request.status not in OPEN:
                return None
            listed = listed_of(request, listed.now)
            step = to_show.left_alone or await self._step(request, settings)
        except Later as error:
            step = waiting(error)
        if isinstance(step, Wait) and not step.needs_person:
            self.problems[step.why] += 1
        report = await self._report(listed.subject.id)
        text = await self._shown(report, request, settings)
        if settings is None:
            return judged(Seen(listed, step, report, text))
        hours, settles = settings.escalate_after_hours, settings.settles_within
        return judged(Seen(listed, step, report, text, settings.dry_run, hours, settles))

    def _settings(self, product_id: str) -> Settings | None:
        configuration = self._configuration
        return configuration.for_product(product_id) if configuration else None

    async def _request(self, listed: Listed) -> CancelRequest:
        """Read the whole request, since the list omits some personal data. Raises ``Later``."""
        shown = await self._connect.listing.request(listed.subject.id)
        request = read_request(shown)
        if request is None:
            why = "Connect's answer to reading a request is not about it."
            raise NotDone(why, cause=Cause.CONNECT)
        return request

    async def _step(self, request: CancelRequest, settings: Settings | None) -> Final:
        """Foresee what would happen now; for a scheduled request, if it came back now.

        Raises ``Later``.
        """
        if settings is None:
            return Wait(Cause.VARIABLES, _VARIABLES, needs_person=True)
        vendor = self._shared.vendors.vendor_for(settings.vendor)
        if request.status not in (PENDING, REVOKING):
            request = replace(request, status=PENDING)
        return await foresee(request, settings, self._connect, vendor, self._shared)

    async def _report(self, request_id: str) -> Report | None:
        try:
            notes = await self._connect.conversation.private_notes(request_id)
        except Later as error:
            self.problems[error.message] += 1
            return None
        return last_report(notes.notes)

    async def _shown(
        self, report: Report | None, request: CancelRequest | None, settings: Settings | None
    ) -> str:
        """Mask known secrets and personal data in the report's sentence.

        The sentence of a dry run contains the vendor's address.
        """
        if report is None or request is None or settings is None or report.kind == DRY_RUN:
            return ""
        tokens = self._shared.vendors.tokens_of(settings.vendor)
        settling = Settling(request, settings, self._connect, tokens)
        return await settling.masked(report.sentence)
