"""The demo: cancel requests of every kind go through the official runner, and are watched.

It ends with exit status 0 only if every request ended as it must.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.table import Table

from sandbox.connect.objects import Parameter
from sandbox.faults import DropAfter, Respond
from sandbox.sandbox import Sandbox

DRY_PRODUCT = "PRD-100-000-002"
# One product for each generation of Zuora's SOAP API, by the version that it speaks.
ZUORA_PRODUCTS = {
    "19.0": "PRD-100-000-019",
    "27.0": "PRD-100-000-027",
    "78.0": "PRD-100-000-078",
}
# 30 seconds of a rescheduled task take less than half a second here.
COUNTDOWN_SCALE = 0.015
STORY_SECONDS = 40.0
# What a task's status means for a request that stays as it is.
STAYS = {"failed": "held", "rescheduled": "waits", "skipped": "left alone"}

Arrange = Callable[[Sandbox], str]


@dataclass(frozen=True)
class End:
    """How a story must end: statuses of request and task, and cancellations at the vendor."""

    request: str
    task: str
    cancellations: int
    says: str = ""
    """A part of the reject reason, or of a note, that must be there."""
    waits: int = 0
    """How often the task must have been put off at least."""


@dataclass(frozen=True)
class Story:
    """One cancel request: `arrange` makes the world and answers the subscription's id `AS-...`."""

    title: str
    arrange: Arrange
    end: End
    why: str


@dataclass
class Telling:
    """A story while it is played."""

    story: Story
    sandbox: Sandbox
    asset_id: str = ""
    request_id: str = ""
    problems: list[str] | None = None

    def begin(self) -> None:
        """Make the world of the story, and let the customer cancel."""
        self.asset_id = self.story.arrange(self.sandbox)
        self.request_id = self.sandbox.connect.create_cancel_request(self.asset_id)

    async def finish(self) -> None:
        """Wait for the end and compare it with the one that must come."""
        with contextlib.suppress(TimeoutError):
            await self.sandbox.connect.journal.until(
                lambda: not self._differences(), STORY_SECONDS, self.story.title
            )
        self.problems = self._differences()

    def _differences(self) -> list[str]:
        end = self.story.end
        found = {
            "request": (self.status, end.request),
            "task": (self.task_status, end.task),
            "cancellations at the vendor": (self.cancelled, end.cancellations),
        }
        problems = [
            f"{k} is {is_!r}, not {must!r}" for k, (is_, must) in found.items() if is_ != must
        ]
        if end.says and end.says not in self.says:
            problems.append(f"nothing says {end.says!r}")
        if self.waits < end.waits:
            problems.append(f"it waited {self.waits} times, not {end.waits}")
        return problems

    @property
    def status(self) -> str:
        """The request's status."""
        return self.sandbox.connect.status(self.request_id) if self.request_id else ""

    @property
    def task_status(self) -> str:
        """The status of the request's task."""
        tasks = self.sandbox.connect.tasks_of(self.request_id)
        return tasks[-1].status.value if tasks else ""

    @property
    def waits(self) -> int:
        """How often the task was put off."""
        return sum(
            task.rescheduled_count for task in self.sandbox.connect.tasks_of(self.request_id)
        )

    @property
    def cancelled(self) -> int:
        """How often the vendor has really cancelled the subscription."""
        if not self.asset_id:
            return 0
        parameters = self.sandbox.connect.asset(self.asset_id)["params"]
        ids = {parameter.get("value") for parameter in parameters}
        at_vendor = [s for s in self.sandbox.vendor.subscriptions.values() if s.id in ids]
        at_zuora = [id_ for id_ in ids if str(id_).startswith("A-S")]
        return sum(s.cancellations for s in at_vendor) + sum(
            self.sandbox.zuora.effective_cancellations(name) for name in at_zuora
        )

    @property
    def says(self) -> str:
        """Everything that people can read about the request."""
        if not self.request_id:
            return ""
        notes = [note["text"] for note in self.sandbox.connect.notes(self.request_id)]
        return " ".join([self.sandbox.connect.request(self.request_id)["reason"] or "", *notes])

    @property
    def walk(self) -> str:
        """The statuses that the request went through, and what its task does where it stays."""
        if not self.request_id:
            return ""
        statuses = [change.status for change in self.sandbox.connect.history(self.request_id)]
        waited = f" (waited {self.waits} x)" if self.waits else ""
        walk = statuses[0] + waited + "".join(f" → {status}" for status in statuses[1:])
        task = STAYS.get(self.task_status) if len(statuses) == 1 else None
        return f"{walk}, {task}" if task else walk

    @property
    def verdict(self) -> str:
        """A mark for the table."""
        if self.problems is None:
            return "…" if self.request_id else ""
        return "[red]✘[/]" if self.problems else "[green]✔[/]"


def _plain(**fields: object) -> Arrange:
    return lambda sandbox: sandbox.new_subscription(**fields)  # type: ignore[arg-type]


def _with_parameter(parameter: Parameter) -> Arrange:
    return lambda sandbox: sandbox.connect.create_subscription(parameters=[parameter])


def _unknown(sandbox: Sandbox) -> str:
    return sandbox.connect.create_subscription("SUB-NOBODY-KNOWS")


def _fails_twice(sandbox: Sandbox) -> str:
    asset_id = sandbox.new_subscription("SUB-AFTER-A-FAILURE")
    sandbox.vendor.faults.add("*", "SUB-AFTER-A-FAILURE", Respond(503), times=2)
    return asset_id


def _lost_answer(sandbox: Sandbox) -> str:
    asset_id = sandbox.new_subscription("SUB-LOST-ANSWER")
    sandbox.vendor.faults.add("POST", "SUB-LOST-ANSWER", DropAfter(), times=1)
    return asset_id


def _dry(sandbox: Sandbox) -> str:
    subscription = sandbox.vendor.add()
    return sandbox.connect.create_subscription(subscription.id, product_id=DRY_PRODUCT)


def _zuora(version: str, status: str = "Active") -> Arrange:
    def arrange(sandbox: Sandbox) -> str:
        name = sandbox.zuora.add(status=status).name
        return sandbox.connect.create_subscription(name, product_id=ZUORA_PRODUCTS[version])

    return arrange


FIRST = Story(
    "a preview subscription",
    _plain(),
    End("approved", "succeeded", 1),
    "The vendor showed it as active and cancelled it, and the request was approved: the"
    " subscription is terminated in Connect.",
)

OTHERS = (
    Story(
        "already cancelled there",
        _plain(status="cancelled"),
        End("approved", "succeeded", 0, says="already"),
        "The vendor had cancelled it before, so that it was only approved.",
    ),
    Story(
        "a draft at the vendor",
        _plain(status="draft"),
        End("failed", "succeeded", 0, says="draft"),
        "A draft subscription cannot be cancelled; rejected, with that reason.",
    ),
    Story(
        "unknown to the vendor",
        _unknown,
        End("pending", "failed", 0, says="does not know"),
        "The vendor does not know the id (ON_NOT_FOUND is hold): left to a person, with a note.",
    ),
    Story(
        "the parameter is blank",
        _with_parameter(Parameter("subscription_id", "  ")),
        End("failed", "succeeded", 0, says="subscription_id"),
        "The parameter is there but blank; rejected, naming the parameter.",
    ),
    Story(
        "the parameter is not there",
        _with_parameter(Parameter("other_parameter", "SUB-1")),
        End("pending", "rescheduled", 0, waits=1),
        "No parameter of that name: a misspelt variable, which must reject nobody. It waits.",
    ),
    Story(
        "refused by the vendor",
        _plain(refusal="The minimum term ends on 2027-01-31."),
        End("failed", "succeeded", 0, says="The minimum term ends on 2027-01-31."),
        "The vendor refused for a reason of business; rejected, with the vendor's reason.",
    ),
    Story(
        "the vendor fails twice",
        _fails_twice,
        End("approved", "succeeded", 1, waits=2),
        "Two answers were HTTP 503: it waited twice, and was cancelled once.",
    ),
    Story(
        "the vendor's answer is lost",
        _lost_answer,
        End("approved", "succeeded", 1),
        "The connection broke after the vendor had cancelled. The vendor was asked what happened"
        " instead of being sent it again.",
    ),
    Story(
        "a dry run",
        _dry,
        End("pending", "skipped", 0, says="Dry run"),
        "Its product has DRY_RUN: nothing was changed, a private note says what would have been.",
    ),
    Story(
        "Zuora 19.0",
        _zuora("19.0"),
        End("approved", "succeeded", 1, says="It ends at the vendor on"),
        "A draft amendment was made, then completed, with a date in the future as this version"
        " wants it.",
    ),
    Story(
        "Zuora 27.0",
        _zuora("27.0"),
        End("approved", "succeeded", 1),
        "One create in a single transaction; then Zuora was asked whether it is cancelled.",
    ),
    Story(
        "Zuora 78.0",
        _zuora("78.0"),
        End("approved", "succeeded", 1, says="review"),
        "The amendment was previewed, then made; the preview's amounts are in a private note.",
    ),
    Story(
        "Zuora, a draft subscription",
        _zuora("78.0", status="Draft"),
        End("failed", "succeeded", 0, says="draft"),
        "Zuora cannot cancel a draft; rejected, with that reason.",
    ),
)


def prepare(sandbox: Sandbox) -> None:
    """Make the products that have variables of their own, before the runner starts."""
    overrides = {DRY_PRODUCT: {"DRY_RUN": "true"}}
    for version, product_id in ZUORA_PRODUCTS.items():
        of_zuora = sandbox.zuora.variables(version)
        overrides[product_id] = {name: of_zuora[name] for name in ("VENDOR", "ZUORA_SOAP_URL")}
        # The overrides are readable in the portal: what is secret has a variable of its own.
        for name in ("ZUORA_USERNAME", "ZUORA_PASSWORD"):
            sandbox.connect.set_variable(name, of_zuora[name], name == "ZUORA_PASSWORD")
    for product_id in overrides:
        sandbox.connect.create_product(product_id=product_id)
    sandbox.connect.set_variable("PRODUCT_OVERRIDES", json.dumps(overrides))


def _table(tellings: list[Telling]) -> Table:
    table = Table(title="Cancel requests in the official runner", title_justify="left")
    table.box = box.SIMPLE_HEAD
    table.add_column("")
    table.add_column("What happens", no_wrap=True)
    table.add_column("Its walk", no_wrap=True, min_width=31)
    table.add_column("Cancels", justify="right", no_wrap=True)
    for telling in tellings:
        times = f"{telling.cancelled} x" if telling.request_id else ""
        table.add_row(telling.verdict, telling.story.title, telling.walk, times)
    return table


async def _follow(console: Console, tellings: list[Telling], playing: asyncio.Task[None]) -> None:
    """Redraw the table while the stories are played; where nobody watches, draw it once."""
    if not console.is_terminal:
        await playing
        console.print(_table(tellings))
        return
    with Live(_table(tellings), console=console, auto_refresh=False) as live:
        while not playing.done():
            await asyncio.wait([playing], timeout=0.1)
            live.update(_table(tellings), refresh=True)
    await playing


async def _play(tellings: list[Telling]) -> None:
    first, *others = tellings
    first.begin()
    await first.finish()
    for telling in others:
        telling.begin()
    await asyncio.gather(*(telling.finish() for telling in others))


def _summary(tellings: list[Telling]) -> Iterator[str]:
    for telling in tellings:
        yield f"{telling.verdict} [bold]{telling.story.title}[/] ({telling.request_id})"
        yield f"  {telling.story.why}"
        for problem in telling.problems or []:
            yield f"  [red]But {problem}.[/]"


async def play(sandbox: Sandbox, console: Console) -> bool:
    """Play all stories in a sandbox that is prepared; answer whether all ended well."""
    tellings = [Telling(story, sandbox) for story in (FIRST, *OTHERS)]
    await _follow(console, tellings, asyncio.create_task(_play(tellings)))
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
        console.print(f"A local Zuora at {sandbox.zuora.url}")
        console.print("Starting the official connect-extension-runner with this extension …")
        await sandbox.start_runner()
        console.print(f"It has connected after {time.monotonic() - began:.0f} s.\n")
        good = await play(sandbox, console)
    console.print(f"\n{'Every request' if good else 'Not every request'} ended as it must", end="")
    console.print(f" ({time.monotonic() - began:.0f} s). Next: make sandbox, README.md.")
    return 0 if good else 1
