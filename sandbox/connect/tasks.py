"""An environment's task queue, shared by its instances, with delivery at least once.

Life of a task: docs/facts.md, Connect 5.2.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import count
from typing import Any

from sandbox.connect.moments import Clock, now
from sandbox.connect.refusals import invalid, unknown
from sandbox.connect.timers import Timers

Json = dict[str, Any]

CANCEL_EVENT = "asset_cancel_request_processing"
SCHEDULE_EVENT = "scheduled_execution"
CATEGORIES = {CANCEL_EVENT: "background", SCHEDULE_EVENT: "scheduled"}


class TaskStatus(str, Enum):
    """The platform's task statuses."""

    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETRYING = "retrying"
    SKIPPED = "skipped"


SETTLING = {
    "success": TaskStatus.SUCCEEDED,
    "fail": TaskStatus.FAILED,
    "skip": TaskStatus.SKIPPED,
}


@dataclass(frozen=True)
class Delivery:
    """One delivery of a task to an instance."""

    at: datetime
    instance_id: str


@dataclass(frozen=True)
class TaskResult:
    """An instance's result; `accepted` is false if the task was settled before."""

    at: datetime
    instance_id: str
    result: str
    countdown: int
    message: str | None
    runtime: float
    accepted: bool


@dataclass(eq=False)
class Task:
    """A task `TQ-...` about one request or schedule, with its deliveries and results.

    A `forgotten` task keeps its status and is never delivered again. `due` is when a waiting task
    is delivered.
    """

    id: str
    event_type: str
    object_id: str
    created: datetime
    status: TaskStatus = TaskStatus.SCHEDULED
    forgotten: bool = False
    due: datetime | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    results: list[TaskResult] = field(default_factory=list)

    @property
    def category(self) -> str:
        """The manager by which a runner takes the task."""
        return CATEGORIES[self.event_type]

    @property
    def settled(self) -> bool:
        """Whether the platform has its final result."""
        return self.status in SETTLING.values()

    @property
    def rescheduled_count(self) -> int:
        """How often an instance postponed the task."""
        return self.results_of("reschedule")

    @property
    def retry_count(self) -> int:
        """How often an instance failed to finish the task."""
        return self.results_of("retry")

    @property
    def output(self) -> str | None:
        """The message of the last result that was accepted."""
        accepted = [each for each in self.results if each.accepted]
        return accepted[-1].message if accepted else None

    def results_of(self, result: str) -> int:
        """How many results of this kind were accepted."""
        return sum(1 for each in self.results if each.accepted and each.result == result)


@dataclass(eq=False)
class Connection:
    """An open websocket of an instance, as the queue sees it."""

    instance_id: str
    runner_type: str
    send: Callable[[Json], None]
    accepting: bool = True
    unanswered: Counter[str] = field(default_factory=Counter)

    @property
    def takes_tasks(self) -> bool:
        """Whether it accepts the queue's tasks."""
        return self.accepting and self.runner_type == "background"

    @property
    def busy(self) -> int:
        """How many tasks sent here are unanswered."""
        return sum(self.unanswered.values())

    def answered(self, task_id: str) -> None:
        """Count a result; results for tasks of an earlier connection are ignored."""
        if self.unanswered[task_id] <= 1:
            del self.unanswered[task_id]
        else:
            self.unanswered[task_id] -= 1


class TaskQueue:
    """Delivers tasks to the least busy connection, again and again until each is settled."""

    def __init__(
        self,
        timers: Timers,
        record: Callable[[str, str, str], None],
        *,
        countdown_scale: float = 1.0,
        retry_seconds: float = 30.0,
        delivers_after: float = 0.0,
        options: Callable[[Task], Json] = lambda _: {},
        clock: Clock | None = None,
    ) -> None:
        self._timers = timers
        self._clock = clock or Clock()
        self._record = record
        self._options = options
        self._numbers = count(1)
        self._waiting: deque[Task] = deque()
        self.countdown_scale = countdown_scale
        self.retry_seconds = retry_seconds
        self.delivers_after = delivers_after
        self.by_id: dict[str, Task] = {}
        self.of_object: dict[str, list[Task]] = {}
        self.connections: list[Connection] = []

    def get(self, task_id: str) -> Task:
        """The task with this id; raises the platform's refusal if there is none."""
        if task_id not in self.by_id:
            raise unknown(task_id)
        return self.by_id[task_id]

    def emit(self, event_type: str, object_id: str) -> Task:
        """Queue a task about an object, unless one is still waiting to be delivered."""
        for task in self.of_object.get(object_id, []):
            if task.status is TaskStatus.SCHEDULED and not task.forgotten:
                return task
        task = self.add(event_type, object_id, self._clock.now())
        self._record("task", task.id, f"scheduled for {object_id}")
        if self.delivers_after:
            self._enqueue_in(task, self.delivers_after)
        else:
            self._enqueue(task)
        return task

    def add(self, event_type: str, object_id: str, created: datetime) -> Task:
        """Make a task about an object, without queueing it."""
        number = next(self._numbers)
        task_id = f"TQ-{number // 1_000_000:03d}-{number % 1_000_000:06d}"
        task = self.by_id[task_id] = Task(task_id, event_type, object_id, created)
        self.of_object.setdefault(object_id, []).append(task)
        return task

    def forget(self, object_id: str) -> None:
        """Never deliver an object's tasks again, whatever an instance still reports."""
        for task in self.of_object.get(object_id, []):
            task.forgotten, task.due = True, None
            self._timers.cancel(task.id)
            self._record("task", task.id, "forgotten")

    def candidates(self, wanted: Mapping[str, Iterable[str]]) -> list[Task]:
        """Candidates that include every task whose fields have one of these values."""
        if "id" in wanted:
            return [self.by_id[each] for each in wanted["id"] if each in self.by_id]
        if "object.id" not in wanted:
            return [*self.by_id.values()]
        return [task for each in wanted["object.id"] for task in self.of_object.get(each, [])]

    def resubmit(self, task_id: str) -> Task:
        """Queue a failed task again, as an operator does."""
        task = self.get(task_id)
        if task.status is not TaskStatus.FAILED:
            raise invalid("Only failed tasks can be resubmitted.")
        task.forgotten = False
        self._become(task, TaskStatus.SCHEDULED, "resubmitted")
        self._enqueue(task)
        return task

    def deliver_again(self, either_id: str, instance_id: str | None = None) -> Task:
        """Deliver a task once more, before any result has come.

        It is named by its own id or its object's. It goes to the given instance, or else to the
        least busy one.
        """
        task = self.by_id.get(either_id) or self.of_object[either_id][-1]
        connection = self._least_busy(instance_id)
        if connection is None:
            raise RuntimeError("no instance is connected that takes tasks")
        self._deliver(task, connection)
        return task

    def attach(self, connection: Connection) -> None:
        """An instance has connected; it gets its share from now on."""
        self.connections.append(connection)
        self._pump()

    def detach(self, connection: Connection) -> None:
        """A connection is gone; its unanswered tasks are delivered again."""
        self.connections.remove(connection)
        for task_id in connection.unanswered:
            task = self.by_id[task_id]
            if not task.settled and task not in self._waiting:
                self._record("task", task_id, f"lost with instance {connection.instance_id}")
                self._waiting.append(task)
        self._pump()

    def answer(self, connection: Connection, data: Json) -> None:
        """Process an instance's result (`connect.eaas.core.proto.Task` with its output)."""
        task = self.by_id.get(data["options"]["task_id"])
        if task is None:
            return
        connection.answered(task.id)
        output = data["output"]
        result = TaskResult(
            at=now(),
            instance_id=connection.instance_id,
            result=output["result"],
            countdown=output.get("countdown") or 0,
            message=output.get("message"),
            runtime=output.get("runtime") or 0.0,
            accepted=not task.settled,
        )
        task.results.append(result)
        if result.accepted:
            self._apply(task, result)
        else:
            self._record("task", task.id, f"late {result.result}, ignored")

    def _apply(self, task: Task, result: TaskResult) -> None:
        if result.result in SETTLING:
            self._timers.cancel(task.id)
            task.due = None
            self._become(task, SETTLING[result.result], result.message or "")
        elif result.result == "reschedule":
            self._later(task, TaskStatus.RESCHEDULED, result.countdown)
        else:
            self._later(task, TaskStatus.RETRYING, self.retry_seconds)

    def _later(self, task: Task, status: TaskStatus, seconds: float) -> None:
        self._enqueue_in(task, seconds * self.countdown_scale)
        self._become(task, status, f"again in {seconds:g} s")

    def _enqueue_in(self, task: Task, seconds: float) -> None:
        task.due = now() + timedelta(seconds=seconds)
        self._timers.set(task.id, seconds, lambda: self._enqueue(task))

    def _become(self, task: Task, status: TaskStatus, text: str) -> None:
        task.status = status
        self._record("task", task.id, f"{status.value} {text}".rstrip())

    def _enqueue(self, task: Task) -> None:
        task.due = None
        if not task.settled and task not in self._waiting:
            self._waiting.append(task)
            self._pump()

    def _pump(self) -> None:
        while self._waiting:
            connection = self._least_busy()
            if connection is None:
                return
            task = self._waiting.popleft()
            if not (task.settled or task.forgotten):
                self._deliver(task, connection)

    def _least_busy(self, instance_id: str | None = None) -> Connection | None:
        able = [
            connection
            for connection in self.connections
            if connection.takes_tasks and instance_id in (None, connection.instance_id)
        ]
        return min(able, key=lambda each: each.busy, default=None)

    def _deliver(self, task: Task, connection: Connection) -> None:
        task.deliveries.append(Delivery(now(), connection.instance_id))
        connection.unanswered[task.id] += 1
        if not task.settled:
            self._become(task, TaskStatus.PROCESSING, f"on {connection.instance_id}")
        connection.send(self._message(task))

    def _message(self, task: Task) -> Json:
        options: Json = {
            "task_id": task.id,
            "task_category": task.category,
            "correlation_id": f"correlation-{task.id}",
            "reply_to": "sandbox",
            "api_key": None,
            "installation_id": None,
            "connect_correlation_id": None,
            **self._options(task),
        }
        return {
            "version": 2,
            "message_type": "task",
            "data": {
                "model_type": "task",
                "options": options,
                "input": {
                    "event_type": task.event_type,
                    "object_id": task.object_id,
                    "data": None,
                },
                "output": None,
            },
        }
