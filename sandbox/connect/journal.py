"""A record of everything that happens in the local Connect, to wait on and to watch."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.connect.moments import now

REMEMBERED = 100_000


@dataclass(frozen=True)
class Happening:
    """One event: `kind` is request, asset, task, schedule, note, instance or variable."""

    at: datetime
    kind: str
    object_id: str
    text: str


Listener = Callable[[Happening], None]


class Journal:
    """Keeps the happenings, passes them to listeners and wakes up waiting callers."""

    def __init__(self) -> None:
        self.happenings: deque[Happening] = deque(maxlen=REMEMBERED)
        self._listeners: list[Listener] = []
        self._waiting: list[asyncio.Future[None]] = []

    def listen(self, listener: Listener) -> None:
        """Call the listener for every happening from now on."""
        self._listeners.append(listener)

    def record(self, kind: str, object_id: str, text: str) -> None:
        """Record a happening."""
        happening = Happening(now(), kind, object_id, text)
        self.happenings.append(happening)
        for listener in self._listeners:
            listener(happening)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        """Wait until the condition holds; it is checked after every happening.

        Raises TimeoutError with the description of the wait.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await asyncio.wait([future], timeout=max(0.0, deadline - time.monotonic()))
            if not future.done() and not condition():
                self._waiting.remove(future)
                raise TimeoutError(f"after {timeout:g} s still waiting for: {what}")
