"""Lets tests wait for events in the local Connect."""

from __future__ import annotations

from sandbox.connect.journal import Journal
from sandbox.connect.objects import Json
from sandbox.connect.requests import SETTLED, CancelRequests
from sandbox.connect.tasks import Task, TaskQueue
from sandbox.connect.websocket import Instances


class Waiting:
    """Waits for requests, tasks and instances; raises TimeoutError after the `timeout`."""

    journal: Journal
    requests: CancelRequests
    tasks: TaskQueue
    instances: Instances

    def tasks_of(self, object_id: str) -> list[Task]:
        """The tasks about a request or a schedule, oldest first."""
        return self.tasks.of_object.get(object_id, [])

    async def connected(self, instance_id: str | None = None, timeout: float = 60.0) -> None:
        """Wait until an instance (None: any) accepts tasks."""
        await self.journal.until(
            lambda: bool(self.instances.connected(instance_id)),
            timeout,
            f"instance {instance_id or ''} to connect",
        )

    async def settled(self, request_id: str, timeout: float = 60.0) -> Json:
        """Wait until a request is approved, failed or revoked; returns it."""
        await self.reaches(request_id, *SETTLED, timeout=timeout)
        return self.requests.get(request_id)

    async def reaches(self, request_id: str, *statuses: str, timeout: float = 60.0) -> None:
        """Wait until a request has one of the statuses."""
        await self.journal.until(
            lambda: self.requests.get(request_id)["status"] in statuses,
            timeout,
            f"{request_id} to be {' or '.join(statuses)}",
        )

    async def tasks_settled(self, request_id: str, timeout: float = 60.0) -> list[Task]:
        """Wait until every task of a request or schedule has succeeded, failed or been skipped."""
        await self.journal.until(
            lambda: all(task.settled for task in self.tasks_of(request_id)),
            timeout,
            f"the tasks of {request_id} to settle",
        )
        return self.tasks_of(request_id)

    async def schedule_settled(self, schedule_id: str, timeout: float = 60.0) -> Task:
        """Wait until a schedule has triggered and its tasks are settled; returns the last task."""
        await self.journal.until(
            lambda: bool(self.tasks_of(schedule_id)), timeout, f"{schedule_id} to trigger"
        )
        return (await self.tasks_settled(schedule_id, timeout))[-1]

    async def answered(self, request_id: str, times: int = 1, timeout: float = 60.0) -> list[Task]:
        """Wait until instances have sent this many results for a request's tasks."""
        await self.journal.until(
            lambda: sum(len(task.results) for task in self.tasks_of(request_id)) >= times,
            timeout,
            f"{times} results for {request_id}",
        )
        return self.tasks_of(request_id)
