"""Works on many items, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

AT_ONCE = 8


async def a_few_at_a_time(items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """Work on every item.

    There is no task for each item: a hundred thousand of them would hold up the event loop.
    """
    left = iter(items)

    async def work_on_what_is_left() -> None:
        for item in left:
            await work(item)

    await asyncio.gather(*(work_on_what_is_left() for _ in range(AT_ONCE)))
