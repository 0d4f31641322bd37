"""Counts the work of a process's tasks, and logs the figures at each interval."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from connect_ext.cancelling.steps import Final
from connect_ext.connect.client import Session
from connect_ext.metrics.reading import Reading, VendorUse, as_json, as_text
from connect_ext.metrics.ticker import Ticker
from connect_ext.metrics.waiting import WaitingRequests
from connect_ext.outcome_log import outcome_of
from connect_ext.portal.policy import MetricsFormat
from connect_ext.vendors.registry import Vendors

INTERVAL_SECONDS = 900.0
MOST_SHOWN = 5
"""How many of the longest-waiting requests a line names."""

# A child of the logger that the runner gives to the extension, so the level in the portal applies.
LOG = logging.getLogger("eaas.eventsapp.metrics")


class Metrics:
    """Counts from one line to the next, beginning with the process's first task."""

    def __init__(
        self, vendors: Vendors, connect: Session, now: Callable[[], datetime], seconds: float
    ) -> None:
        """``seconds``: the time between two lines."""
        self.format = MetricsFormat.TEXT
        self._vendors, self._connect, self._now = vendors, connect, now
        self._ended: Counter[tuple[str, str]] = Counter()
        self._waiting = WaitingRequests()
        self._began = time.monotonic()
        self._ticker = Ticker(seconds, self._write)

    def task_ended(self, step: Final, request: Any) -> None:
        """Count a task by its last step; ``request`` is Connect's JSON, or anything."""
        outcome, _ = outcome_of(step)
        self._ended[outcome, step.cause.value] += 1
        self._waiting.note(step, request, self._now())
        self._ticker.begin()

    def end(self) -> None:
        """Write the last line, if there was a task."""
        self._ticker.end()

    def _write(self, is_last: bool) -> None:
        reading = self._read(is_last)
        form = as_json if self.format is MetricsFormat.JSON else as_text
        LOG.info("%s", form(reading))

    def _read(self, is_last: bool) -> Reading:
        began, self._began = self._began, time.monotonic()
        ended, self._ended = self._ended, Counter()
        vendors: dict[str, VendorUse] = {}
        for name, http in self._vendors.in_use():
            use = VendorUse(http.times.taken(), http.standing)
            vendors[name] = vendors.get(name, VendorUse()) + use
        waiting, longest = self._waiting.shown(MOST_SHOWN, self._now())
        connect = self._connect.times.taken()
        return Reading(self._began - began, is_last, ended, vendors, connect, waiting, longest)
