"""Until when a command runs: to its end, or until a signal or the end of its parent stops it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

# Ctrl-C, a polite end, and the closed terminal.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.5

Result = TypeVar("Result")


class Stopped(Exception):  # noqa: N818 - reads as what happened
    """The work was stopped before its end, and has cleaned up."""


async def until_stopped(work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work. Raises Stopped if it was stopped.

    It is cancelled then; a second signal cancels its cleaning up, too.
    """
    task, parent = asyncio.ensure_future(work), os.getppid()
    for number in SIGNALS:
        # With `nohup` a closed terminal is no reason to stop.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    watching = asyncio.create_task(_cancel_without_parent(task, parent))
    try:
        return await task
    except asyncio.CancelledError:
        raise Stopped from None
    finally:
        watching.cancel()


async def _cancel_without_parent(task: asyncio.Future[Any], parent: int) -> None:
    """A process whose parent has died gets another one."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(POLL_SECONDS)
    task.cancel()
