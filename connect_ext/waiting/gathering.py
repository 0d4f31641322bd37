"""One run: the list of open requests, and a look at each of those that are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connect_ext.a_few_at_a_time import a_few_at_a_time
from connect_ext.cancelling.steps import Leave, Wait
from connect_ext.cause import Cause
from connect_ext.command_line.progress import Progress, no_progress
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.listing import Environment, Listing
from connect_ext.errors import Later, NotConfigured
from connect_ext.guarded import guarded
from connect_ext.http.pace import CALLS_OF_A_WALK, Pace
from connect_ext.open_requests.opened import Opened, ours_of, read_opened, without_task
from connect_ext.open_requests.ownership import Ownership
from connect_ext.shared_state import SharedState
from connect_ext.waiting.entry import Entry, Overview
from connect_ext.waiting.judging import Seen, judged
from connect_ext.waiting.looking import Looker, ToShow

CALLS_PER_MINUTE = 600

SORT = "open requests"

_NO_TASK = "Nothing: Connect shows no task of this environment for it, so it may be another's."
_NOT_KNOWN = "The vendor is not asked: it is not known which environment serves it."


@dataclass(frozen=True)
class Order:
    """The scope and pace of a run."""

    products: tuple[str, ...] = ()
    """Products that only this environment serves; if none, Connect's tasks show what is ours."""
    calls_per_minute: int = CALLS_PER_MINUTE
    """Calls to the vendor and to Connect together."""


async def gather(
    variables: Mapping[str, str],
    order: Order,
    connect: ConnectApi,
    environment: Environment | None,
    shared: SharedState,
    *,
    progress: Progress = no_progress,
) -> Overview:
    """List the waiting requests; change nothing, and leave no notes.

    Errors of Connect and the vendor are not raised; the overview reports them.
    """
    configuration, problems = None, []
    try:
        configuration = await shared.configuration(variables)
    except NotConfigured as error:
        problems.append(error.message)
    pace = Pace(order.calls_per_minute, shared.clock)
    ownership = Ownership(connect.listing, environment, pace, order.products)
    found = await _opened(connect.listing, ownership, pace)
    looker = Looker(connect, configuration, shared)
    entries = await _look_at_all(found.shown, looker, pace, progress)
    problems += [*found.problems, *_counted(looker.problems)]
    return Overview(tuple(sorted(entries, key=_age)), found.others, tuple(problems))


@dataclass
class _Opened:
    """The open requests to show."""

    shown: list[ToShow] = field(default_factory=list)
    others: int = 0
    """How many more belong to another environment."""
    problems: list[str] = field(default_factory=list)
    """Sentences about things that could not be read."""


async def _opened(listing: Listing, ownership: Ownership, pace: Pace) -> _Opened:
    """Read the list, as far as Connect allows, without other environments' requests."""
    opened, found = Opened(), _Opened()
    try:
        await read_opened(opened, listing, ownership, pace)
    except Later as error:
        found.problems.append(error.message)
    try:
        ours = await ours_of(opened, ownership)
    except Later as error:
        found.problems.append(error.message)
        left_alone = Leave(error.cause, _NOT_KNOWN)
        found.shown = [ToShow(each, left_alone) for each in opened.values()]
        return found
    strange = without_task(opened, ours)
    found.shown = [ToShow(each) for name, each in opened.items() if name in ours]
    found.shown += [ToShow(opened[name], Leave(Cause.NO_TASK, _NO_TASK)) for name in strange]
    found.others = len(opened) - len(found.shown)
    return found


async def _look_at_all(
    shown: Sequence[ToShow], looker: Looker, pace: Pace, progress: Progress
) -> list[Entry]:
    """Look at a few at a time; a bug in one does not stop the others."""
    found: list[Entry | None] = []
    progress(SORT, 0, len(shown))

    async def one(each: ToShow) -> None:
        async with pace.taking(CALLS_OF_A_WALK):
            entry = await guarded(looker.look(each))
        if isinstance(entry, str):
            entry = judged(Seen(each.listed, Wait(Cause.BUG, entry, needs_person=True)))
        found.append(entry)
        progress(SORT, len(found))

    await a_few_at_a_time(shown, one)
    return [entry for entry in found if entry is not None]


def _counted(problems: Mapping[str, int]) -> list[str]:
    return [
        f"{number} {'request' if number == 1 else 'requests'}: {why}"
        for why, number in problems.items()
    ]


def _age(entry: Entry) -> tuple[float, str]:
    return -entry.waits_seconds, entry.subject.id
