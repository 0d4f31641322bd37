"""One run: the list of open requests, and a look at each of those that are ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from connect_ext.cancelling.steps import Wait
from connect_ext.cause import Cause
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.listing import Environment
from connect_ext.errors import NotConfigured
from connect_ext.guarded import guarded
from connect_ext.reconcile.ownership import Ownership
from connect_ext.reconcile.pace import CALLS_OF_A_WALK, Pace
from connect_ext.reconcile.reconciling import no_progress
from connect_ext.reconcile.work import Progress
from connect_ext.shared_state import SharedState
from connect_ext.waiting.entry import Entry, Overview
from connect_ext.waiting.judging import Seen, judged
from connect_ext.waiting.looking import Looker
from connect_ext.waiting.opened import Listed, Opened, read_opened

CALLS_PER_MINUTE = 600

AT_ONCE = 8
"""How many requests are looked at at a time."""

SORT = "open requests"


@dataclass(frozen=True)
class Order:
    """Whose requests are listed, and how fast."""

    products: tuple[str, ...] = ()
    """Products that only this environment serves; none: Connect's tasks tell what is ours."""
    calls_per_minute: int = CALLS_PER_MINUTE
    """To the vendor and to Connect together."""


async def gather(
    variables: Mapping[str, str],
    order: Order,
    connect: ConnectApi,
    environment: Environment | None,
    shared: SharedState,
    *,
    progress: Progress = no_progress,
) -> Overview:
    """List what waits; nothing is changed, and nobody is told.

    What cannot be seen is in the overview: neither Connect's errors nor the vendor's come out.
    """
    configuration, problems = None, []
    try:
        configuration = await shared.configuration(variables)
    except NotConfigured as error:
        problems.append(error.message)
    pace = Pace(order.calls_per_minute, shared.clock)
    ownership = Ownership(connect.listing, environment, order.products)
    opened = await read_opened(connect.listing, ownership, pace)
    looker = Looker(connect, configuration, shared)
    entries = await _look_at_all(opened, looker, pace, progress)
    problems += [*opened.problems, *_counted(looker.problems)]
    return Overview(tuple(sorted(entries, key=_age)), opened.others, tuple(problems))


async def _look_at_all(
    opened: Opened, looker: Looker, pace: Pace, progress: Progress
) -> list[Entry]:
    """A few at a time; a bug in one of them stops no other."""
    places, found = asyncio.Semaphore(AT_ONCE), []
    progress(SORT, 0, len(opened.listed))

    async def one(listed: Listed) -> None:
        async with places, pace.taking(CALLS_OF_A_WALK):
            entry = await guarded(looker.look(listed))
        if isinstance(entry, str):
            entry = judged(Seen(listed, Wait(Cause.BUG, entry, needs_person=True)))
        found.append(entry)
        progress(SORT, len(found))

    await asyncio.gather(*map(one, opened.listed.values()))
    return [entry for entry in found if entry is not None]


def _counted(problems: Mapping[str, int]) -> list[str]:
    return [
        f"{number} {'request' if number == 1 else 'requests'}: {why}"
        for why, number in problems.items()
    ]


def _age(entry: Entry) -> tuple[float, str]:
    return -entry.waits_seconds, entry.subject.id
