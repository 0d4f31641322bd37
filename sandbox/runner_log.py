"""Follows what the extension itself logs in its runners.

Its lines hold no body, secret or address: they say how each task ended, and list each exchange with
the vendor.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.runner import Runner

POLL_SECONDS = 0.2
ENTRIES_KEPT = 20
# The runner's format, with the names of its loggers.
LOG_LINE = re.compile(
    r"(?P<moment>[\d-]{10} [\d:]{8},\d+) eaas\.eventsapp(?P<child>\.vendor)? (?P<level>[A-Z]+) "
    r"PID_\d+ (?:(?P<request>PR-[\d-]+) |- )?(?P<text>.*)"
)


@dataclass(frozen=True)
class LogEntry:
    """A line of the extension's log: `kind` is call, or the level in small letters.

    `at` is None for a continuation of the entry before it. `object_id` is that of the request, or
    else of the instance.
    """

    at: datetime | None
    kind: str
    instance_id: str
    object_id: str
    text: str


class RunnerLogs:
    """The logs of all runners, including those that start later."""

    def __init__(self, runners: Sequence[Runner]) -> None:
        self._runners = runners
        self._logs: dict[str, _RunnerLog] = {}
        self._listeners: list[Callable[[LogEntry], None]] = []

    def listen(self, listener: Callable[[LogEntry], None]) -> None:
        """Call the listener for every entry from now on."""
        self._listeners.append(listener)

    def newest(self, instance_id: str) -> list[LogEntry]:
        """The newest entries of an instance, oldest first."""
        return [*self._logs[instance_id].newest] if instance_id in self._logs else []

    async def follow(self) -> None:
        """Pass on new entries for as long as it runs."""
        while True:
            self.catch_up()
            await asyncio.sleep(POLL_SECONDS)

    def catch_up(self) -> None:
        """Pass on the entries logged since the last time."""
        for runner in self._runners:
            log = self._logs.setdefault(runner.instance_id, _RunnerLog(runner))
            for entry in log.news():
                log.newest.append(entry)
                for listener in self._listeners:
                    listener(entry)


class _RunnerLog:
    """One runner's log, and how far it has been read."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._read = 0
        self._last: LogEntry | None = None
        self.newest: deque[LogEntry] = deque(maxlen=ENTRIES_KEPT)

    def news(self) -> Iterator[LogEntry]:
        """The extension's own entries since the last time."""
        for line in self._new_lines():
            found = LOG_LINE.fullmatch(line)
            # A list of mistakes continues on indented lines.
            if found is None and self._last is not None and line.startswith("  "):
                yield replace(self._last, at=None, text=line)
                continue
            is_ours = bool(found and (found["child"] or found["level"] != "DEBUG"))
            self._last = self._entry(found) if found and is_ours else None
            if self._last is not None:
                yield self._last

    def _entry(self, found: re.Match[str]) -> LogEntry:
        # The runner writes this machine's local time.
        moment = datetime.strptime(found["moment"], "%Y-%m-%d %H:%M:%S,%f").astimezone()
        kind = "call" if found["child"] else found["level"].lower()
        instance_id = self._runner.instance_id
        return LogEntry(moment, kind, instance_id, found["request"] or instance_id, found["text"])

    def _new_lines(self) -> list[str]:
        """The complete lines that have not been read yet."""
        if not self._runner.log_file.exists():
            return []
        with self._runner.log_file.open("rb") as log:
            log.seek(self._read)
            new, end, _ = log.read().rpartition(b"\n")
        self._read += len(new + end)
        return new.decode("utf-8", "replace").splitlines()
