"""The feed of `serve`: what happens in the local Connect, and what the extension logs meanwhile.

Of the extension's log it shows its own lines (which hold no body, no secret and no address): how
each task ended, and each exchange with the vendor.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Iterator, Sequence

from sandbox.connect.journal import Happening
from sandbox.runner import Runner

POLL_SECONDS = 0.2
# As the runner writes it; the names are those of its loggers.
LOG_LINE = re.compile(
    r"\S+ (?P<moment>[\d:]{8}),\d+ eaas\.eventsapp(?P<child>\.vendor)? (?P<level>[A-Z]+) PID_\d+ "
    r"(?:(?P<request>PR-[\d-]+) |- )?(?P<text>.*)"
)


class Feed:
    """Prints happenings and the logs of the runners in the order in which they come."""

    def __init__(self, runners: Sequence[Runner]) -> None:
        self._runners = runners
        self._logs: dict[str, RunnerLog] = {}

    def show(self, happening: Happening) -> None:
        """Print a happening, after everything that was logged before it."""
        self.catch_up()
        moment = happening.at.astimezone().strftime("%H:%M:%S")
        _print(_line(moment, happening.kind, happening.object_id, happening.text))

    async def follow(self) -> None:
        """Print what is logged, for as long as it runs."""
        while True:
            self.catch_up()
            await asyncio.sleep(POLL_SECONDS)

    def catch_up(self) -> None:
        """Print what has been logged since the last time."""
        for runner in self._runners:
            log = self._logs.setdefault(runner.instance_id, RunnerLog(runner))
            for line in log.news():
                _print(line)


class RunnerLog:
    """The log of one runner, as far as it has been read."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._read = 0
        self._is_ours = False

    def news(self) -> Iterator[str]:
        """The lines for the feed since the last time."""
        for line in self._new_lines():
            found = LOG_LINE.fullmatch(line)
            # A list of mistakes goes on in lines that are indented.
            if found is None and self._is_ours and line.startswith("  "):
                yield line
                continue
            self._is_ours = bool(found and (found["child"] or found["level"] != "DEBUG"))
            if found and self._is_ours:
                kind = "call" if found["child"] else found["level"].lower()
                object_id = found["request"] or self._runner.instance_id
                yield _line(found["moment"], kind, object_id, found["text"])

    def _new_lines(self) -> list[str]:
        """The whole lines that have not been read yet."""
        if not self._runner.log_file.exists():
            return []
        with self._runner.log_file.open("rb") as log:
            log.seek(self._read)
            new, end, _ = log.read().rpartition(b"\n")
        self._read += len(new + end)
        return new.decode("utf-8", "replace").splitlines()


def _line(moment: str, kind: str, object_id: str, text: str) -> str:
    return f"{moment}  {kind:<8}  {object_id}  {text}"


def _print(line: str) -> None:
    """Print a line of the feed, if there is still somebody to read it."""
    try:
        print(line, flush=True)
    # The terminal is closed: the sandbox is about to be told.
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
