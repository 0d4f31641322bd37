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
from pathlib import Path

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
        self._read: dict[Path, int] = {}
        """How many bytes of each log have been shown."""

    def show(self, happening: Happening) -> None:
        """Print a happening, after everything that was logged before it."""
        self.catch_up()
        moment = happening.at.astimezone().strftime("%H:%M:%S")
        _print(moment, happening.kind, happening.object_id, happening.text)

    async def follow(self) -> None:
        """Print what is logged, for as long as it runs."""
        while True:
            self.catch_up()
            await asyncio.sleep(POLL_SECONDS)

    def catch_up(self) -> None:
        """Print what has been logged since the last time."""
        for runner in self._runners:
            for line in self._new_lines(runner.log_file):
                found = LOG_LINE.fullmatch(line)
                if found and (found["child"] or found["level"] != "DEBUG"):
                    kind = "call" if found["child"] else found["level"].lower()
                    object_id = found["request"] or runner.instance_id
                    _print(found["moment"], kind, object_id, found["text"])

    def _new_lines(self, log_file: Path) -> Iterator[str]:
        """The whole lines of a log that have not been read yet."""
        if not log_file.exists():
            return
        with log_file.open("rb") as log:
            log.seek(self._read.get(log_file, 0))
            new, end, _ = log.read().rpartition(b"\n")
        self._read[log_file] = self._read.get(log_file, 0) + len(new + end)
        yield from new.decode("utf-8", "replace").splitlines()


def _print(moment: str, kind: str, object_id: str, text: str) -> None:
    """Print a line of the feed, if there is still somebody to read it."""
    try:
        print(f"{moment}  {kind:<8}  {object_id}  {text}", flush=True)
    # The terminal is closed: the sandbox is about to be told.
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
