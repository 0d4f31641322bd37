"""The feed of `serve`: what happens in the local Connect, and what the extension logs meanwhile."""

from __future__ import annotations

import os
import sys
from datetime import datetime

from sandbox.connect.journal import Happening
from sandbox.runner_log import LogEntry, RunnerLogs


class Feed:
    """Prints happenings and the runners' logs in the order they arrive."""

    def __init__(self, logs: RunnerLogs) -> None:
        self._logs = logs
        logs.listen(self._show_entry)

    def show(self, happening: Happening) -> None:
        """Print a happening, after everything that was logged before it."""
        self._logs.catch_up()
        _print(_line(happening.at, happening.kind, happening.object_id, happening.text))

    def _show_entry(self, entry: LogEntry) -> None:
        if entry.at is None:
            _print(entry.text)
        else:
            _print(_line(entry.at, entry.kind, entry.object_id, entry.text))


def _line(at: datetime, kind: str, object_id: str, text: str) -> str:
    return f"{at.astimezone():%H:%M:%S}  {kind:<8}  {object_id}  {text}"


def _print(line: str) -> None:
    """Print a line of the feed, if anybody can still read it."""
    try:
        print(line, flush=True)
    # The terminal is closed; the sandbox is about to get the signal.
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
