"""Works on many things, a few of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

AT_ONCE = 8


async def a_few_at_a_time(items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """Work on each of the items.

    Without a task for each of them: a hundred thousand would hold up the event loop.
    """
    left = iter(items)

    async def work_on_what_is_left() -> None:
        for item in left:
            await work(item)

    await asyncio.gather(*(work_on_what_is_left() for _ in range(AT_ONCE)))
