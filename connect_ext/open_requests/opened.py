"""The list of open cancel requests, as far as it is needed before each is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connect_ext.cancelling.request import CancelRequest
from connect_ext.connect.api import SCHEDULED
from connect_ext.connect.listing import OPEN, Listing
from connect_ext.http.pace import Pace
from connect_ext.open_requests.ownership import Ownership
from connect_ext.open_requests.subject import Subject, read_request, subject_of

LEFT_ALONE_FOR = timedelta(hours=1)
"""What is younger is left to its task."""

OVERDUE_AFTER = timedelta(days=1)
"""Connect may take a planned date for a day, whose end is later."""

MOST_READINGS = 3
"""A list that others change while its pages are read may hide some of it."""


@dataclass(frozen=True)
class Listed:
    """What is kept of a request until its turn: whole, ten thousand would need too much memory."""

    subject: Subject
    status: str
    planned: datetime | None
    """When Connect is to bring it back; None for one that is not scheduled."""
    age_seconds: float
    """For how long it has waited, by Connect's clock."""
    now: datetime
    """Connect's clock."""

    @property
    def is_scheduled(self) -> bool:
        """Whether Connect is to bring it back."""
        return self.status == SCHEDULED

    @property
    def is_young(self) -> bool:
        """Whether it is left to its task."""
        return self.age_seconds < LEFT_ALONE_FOR.total_seconds()

    @property
    def is_overdue(self) -> bool:
        """Whether Connect should have brought it back by now."""
        return self.planned is not None and self.now - self.planned > OVERDUE_AFTER


Opened = dict[str, Listed]
"""Open requests by their ids."""


def listed_of(request: CancelRequest, now: datetime) -> Listed:
    """A request as it is listed."""
    planned = request.planned if request.status == SCHEDULED else None
    return Listed(subject_of(request), request.status, planned, request.age_seconds(now), now)


async def read_opened(opened: Opened, listing: Listing, ownership: Ownership, pace: Pace) -> None:
    """Add the open requests; raise ``Later`` where no more of them can be read."""
    for _ in range(MOST_READINGS):
        totals = set()
        async for page in pace.each(listing.open_requests(ownership.named)):
            totals.add(page.total)
            for request in filter(None, map(read_request, page.objects)):
                if request.status in OPEN:
                    opened[request.id] = listed_of(request, page.now)
        if len(totals) <= 1:
            return


async def ours_of(opened: Opened, ownership: Ownership) -> set[str]:
    """The ids of those that are this environment's; raises ``Later``."""
    return await ownership.ours([each.subject for each in opened.values()])


def without_task(opened: Mapping[str, Listed], ours: set[str]) -> set[str]:
    """Those that may have been forgotten: of a product that is ours, and without a task for long.

    A scheduled one needs none until its day.
    """
    products = {opened[name].subject.product_id for name in ours}
    return {
        name
        for name, each in opened.items()
        if name not in ours and each.subject.product_id in products
        if not each.is_young and not each.is_scheduled
    }
