"""An event loop whose clock jumps to the next timer, so that an hour takes no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class DeadlockError(Exception):
    """The loop would wait for ever: no timer is set and there is no network."""


class _Jump(selectors.SelectSelector):
    """Lets time pass at once."""

    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise DeadlockError
        self.seconds += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at zero seconds."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.seconds

    def run_in_executor(
        self, executor: Any, func: Callable[..., Any], *arguments: Any
    ) -> asyncio.Future[Any]:
        """Do it at once: while a thread works, this clock would jump over all deadlines."""
        done = self.create_future()
        try:
            done.set_result(func(*arguments))
        except Exception as error:  # noqa: BLE001 - as a thread passes it on
            done.set_exception(error)
        return done

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run the work, then cancel the tasks it leaves behind, as at the end of a process."""
        try:
            return self.run_until_complete(work)
        finally:
            while left := asyncio.all_tasks(self):
                for task in left:
                    task.cancel()
                self.run_until_complete(asyncio.wait(left))
            self.close()


def seconds() -> float:
    """The running loop's time."""
    return asyncio.get_running_loop().time()
