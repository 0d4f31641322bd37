"""A command in a terminal, and what it writes there over time."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SETTLED_SECONDS = 0.03
"""A program redraws in several writes; what comes closer together than this is one output."""


@dataclass(frozen=True)
class Size:
    """The size of a terminal in characters."""

    columns: int
    rows: int


@dataclass(frozen=True)
class Output:
    """What was written, and the seconds since the beginning."""

    at: float
    text: str


class CommandFailed(Exception):  # noqa: N818 - reads as what happened
    """The command that was to be recorded has failed."""


def played(command: Sequence[str], size: Size) -> list[Output]:
    """Run a command in a terminal of this size; give what it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size.rows, size.columns, 0, 0))
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=_environment()
    )
    os.close(theirs)
    try:
        outputs = list(_outputs(ours))
    finally:
        os.close(ours)
        status = process.wait()
    if status != 0:
        raise CommandFailed(f"{' '.join(command)} has failed with status {status}")
    return outputs


def _environment() -> dict[str, str]:
    """Ours, for a plain terminal; the size is the terminal's own."""
    of_ours = ("COLUMNS", "LINES", "COLORTERM", "NO_COLOR", "FORCE_COLOR")
    environment = {name: value for name, value in os.environ.items() if name not in of_ours}
    return {**environment, "TERM": "xterm-256color"}


def _outputs(terminal: int) -> Iterator[Output]:
    began, decoder = time.monotonic(), codecs.getincrementaldecoder("utf-8")()
    while first := _read(terminal):
        at, pieces = time.monotonic() - began, [first]
        while select.select([terminal], [], [], SETTLED_SECONDS)[0]:
            if not (piece := _read(terminal)):
                break
            pieces.append(piece)
        yield Output(at, decoder.decode(b"".join(pieces)))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        # The other side is closed, on Linux.
        return b""
