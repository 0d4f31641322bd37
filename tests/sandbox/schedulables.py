"""An extension with schedulables that follow their schedule's parameter."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from connect.eaas.core.decorators import schedulable
from connect.eaas.core.extension import EventsApplicationBase
from connect.eaas.core.responses import ScheduledExecutionResponse

POLL_SECONDS = 0.02


class Schedulables(EventsApplicationBase):
    """A run waits for the file `gate`, and raises unless the file `once` exists.

    It returns `result` and `output`.
    """

    @classmethod
    def get_descriptor(cls) -> dict[str, Any]:
        return {
            "readme_url": "https://example.com/README.md",
            "changelog_url": "https://example.com/CHANGELOG.md",
            "audience": ["vendor"],
        }

    @schedulable("Run asynchronously", "A coroutine function.")
    async def run_async(self, schedule: dict[str, Any]) -> ScheduledExecutionResponse:
        while self._is_shut(schedule):
            await asyncio.sleep(POLL_SECONDS)
        return self._answer(schedule)

    @schedulable("Run in a thread", "A plain function.")
    def run_sync(self, schedule: dict[str, Any]) -> ScheduledExecutionResponse:
        while self._is_shut(schedule):
            time.sleep(POLL_SECONDS)
        return self._answer(schedule)

    def _is_shut(self, schedule: dict[str, Any]) -> bool:
        return not Path(schedule["parameter"].get("gate", "/")).exists()

    def _answer(self, schedule: dict[str, Any]) -> ScheduledExecutionResponse:
        parameter = schedule["parameter"]
        once = Path(parameter.get("once", "/"))
        if not once.exists():
            once.touch()
            raise RuntimeError("this time only")
        return ScheduledExecutionResponse(parameter["result"], output=parameter.get("output"))
