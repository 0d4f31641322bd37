"""Reads large answers in a thread, so the event loop keeps running."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

READ_AT_ONCE_BYTES = 8 * 1024
"""Subscriptions are smaller; reading this much may be quicker than handing it to a thread."""

SWITCH_SECONDS = 0.0005
"""How long the event loop waits for a reader in Python; the usual interval is ten times longer."""

# One thread: each further one would take the interpreter from the event loop as often as the first,
# and a vendor can send its worst answer to all calls at once.
_READER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reads-answers")


async def aside(size: int, read: Callable[[], Result]) -> Result:
    """The result of reading ``size`` bytes of foreign data; large data waits for the thread."""
    if size <= READ_AT_ONCE_BYTES:
        return read()
    return await asyncio.get_running_loop().run_in_executor(_READER, _politely, read)


def _politely(read: Callable[[], Result]) -> Result:
    """Read, and let the event loop run whenever it can: it has to get the interpreter back after
    each of its system calls, and one turn may make one for each connection.

    A document of many parts triggers one garbage collection after another. Each goes through all
    objects of the process and stops everything else, and the document has no cycles.
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
