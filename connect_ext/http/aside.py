"""Reads large answers beside the event loop, which goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

READ_AT_ONCE_BYTES = 8 * 1024
"""Subscriptions are smaller; reading so much takes less than handing it to a thread may."""


async def aside(size: int, read: Callable[[], Result]) -> Result:
    """The result of reading ``size`` bytes of foreign data; large ones are read in a thread."""
    return read() if size <= READ_AT_ONCE_BYTES else await asyncio.to_thread(read)
