"""What the extension itself says about the variables, as they are now.

It is asked as a user asks it: by its command, with the variables in a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sandbox.connect.journal import Happening
from sandbox.connect.server import LocalConnect
from sandbox.runner import INHERITED
from sandbox.shell import env_text, fits_on_a_line

COMMAND = ("-m", "connect_ext.check", "--env", "/dev/stdin", "--json")
ROOT = Path(__file__).resolve().parents[2]
# Several variables that are changed in a row are read at once.
GATHERING_SECONDS = 0.2
SECONDS = 60.0
# Its exit statuses where it has read the variables: somebody would be approved, or not.
READ = (0, 1)

FIRST_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Opinion:
    """What the extension says: a sentence each. `failure` says why it says nothing."""

    mistakes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: str = ""

    def about(self, name: str) -> list[str]:
        """The sentences that begin with a variable's name."""
        found = ((FIRST_WORD.match(each), each) for each in (*self.mistakes, *self.remarks))
        return [each for word, each in found if word is not None and word[0] == name]


class Opinions:
    """Asks the extension after every change; the newest one counts.

    `newest` is None until it has answered.
    """

    def __init__(self, connect: LocalConnect, changed: Callable[..., None]) -> None:
        self._environment, self._changed = connect.environment, changed
        self._last: asyncio.Task[Opinion] | None = None
        # With those that are cancelled, until their commands have ended.
        self._asking: set[asyncio.Task[Opinion]] = set()
        self._is_open = False
        self.newest: Opinion | None = None
        connect.journal.listen(self._happened)

    def start(self) -> None:
        """Ask for the first time, and from now on after every change."""
        self._is_open = True
        self._ask()

    async def stop(self) -> None:
        """Ask no more; a command that runs is killed."""
        self._is_open = False
        self._cancel()
        if self._asking:
            await asyncio.wait(self._asking)

    def _happened(self, happening: Happening) -> None:
        if self._is_open and happening.kind == "variable":
            self._ask()

    def _ask(self) -> None:
        self._cancel()
        self.newest = None
        self._last = asyncio.ensure_future(self._asked())
        self._asking.add(self._last)
        self._last.add_done_callback(self._answered)

    def _cancel(self) -> None:
        for task in self._asking:
            task.cancel()

    def _answered(self, task: asyncio.Task[Opinion]) -> None:
        self._asking.discard(task)
        if task is self._last and not task.cancelled():
            self.newest = task.result()
            self._changed("variables")

    async def _asked(self) -> Opinion:
        await asyncio.sleep(GATHERING_SECONDS)
        left_out = tuple(self._left_out())
        with _without_a_name(env_text(self._environment.variables.values())) as variables:
            try:
                return _read(*await _output(variables), left_out)
            except (OSError, ValueError, KeyError):
                return Opinion(failure="The extension's check could not be run.")

    def _left_out(self) -> Iterator[str]:
        for each in self._environment.variables.values():
            if not fits_on_a_line(each):
                yield f"{each.name} does not fit on one line of a file, so the check left it out."


@contextmanager
def _without_a_name(text: str) -> Iterator[IO[str]]:
    """A file that nobody else finds, and of which nothing is left, however this process ends."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
        file.write(text)
        file.seek(0)
        yield file


async def _output(variables: IO[str]) -> tuple[int | None, bytes]:
    """The exit status of the command, and what it has printed; None: it took too long."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *COMMAND,
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    except asyncio.TimeoutError:
        return None, b""
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return process.returncode, output


def _read(status: int | None, output: bytes, left_out: tuple[str, ...]) -> Opinion:
    if status is None:
        return Opinion(failure=f"The extension's check took longer than {SECONDS:.0f} s.")
    if status not in READ:
        return Opinion(failure=f"The extension's check failed: exit status {status}.")
    report = json.loads(output)
    unused = (
        f"{name} belongs to another vendor and is not used." for name in report["unused_names"]
    )
    # What there is to look at names each unknown variable, and says what may be meant.
    remarks = (*left_out, *report["look_at"], *report["remarks"], *unused)
    return Opinion(tuple(report["mistakes"]), remarks)
