"""Until when a command runs: to its end, or until a signal or the end of its parent stops it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

POLL_SECONDS = 0.5

Result = TypeVar("Result")


class Stopped(Exception):  # noqa: N818 - reads as what happened
    """The work was stopped before its end, and has cleaned up."""


async def until_stopped(work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work. Raises Stopped if it was stopped.

    It is cancelled then; a second signal cancels its cleaning up, too. A closed terminal also ends
    the parent: these two are one reason.
    """
    task, parent, is_stopping = asyncio.ensure_future(work), os.getppid(), False

    def stop() -> None:
        nonlocal is_stopping
        is_stopping = True
        task.cancel()

    def stop_once() -> None:
        if not is_stopping:
            stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    # With `nohup` a closed terminal is no reason to stop.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop_once)
    watching = asyncio.create_task(_stop_without_parent(stop_once, parent))
    try:
        return await task
    except asyncio.CancelledError:
        raise Stopped from None
    finally:
        watching.cancel()


async def _stop_without_parent(stop: Callable[[], None], parent: int) -> None:
    """A process whose parent has died gets another one."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(POLL_SECONDS)
    stop()
