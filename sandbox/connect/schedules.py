"""The environment's schedules, which make tasks for the extension's schedulables.

Shapes and rules: docs/facts.md, Connect 5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from sandbox.connect import objects
from sandbox.connect.environment import Environment
from sandbox.connect.moments import Clock
from sandbox.connect.objects import Json
from sandbox.connect.refusals import invalid, unknown
from sandbox.connect.tasks import SCHEDULE_EVENT, TaskQueue
from sandbox.connect.timers import Timers
from sandbox.connect.triggers import Trigger, read_trigger

MOST_CHARACTERS = {"name": 256, "method": 256, "description": 2048}


@dataclass
class Schedule:
    """A schedule `EFS-...`; `definition` holds the fields it was created with."""

    id: str
    definition: Json
    trigger: Trigger
    created: datetime
    last_triggered: datetime | None = None
    next_trigger: datetime | None = None

    @property
    def method(self) -> str:
        """The schedulable that it runs."""
        method: str = self.definition["method"]
        return method

    def events(self) -> Json:
        """Its dates, as the API returns them."""
        created = objects.event(self.created, objects.AGENT)
        moments = {"last_triggered": self.last_triggered, "next_trigger": self.next_trigger}
        triggers = {name: objects.event(at) for name, at in moments.items() if at is not None}
        return {"created": created, "updated": created, **triggers}


class Schedules:
    """All schedules; only this class triggers them."""

    def __init__(
        self,
        environment: Environment,
        queue: TaskQueue,
        timers: Timers,
        clock: Clock,
        record: Callable[[str, str, str], None],
    ) -> None:
        self._environment = environment
        self._queue = queue
        self._timers = timers
        self._clock = clock
        self._record = record
        self._numbers = count(1)
        self._clock.when_moved(self._await_all)
        self.by_id: dict[str, Schedule] = {}

    def get(self, schedule_id: str) -> Schedule:
        """The schedule with this id; raises the platform's refusal if there is none."""
        if schedule_id not in self.by_id:
            raise unknown(schedule_id)
        return self.by_id[schedule_id]

    def create(self, body: Json) -> Schedule:
        """Make a schedule that triggers by itself from now on."""
        definition = {
            "name": _text(body, "name", is_required=True),
            "description": _text(body, "description"),
            "method": _text(body, "method", is_required=True),
            "parameter": _parameter(body),
        }
        if definition["method"] not in self._environment.schedulables:
            raise invalid(f"method: The extension has no schedulable `{definition['method']}`.")
        now = self._clock.now()
        trigger = read_trigger(body.get("trigger"), now, self._queue.countdown_scale)
        definition["trigger"] = {k: v for k, v in body["trigger"].items() if v is not None}
        schedule = Schedule(f"EFS-1000-{next(self._numbers):04d}", definition, trigger, now)
        self.by_id[schedule.id] = schedule
        self._record("schedule", schedule.id, f"created for {schedule.method}")
        self._await_next(schedule, now)
        return schedule

    def delete(self, schedule_id: str) -> None:
        """Forget a schedule; its tasks stay in the queue."""
        schedule = self.get(schedule_id)
        self._timers.cancel(schedule.id)
        del self.by_id[schedule.id]
        self._record("schedule", schedule.id, "deleted")

    def trigger(self, schedule_id: str) -> Schedule:
        """Run a schedule now; while one of its tasks waits in the queue, no second one is made."""
        schedule = self.get(schedule_id)
        if not self._is_enabled(schedule):
            raise invalid("Only enabled schedules can be triggered.")
        schedule.last_triggered = self._clock.now()
        self._record("schedule", schedule.id, "triggered")
        self._queue.emit(SCHEDULE_EVENT, schedule.id)
        return schedule

    def json(self, schedule: Schedule) -> Json:
        """A schedule as the API returns it."""
        return {
            "id": schedule.id,
            **schedule.definition,
            "environment": self._environment.reference(),
            "status": "enabled" if self._is_enabled(schedule) else "obsolete",
            "events": schedule.events(),
        }

    def _is_enabled(self, schedule: Schedule) -> bool:
        return schedule.method in self._environment.schedulables

    def _await_next(self, schedule: Schedule, moment: datetime) -> None:
        schedule.next_trigger = schedule.trigger.after(moment)
        self._await(schedule)

    def _await(self, schedule: Schedule) -> None:
        planned = schedule.next_trigger
        if planned is not None:
            wait = (planned - self._clock.now()).total_seconds()
            self._timers.set(schedule.id, wait, lambda: self._moment_comes(schedule, planned))

    def _await_all(self) -> None:
        for schedule in self.by_id.values():
            self._await(schedule)

    def _moment_comes(self, schedule: Schedule, planned: datetime) -> None:
        if self._is_enabled(schedule):
            self.trigger(schedule.id)
        # A timer may fire a little early, and a moved clock skips moments.
        self._await_next(schedule, max(planned, self._clock.now()))


def _text(body: Json, name: str, *, is_required: bool = False) -> str | None:
    value: Any = body.get(name)
    if value in (None, ""):
        if is_required:
            raise invalid(f"{name}: This field is required.")
        return None
    if not isinstance(value, str):
        raise invalid(f"{name}: Not a valid string.")
    if len(value) > MOST_CHARACTERS[name]:
        most = MOST_CHARACTERS[name]
        raise invalid(f"{name}: Ensure this field has no more than {most} characters.")
    return value


def _parameter(body: Json) -> Json:
    parameter = body.get("parameter")
    if parameter is not None and not isinstance(parameter, dict):
        raise invalid("parameter: Expected a dictionary.")
    return parameter or {}
