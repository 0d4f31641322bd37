"""Things that the platform does later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Named timers on the running loop; setting a name again replaces its timer."""

    def __init__(self) -> None:
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def set(self, name: str, seconds: float, action: Callable[[], object]) -> None:
        """Do the action once, so many seconds from now."""
        self.cancel(name)
        loop = asyncio.get_running_loop()
        self._handles[name] = loop.call_later(max(0.0, seconds), self._fire, name, action)

    def cancel(self, name: str) -> None:
        """Forget a timer; one that is not set is no mistake."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def cancel_all(self) -> None:
        """Forget every timer."""
        for name in list(self._handles):
            self.cancel(name)

    def _fire(self, name: str, action: Callable[[], object]) -> None:
        self._handles.pop(name, None)
        action()
