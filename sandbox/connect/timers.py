"""Delayed actions of the platform."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Named timers on the running loop; setting one again replaces it."""

    def __init__(self) -> None:
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def set(self, name: str, seconds: float, action: Callable[[], object]) -> None:
        """Run the action once, this many seconds from now."""
        self.cancel(name)
        loop = asyncio.get_running_loop()
        self._handles[name] = loop.call_later(max(0.0, seconds), self._fire, name, action)

    def cancel(self, name: str) -> None:
        """Cancel a timer; does nothing if it is not set."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def cancel_all(self) -> None:
        """Cancel every timer."""
        for name in list(self._handles):
            self.cancel(name)

    def _fire(self, name: str, action: Callable[[], object]) -> None:
        self._handles.pop(name, None)
        action()
