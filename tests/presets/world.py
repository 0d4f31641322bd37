"""A local Connect, the official runner and all stand-ins, with all cases running at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import count

from sandbox import LocalConnect, Sandbox
from sandbox.connect.tasks import Task
from tests.presets.stand_in import TERM, Held, Seen, StandIn, Trouble
from tests.presets.stand_ins import STAND_INS

# 30 seconds of a rescheduled task take a third of a second here.
COUNTDOWN_SCALE = 0.01
PATIENCE = 60.0

# Two looks that find an id unknown or cancelled by somebody else are three seconds apart, not two
# minutes.
SOON = {"SETTLE_MINUTES": "0.05"}
SCHEDULED = {"WHEN_EFFECTIVE_LATER": "schedule"}

ACTIVE, CANCELLED, ENDS_LATER, UNKNOWN = "active", "cancelled", "ends later", "unknown"
TAKEN_BACK, ENDED = "taken back", "ended"


@dataclass
class Case:
    """One customer's cancellation at one vendor."""

    connect: LocalConnect
    stand_in: StandIn
    held: Held
    request_id: str = ""

    @property
    def statuses(self) -> list[str]:
        """Every status that the request has had."""
        return [change.status for change in self.connect.history(self.request_id)]

    @property
    def reason(self) -> str:
        """Why it was rejected."""
        return self.connect.request(self.request_id)["reason"]

    @property
    def asset_status(self) -> str:
        """The subscription's status in Connect."""
        return self.connect.request(self.request_id)["asset"]["status"]

    @property
    def notes(self) -> str:
        """All notes on the request."""
        return " ".join(note["text"] for note in self.connect.notes(self.request_id))

    @property
    def calls(self) -> list[Seen]:
        """The calls to the vendor that tried to change the subscription."""
        return self.stand_in.changes(self.held.id)

    def moment(self, name: str) -> datetime:
        """A date of the request in Connect."""
        return datetime.fromisoformat(self.connect.request(self.request_id)[name])

    async def settled(self) -> None:
        """Wait until the request is settled, and its notes are written."""
        await self.connect.settled(self.request_id, PATIENCE)
        await self.connect.tasks_settled(self.request_id, PATIENCE)

    async def scheduled(self) -> None:
        """Wait until the request is scheduled."""
        await self.connect.reaches(self.request_id, "scheduled", timeout=PATIENCE)

    async def held_for_a_person(self) -> Task:
        """Wait for the task that is left to a person."""
        *_, task = await self.connect.tasks_settled(self.request_id, PATIENCE)
        assert task.status.value == "failed"
        return task

    def ends(self) -> None:
        """Let the day come on which the subscription ends, at the vendor and in Connect."""
        self.held.cancelled, self.held.ends_at = True, datetime.now(timezone.utc)
        self.connect.bring_forward(self.request_id)


class World:
    """All cases of all stand-ins."""

    def __init__(self, sandbox: Sandbox, stand_ins: Mapping[str, StandIn]) -> None:
        self._connect, self.stand_ins = sandbox.connect, stand_ins
        self._numbers = count(1)
        self._overrides: dict[str, dict[str, str]] = {}
        self._cases: dict[tuple[str, str], Case] = {}
        self._products: dict[str, str] = {}
        for stand_in in stand_ins.values():
            self._prepare(stand_in)
        self._connect.set_variable("PRODUCT_OVERRIDES", json.dumps(self._overrides))

    def case(self, vendor: str, name: str) -> Case:
        """A vendor's case by name; a later date's name is `<date>, <end>`."""
        return self._cases[vendor, name]

    def begin(self) -> None:
        """Let all customers cancel."""
        for key, case in self._cases.items():
            product_id = self._products[", ".join(key)]
            asset_id = self._connect.create_subscription(case.held.id, product_id=product_id)
            case.request_id = self._connect.create_cancel_request(asset_id)

    def _prepare(self, stand_in: StandIn) -> None:
        now = datetime.now(timezone.utc)
        product = self._product(stand_in)
        self._add(product, ACTIVE, stand_in, stand_in.add())
        past = now - timedelta(days=3)
        self._add(product, CANCELLED, stand_in, stand_in.add(cancelled=True, ends_at=past))
        for trouble in Trouble:
            self._add(product, trouble.name, stand_in, stand_in.add(trouble=trouble))
        nobody = Held(stand_in.new_id(next(self._numbers) + 10**6))
        self._add(self._product(stand_in, **SOON), UNKNOWN, stand_in, nobody)
        if stand_in.later_dates:
            product = self._product(stand_in, **SOON, **SCHEDULED)
            self._add(product, ENDS_LATER, stand_in, stand_in.add(ends_at=now + TERM))
        for when in stand_in.later_dates:
            product = self._product(stand_in, CANCELLATION_DATE=when, **SCHEDULED)
            for end in (TAKEN_BACK, ENDED):
                self._add(product, f"{when}, {end}", stand_in, stand_in.add())

    def _add(self, product_id: str, name: str, stand_in: StandIn, held: Held) -> None:
        self._cases[stand_in.vendor, name] = Case(self._connect, stand_in, held)
        self._products[f"{stand_in.vendor}, {name}"] = product_id

    def _product(self, stand_in: StandIn, **variables: str) -> str:
        product_id = f"PRD-777-000-{next(self._numbers)}"
        self._connect.create_product(product_id=product_id, scheduling=True)
        self._overrides[product_id] = {**stand_in.variables(), **variables}
        return product_id


@asynccontextmanager
async def running_world() -> AsyncIterator[World]:
    """Every stand-in and one runner, with every case started."""
    async with AsyncExitStack() as stack:
        stand_ins = {each.vendor: each() for each in STAND_INS}
        for stand_in in stand_ins.values():
            await stand_in.start()
            stack.push_async_callback(stand_in.stop)
        first = next(iter(stand_ins.values()))
        # Of the variables that a preset may set, only the address and the key are set for all.
        sandbox = Sandbox(
            variables=first.variables(), countdown_scale=COUNTDOWN_SCALE, retry_seconds=30
        )
        await stack.enter_async_context(sandbox)
        world = World(sandbox, stand_ins)
        runner = await sandbox.start_runner()
        stack.push_async_callback(runner.kill)
        world.begin()
        yield world
