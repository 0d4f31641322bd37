"""A terminal of some width, and a command's output on it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class OnTerminal:
    """The result of a command, and its whole output on the terminal."""

    status: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """The lines without styles and trailing blanks."""
        text = STYLES.sub("", self.raw).replace("\r\n", "\n")
        return [line.rstrip() for line in text.split("\n")]


async def on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    columns: int,
    *,
    with_errors: bool = False,
) -> OnTerminal:
    """Run a command on a terminal with this many columns, optionally with its errors there too."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    own = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**own, "TERM": "xterm-256color"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=its,
        stderr=its if with_errors else asyncio.subprocess.DEVNULL,
    )
    os.close(its)
    try:
        written = await asyncio.get_running_loop().run_in_executor(None, _all_of, ours)
        return OnTerminal(await process.wait(), written.decode())
    finally:
        os.close(ours)


def _all_of(terminal: int) -> bytes:
    found = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            # Linux raises this when the other side is closed.
            return found
        if not part:
            return found
        found += part
