"""The open cancel requests of Connect, and which of them are this environment's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.steps import Leave
from connect_ext.cause import Cause
from connect_ext.connect.api import SCHEDULED
from connect_ext.connect.listing import IDS_AT_ONCE, OPEN, Listing, Page
from connect_ext.errors import Later
from connect_ext.reconcile.open_requests import MOST_READINGS
from connect_ext.reconcile.ownership import Ownership
from connect_ext.reconcile.pace import CALLS_OF_A_LOOK, Pace
from connect_ext.reconcile.subject import Subject, read_request, subject_of
from connect_ext.reconcile.work import LEFT_ALONE_FOR

_NO_TASK = "Nothing: Connect shows no task of this environment for it, so that it may be another's."
_NOT_KNOWN = "Nothing is asked at the vendor: it is not known which environment serves it."


@dataclass(frozen=True)
class Listed:
    """An open request as Connect shows it."""

    subject: Subject
    status: str
    planned: datetime | None
    """When Connect is to bring it back; None for one that is not scheduled."""
    waits_seconds: float
    now: datetime
    """Connect's clock."""
    left_alone: Leave | None = None
    """Why the vendor is not asked about it; None: it is."""


@dataclass
class Opened:
    """The open requests that are to be shown."""

    listed: dict[str, Listed] = field(default_factory=dict)
    """By their ids."""
    others: int = 0
    """How many more are another environment's."""
    problems: list[str] = field(default_factory=list)
    """Sentences on what could not be read."""


def listed_of(request: CancelRequest, now: datetime) -> Listed:
    """A request as it is listed."""
    planned = request.planned if request.status == SCHEDULED else None
    return Listed(subject_of(request), request.status, planned, request.age_seconds(now), now)


async def read_opened(listing: Listing, ownership: Ownership, pace: Pace) -> Opened:
    """Read the list, as far as Connect lets us, and leave out what is another environment's."""
    opened = Opened()
    try:
        await _read_list(opened, listing, ownership.named, pace)
    except Later as error:
        opened.problems.append(error.message)
    try:
        ours = await _ours(opened, ownership, pace)
    except Later as error:
        opened.problems.append(error.message)
        left_alone = Leave(error.cause, _NOT_KNOWN)
        for name, listed in opened.listed.items():
            opened.listed[name] = replace(listed, left_alone=left_alone)
    else:
        _leave_out(opened, ours)
    return opened


async def _read_list(
    opened: Opened, listing: Listing, products: frozenset[str], pace: Pace
) -> None:
    """Others change the list while its pages are read, which may hide some of it."""
    for _ in range(MOST_READINGS):
        totals = set()
        async for page in _at_pace(listing.open_requests(products), pace):
            totals.add(page.total)
            for request in filter(None, map(_read, page.objects)):
                opened.listed[request.id] = listed_of(request, page.now)
        if len(totals) <= 1:
            return


async def _at_pace(pages: AsyncIterator[Page], pace: Pace) -> AsyncIterator[Page]:
    while True:
        async with pace.taking(CALLS_OF_A_LOOK):
            page = await anext(pages, None)
        if page is None:
            return
        yield page


def _read(shown: dict[str, Any]) -> CancelRequest | None:
    """A request, if it is what was asked for, whatever the filter promised."""
    request = read_request(shown)
    is_it = request is not None and request.status in OPEN and shown.get("type") == "cancel"
    return request if is_it else None


async def _ours(opened: Opened, ownership: Ownership, pace: Pace) -> set[str]:
    """The ids of those that are this environment's; raises ``Later``."""
    subjects: Sequence[Subject] = [each.subject for each in opened.listed.values()]
    found: set[str] = set()
    for start in range(0, len(subjects), IDS_AT_ONCE):
        async with pace.taking(CALLS_OF_A_LOOK):
            found |= await ownership.ours(subjects[start : start + IDS_AT_ONCE])
    return found


def _leave_out(opened: Opened, ours: set[str]) -> None:
    """Of a product that is ours, a request without a task may have been forgotten."""
    products = {opened.listed[name].subject.product_id for name in ours}
    for name, listed in list(opened.listed.items()):
        if name in ours:
            continue
        is_young = listed.waits_seconds < LEFT_ALONE_FOR.total_seconds()
        if listed.subject.product_id in products and not is_young and listed.status != SCHEDULED:
            opened.listed[name] = replace(listed, left_alone=Leave(Cause.NO_TASK, _NO_TASK))
        else:
            del opened.listed[name]
            opened.others += 1
