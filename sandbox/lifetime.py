"""How long a command runs: to its end, or until a signal or its parent's end stops it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

POLL_SECONDS = 0.5

Result = TypeVar("Result")


class Stopped(Exception):  # noqa: N818 - reads as what happened
    """The work was stopped early and has cleaned up."""


async def until_stopped(work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work. Raises Stopped if it was stopped.

    The first signal cancels the work, a second one its clean-up too. A closed terminal also ends
    the parent; together they count as one signal.
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
    # Under `nohup`, keep running when the terminal closes.
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
    """A process whose parent has died gets a new parent."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing announces it
        await asyncio.sleep(POLL_SECONDS)
    stop()
