"""Does a piece of work once for everybody who asks for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class SingleFlight(Generic[Key, Result]):
    """Runs at most one piece of work for each key at a time; all callers meanwhile share it.

    The work is a task of its own: it continues if one of the callers is cancelled, so the others
    still get its result. Nothing is remembered once it has ended.
    """

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[Result]] = {}

    async def run(self, key: Key, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Join the work that is under way for the key, or begin it; its error is raised here."""
        task = self._tasks.get(key)
        # A task that has just ended is removed only a moment later.
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.create_task(work())
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    def _forget(self, key: Key, task: asyncio.Task[Result]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled():
            # All callers may be gone: the error must not end up in asyncio's own log.
            task.exception()
