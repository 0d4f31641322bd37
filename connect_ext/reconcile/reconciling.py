"""One run: first open requests, then approved ones, then active subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from connect_ext.command_line.progress import Progress, no_progress
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.listing import MAX_PAGES, PAGE, Environment
from connect_ext.errors import Later, NotConfigured
from connect_ext.http.pace import Pace
from connect_ext.open_requests.ownership import Ownership
from connect_ext.reconcile.comparing import Comparing
from connect_ext.reconcile.finding import Report
from connect_ext.reconcile.resuming import Journal, NoJournal
from connect_ext.reconcile.walking import Walking
from connect_ext.reconcile.work import Work
from connect_ext.shared_state import SharedState

DAYS, MOST_DAYS = 30, 3650
CALLS_PER_MINUTE = 240
SUBSCRIPTIONS, MOST_SUBSCRIPTIONS = 20_000, PAGE * MAX_PAGES


@dataclass(frozen=True)
class Order:
    """The scope and pace of a run."""

    days: int = DAYS
    """How many days back approved requests are looked at, by their last change."""
    products: tuple[str, ...] = ()
    """Products that only this environment serves; if none, Connect's tasks show what is ours."""
    subscriptions: int = SUBSCRIPTIONS
    """How many active subscriptions a run looks at; the next day's run continues after them."""
    calls_per_minute: int = CALLS_PER_MINUTE


async def reconcile(
    variables: Mapping[str, str],
    order: Order,
    connect: ConnectApi,
    environment: Environment | None,
    shared: SharedState,
    *,
    journal: Journal | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Compare Connect with the vendor, and process requests that have waited for over an hour.

    The report lists anything that could not be compared. Only the ordinary walk changes anything,
    and never for another environment.
    """
    try:
        configuration = await shared.configuration(variables)
    except NotConfigured as error:
        return Report(problems=[error.message])
    pace = Pace(order.calls_per_minute, shared.clock)
    work = Work(
        configuration,
        connect,
        shared,
        Ownership(connect.listing, environment, pace, order.products),
        pace,
        journal or NoJournal(),
        progress,
    )
    for finding in work.journal.settled():
        work.report.add(finding)
    await _run(work, order)
    return work.report


async def _run(work: Work, order: Order) -> None:
    walking, comparing = Walking(work), Comparing(work)
    now = work.shared.now()
    products = {*work.ownership.named}
    try:
        await walking.run()
        products |= walking.products
        await comparing.scheduled(walking.scheduled)
        if order.days:
            products |= await comparing.approved(now - timedelta(days=order.days))
        if order.subscriptions and products:
            await _compare_active(work, comparing, products, order.subscriptions)
    except Later as error:
        work.report.problems.append(error.message)


async def _compare_active(work: Work, comparing: Comparing, products: set[str], most: int) -> None:
    """If one run cannot look at all of them, each day's run begins where the last ended."""
    total = await work.connect.listing.number_of_active_assets(products)
    if total <= most:
        await comparing.active(products, 0, most)
        return
    first = work.shared.now().toordinal() * most % total
    await comparing.active(products, first, min(most, total - first))
    if total - first < most:
        await comparing.active(products, 0, most - (total - first))
