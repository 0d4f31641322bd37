"""Losses that a test can plant in the local Connect, and a past that it can give a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sandbox.connect.conversations import Conversations
from sandbox.connect.moments import parse
from sandbox.connect.requests import CancelRequests
from sandbox.connect.tasks import CANCEL_EVENT, Task, TaskQueue, TaskStatus


class Planting:
    """Losses that can be planted in a local Connect.

    Plant them before an instance has the request's task: an instance works on whatever it has
    received.
    """

    requests: CancelRequests
    conversations: Conversations
    tasks: TaskQueue
    is_silent = False

    @contextmanager
    def silently(self) -> Iterator[None]:
        """Make no tasks for requests meanwhile.

        Such a request was never announced to anybody, or belongs to another environment.
        """
        self.is_silent = True
        try:
            yield
        finally:
            self.is_silent = False

    def forget(self, request_id: str) -> None:
        """Never deliver the request's tasks again, but keep listing them.

        A later change of the request makes a new task.
        """
        self.requests.get(request_id)
        self.tasks.forget(request_id)

    def add_past_task(
        self,
        request_id: str,
        status: TaskStatus = TaskStatus.SUCCEEDED,
        created: datetime | None = None,
    ) -> Task:
        """A past task of the request, by default from when it was created; never delivered."""
        request = self.requests.get(request_id)
        created = created or parse("created", request["created"])
        task = self.tasks.add(CANCEL_EVENT, request_id, created)
        task.status, task.forgotten = status, True
        return task

    def backdate(self, request_id: str, by: timedelta) -> None:
        """Make a request, its messages and its tasks this much older."""
        self.requests.backdate(request_id, by)
        self.conversations.backdate(request_id, by)
        for task in self.tasks.of_object.get(request_id, []):
            task.created -= by
