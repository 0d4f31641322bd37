"""Reads large answers beside the event loop, which goes on meanwhile."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

READ_AT_ONCE_BYTES = 8 * 1024
"""Subscriptions are smaller; reading so much takes less than handing it to a thread may."""

SWITCH_SECONDS = 0.0005
"""For so long the event loop waits for a reading in Python; usually it is ten times as long."""

# One thread: each further one takes the interpreter from the event loop as often as the first, and
# a vendor can say its worst to all calls at once.
_READER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reads-answers")


async def aside(size: int, read: Callable[[], Result]) -> Result:
    """The result of reading ``size`` bytes of foreign data; if large, in a thread, in its turn."""
    if size <= READ_AT_ONCE_BYTES:
        return read()
    return await asyncio.get_running_loop().run_in_executor(_READER, _politely, read)


def _politely(read: Callable[[], Result]) -> Result:
    """Read, and let the event loop go on whenever it can: it waits for that in each of its calls
    to the operating system, and in one turn it may make one for each connection.

    A document of many parts sets off one search for garbage after the other, in which nothing else
    goes on, through all objects of the process; it has no cycles itself.
    """
    usual, collects = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.disable()
    try:
        return read()
    finally:
        sys.setswitchinterval(usual)
        if collects:
            gc.enable()
