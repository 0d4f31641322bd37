"""The sections of the file; a failure in one does not affect the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from connect_ext.guarded import guarded

Facts = dict[str, Any]
"""Facts by plain words: texts, numbers, lists, and further facts."""

PROBLEM = "problem"


async def section(work: Coroutine[Any, Any, Facts], seconds: float) -> Facts:
    """Gather the facts, or the problem that prevents them."""
    found = await guarded(_within(seconds, work))
    return {PROBLEM: found} if isinstance(found, str) else found


async def _within(seconds: float, work: Coroutine[Any, Any, Facts]) -> Facts:
    try:
        return await asyncio.wait_for(work, seconds)
    # On Python 3.10 this is not the built-in TimeoutError.
    except asyncio.TimeoutError:
        return {PROBLEM: f"Given up after {seconds:g} s."}
