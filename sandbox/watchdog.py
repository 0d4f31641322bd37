"""Ends a runner whose owner has died, for whatever reason; also a program: ``watchdog.py GROUP``.

The program waits on a pipe. Only the owner holds the other end, so the pipe closes when the owner
dies. It imports nothing else of the sandbox, so it starts at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

# The runner's master gives each of its two workers six seconds to stop, one after the other.
GRACE_SECONDS = 15.0
POLL_SECONDS = 0.1


class Watchdog:
    """Watches a process group until it is stopped or this process ends."""

    def __init__(self, group: int) -> None:
        # Neither a terminal's signals nor those of the runner's group reach it.
        self._process = subprocess.Popen(  # noqa: S603 - a program of our own
            [sys.executable, "-I", "-S", __file__, str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        """The group has ended: leave its number alone, the system may reuse it."""
        with self._process:
            self._process.kill()


def end(group: int) -> None:
    """Ask a runner to stop, and kill what is left of its process group after a while."""
    deadline = time.monotonic() + GRACE_SECONDS
    is_there = _sent(lambda: os.kill(group, signal.SIGTERM))
    while is_there and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        is_there = _sent(lambda: os.killpg(group, 0))
    _sent(lambda: os.killpg(group, signal.SIGKILL))


def _sent(send: Callable[[], None]) -> bool:
    """Whether anything was left to send it to."""
    try:
        send()
    # macOS raises PermissionError when only zombies are left.
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end(int(sys.argv[1]))
