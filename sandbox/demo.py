"""The demo: watch cancel requests of every kind go through the official runner.

Its exit status is 0 only if every request ended as it must.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.table import Table

from sandbox.sandbox import Sandbox
from sandbox.stories import (
    COUNTDOWN_SCALE,
    FIRST,
    LAST,
    OTHERS,
    SCHEDULED_SECONDS,
    Story,
    prepare,
)

STORY_SECONDS = 40.0
# What a task's status means for a request that stays as it is.
STAYS = {"failed": "held", "rescheduled": "waits", "skipped": "left alone"}


@dataclass
class Telling:
    """A story being played."""

    story: Story
    sandbox: Sandbox
    asset_id: str = ""
    request_id: str = ""
    turned: bool = False
    problems: list[str] | None = None

    def begin(self) -> None:
        """Set the scene, then let the customer cancel."""
        self.asset_id = self.story.arrange(self.sandbox)
        self.request_id = self.sandbox.connect.create_cancel_request(self.asset_id)

    async def finish(self, patience: float = STORY_SECONDS) -> None:
        """Wait for the end and compare it with the right one."""
        with contextlib.suppress(TimeoutError):
            await self._take_turn(patience)
            await self.sandbox.connect.journal.until(
                lambda: not self._differences(), patience, self.story.title
            )
        self.problems = self._differences()

    async def _take_turn(self, patience: float) -> None:
        """If the story has a turn, check that the request is scheduled and stays so until then."""
        if self.story.turn is None:
            return
        await self.sandbox.connect.reaches(self.request_id, "scheduled", timeout=patience)
        await asyncio.sleep(SCHEDULED_SECONDS)
        self.turned = self.statuses == ["pending", "scheduled"]
        if self.turned:
            self.story.turn(self.sandbox, self.request_id)

    def _differences(self) -> list[str]:
        end = self.story.end
        found = {
            "request": (self.status, end.request),
            "task": (self.task_status, end.task),
            "number of orders at the vendor": (self.ordered, end.cancellations),
            "number of cancellations at the vendor": (self.cancelled, end.cancellations),
            "number of cancellations undone there": (self.undone, end.undone),
            "number of instances": (self.instances, end.instances),
            "way to the end": (tuple(self.statuses[1:-1]), end.by_way_of),
        }
        problems = [
            f"the {k} is {is_!r}, not {must!r}" for k, (is_, must) in found.items() if is_ != must
        ]
        if end.says and end.says not in self.says:
            problems.append(f"nothing says {end.says!r}")
        if self.story.turn and not self.turned:
            problems.append("it was not scheduled until then")
        if self.waits < end.waits:
            problems.append(f"it waited {self.waits} times, not {end.waits}")
        return problems

    @property
    def status(self) -> str:
        """The request's status."""
        return self.sandbox.connect.status(self.request_id) if self.request_id else ""

    @property
    def statuses(self) -> list[str]:
        """Every status that the request has had."""
        if not self.request_id:
            return []
        return [change.status for change in self.sandbox.connect.history(self.request_id)]

    @property
    def task_status(self) -> str:
        """The status of the request's task."""
        tasks = self.sandbox.connect.tasks_of(self.request_id)
        return tasks[-1].status.value if tasks else ""

    @property
    def waits(self) -> int:
        """How often the task was postponed."""
        return sum(
            task.rescheduled_count for task in self.sandbox.connect.tasks_of(self.request_id)
        )

    @property
    def instances(self) -> int:
        """How many instances have had the task."""
        tasks = self.sandbox.connect.tasks_of(self.request_id)
        return len({each.instance_id for task in tasks for each in task.deliveries})

    @property
    def cancelled(self) -> int:
        """How many cancellations of the subscription took effect at the vendor."""
        ids = self._ids()
        at_vendor = [s for s in self.sandbox.vendor.subscriptions.values() if s.id in ids]
        tenants = (self.sandbox.zuora, self.sandbox.zuora_orders)
        at_zuora = sum(t.effective_cancellations(n) for t in tenants for n in _numbers(ids))
        return sum(s.cancellations for s in at_vendor) + at_zuora

    @property
    def undone(self) -> int:
        """How many cancellations of the subscription the vendor has undone."""
        ids = self._ids()
        return sum(s.undone for s in self.sandbox.vendor.subscriptions.values() if s.id in ids)

    @property
    def ordered(self) -> int:
        """How many cancellations of the subscription the vendor has accepted."""
        ids = self._ids()
        at_vendor = [s for s in self.sandbox.vendor.subscriptions.values() if s.id in ids]
        numbers = _numbers(ids)
        soap = sum(self.sandbox.zuora.effective_cancellations(number) for number in numbers)
        orders = sum(len(self.sandbox.zuora_orders.orders_of(number)) for number in numbers)
        return sum(s.orders for s in at_vendor) + soap + orders

    def _ids(self) -> set[str | None]:
        if not self.asset_id:
            return set()
        parameters = self.sandbox.connect.asset(self.asset_id)["params"]
        return {parameter.get("value") for parameter in parameters}

    @property
    def says(self) -> str:
        """All that people can read about the request."""
        if not self.request_id:
            return ""
        notes = [note["text"] for note in self.sandbox.connect.notes(self.request_id)]
        return " ".join([self.sandbox.connect.request(self.request_id)["reason"] or "", *notes])

    @property
    def walk(self) -> str:
        """The statuses that the request went through; if it stays, what its task does.

        The statuses between being scheduled and the end are left out, to fit on one line.
        """
        statuses = self.statuses
        if not statuses:
            return ""
        waited = f" (waited {self.waits} x)" if self.waits else ""
        shown = [*statuses[1:2], *statuses[2:][-1:]]
        walk = statuses[0] + waited + "".join(f" → {status}" for status in shown)
        if statuses[-1] == "scheduled":
            return (
                f"{walk} for {self.sandbox.connect.request(self.request_id)['planned_date'][:10]}"
            )
        task = STAYS.get(self.task_status) if len(statuses) == 1 else None
        return f"{walk}, {task}" if task else walk

    @property
    def verdict(self) -> str:
        """A mark for the table."""
        if self.problems is None:
            return "…" if self.request_id else ""
        return "[red]✘[/]" if self.problems else "[green]✔[/]"


def _numbers(ids: set[str | None]) -> list[str]:
    """The ids that are Zuora numbers; the two tenants share none here."""
    return [str(each) for each in ids if str(each).startswith("A-S")]


def _table(tellings: list[Telling]) -> Table:
    table = Table(title="Cancel requests in the official runner", title_justify="left")
    table.box, table.show_edge, table.pad_edge = box.SIMPLE_HEAD, False, False
    table.add_column("")
    table.add_column("What happens", no_wrap=True)
    table.add_column("Its walk", no_wrap=True, min_width=34)
    table.add_column("Cancels", justify="right", no_wrap=True)
    for telling in tellings:
        times = f"{telling.cancelled} x" if telling.request_id else ""
        table.add_row(telling.verdict, telling.story.title, telling.walk, times)
    return table


async def _follow(console: Console, tellings: list[Telling], playing: asyncio.Task[None]) -> None:
    """Redraw the table while the stories are played; without a terminal, draw it once."""
    if not console.is_terminal:
        await playing
        console.print(_table(tellings))
        return
    with Live(_table(tellings), console=console, auto_refresh=False) as live:
        while not playing.done():
            await asyncio.wait([playing], timeout=0.1)
            live.update(_table(tellings), refresh=True)
    await playing


async def _play(sandbox: Sandbox, tellings: list[Telling]) -> None:
    first, *others, last = tellings
    first.begin()
    await first.finish()
    for telling in others:
        telling.begin()
    await asyncio.gather(*(telling.finish() for telling in others))
    await sandbox.start_runner(debug=sandbox.runners[0].options.debug)
    last.begin()
    await last.finish()


def _summary(tellings: list[Telling]) -> Iterator[str]:
    for telling in tellings:
        yield f"{telling.verdict} [bold]{telling.story.title}[/] ({telling.request_id})"
        yield f"  {telling.story.why}"
        for problem in telling.problems or []:
            yield f"  [red]But {problem}.[/]"


async def play(sandbox: Sandbox, console: Console) -> bool:
    """Play all stories in a prepared sandbox with a runner; returns whether all ended well."""
    tellings = [Telling(story, sandbox) for story in (FIRST, *OTHERS, LAST)]
    playing = asyncio.create_task(_play(sandbox, tellings))
    try:
        await _follow(console, tellings, playing)
    finally:
        playing.cancel()
    console.print()
    for line in _summary(tellings):
        console.print(Padding.indent(line.lstrip(), 2) if line[0] == " " else line, highlight=False)
    return not any(telling.problems for telling in tellings)


async def demo(_: argparse.Namespace) -> int:
    """Run the demo; the exit code is 0 only if every request ended as it must."""
    console, began = Console(), time.monotonic()
    async with Sandbox(countdown_scale=COUNTDOWN_SCALE) as sandbox:
        prepare(sandbox)
        console.print(
            f"A local Connect at https://{sandbox.connect.address} (TLS, this machine only)"
        )
        console.print(f"A local vendor at {sandbox.vendor.url}")
        console.print(f"A local Zuora at {sandbox.zuora.url} (SOAP)")
        console.print(f"A local Zuora at {sandbox.zuora_orders.url} (orders)")
        console.print("Starting the official connect-extension-runner with this extension …")
        await sandbox.start_runner()
        console.print(f"Connected after {time.monotonic() - began:.0f} s.\n")
        good = await play(sandbox, console)
    console.print(f"\n{'Every request' if good else 'Not every request'} ended as it must", end="")
    console.print(f" ({time.monotonic() - began:.0f} s). Next: make sandbox, README.md.")
    return 0 if good else 1
