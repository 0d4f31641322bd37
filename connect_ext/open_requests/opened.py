"""Lists the open cancel requests, with the data needed before each is read."""

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
"""A younger request is left to its task."""

OVERDUE_AFTER = timedelta(days=1)
"""Connect may treat a planned date as a whole day, which ends later."""

MOST_READINGS = 3
"""A list that changes while its pages are read may hide some entries."""


@dataclass(frozen=True)
class Listed:
    """A request until its turn comes: ten thousand whole ones would need too much memory."""

    subject: Subject
    status: str
    planned: datetime | None
    """When Connect returns it to pending; None if it is not scheduled."""
    age_seconds: float
    """How long it has waited, by Connect's clock."""
    now: datetime
    """Connect's clock."""

    @property
    def is_scheduled(self) -> bool:
        """Whether Connect will return it to pending."""
        return self.status == SCHEDULED

    @property
    def is_young(self) -> bool:
        """Whether it is still left to its task."""
        return self.age_seconds < LEFT_ALONE_FOR.total_seconds()

    @property
    def is_overdue(self) -> bool:
        """Whether Connect should have returned it by now."""
        return self.planned is not None and self.now - self.planned > OVERDUE_AFTER


Opened = dict[str, Listed]
"""Open requests by their ids."""


def listed_of(request: CancelRequest, now: datetime) -> Listed:
    """Reduce a request to its entry in the list."""
    planned = request.planned if request.status == SCHEDULED else None
    return Listed(subject_of(request), request.status, planned, request.age_seconds(now), now)


async def read_opened(opened: Opened, listing: Listing, ownership: Ownership, pace: Pace) -> None:
    """Read the open requests into ``opened``; raise ``Later`` if the rest cannot be read."""
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
    """Find the ids of this environment's requests; raises ``Later``."""
    return await ownership.ours([each.subject for each in opened.values()])


def without_task(opened: Mapping[str, Listed], ours: set[str]) -> set[str]:
    """Find requests that may be forgotten: for our products, but long without a task.

    A scheduled request needs no task until its day.
    """
    products = {opened[name].subject.product_id for name in ours}
    return {
        name
        for name, each in opened.items()
        if name not in ours and each.subject.product_id in products
        if not each.is_young and not each.is_scheduled
    }
