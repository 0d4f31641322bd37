"""Fetches tasks concurrently; the plain runner fetches one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

LOG = logging.getLogger("eaas.eventsapp")


class Intake:
    """Fetches a bounded number of tasks concurrently."""

    def __init__(self, at_once: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def size(self) -> int:
        """How many tasks have been received but not yet passed to the handler.

        A task is always counted, here or in its manager: the manager begins to count it before the
        fetch ends, and stops once the result is in the result queue.
        """
        return self._waiting + len(self._under_way)

    async def take(self, submit: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Wait for a place, then begin to fetch a task."""
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        task = asyncio.create_task(submit())
        self._under_way.add(task)
        task.add_done_callback(self._taken)

    def _taken(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._places.release()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # The runner handles every error that it expects, and logs any other, as we do.
            LOG.error("A task could not be fetched: %s.", type(error).__name__)


def fetch_concurrently(worker_class: Any, intake: Intake) -> None:
    """Let workers of this class keep reading while tasks are being fetched."""
    submit, running_tasks = worker_class.process_task, worker_class.running_tasks

    async def process_task(self: Any, task_data: Any) -> None:
        await intake.take(lambda: submit(self, task_data))

    worker_class.process_task = process_task
    worker_class.running_tasks = property(lambda self: running_tasks.fget(self) + intake.size)
