"""The one place that catches everything: a bug ends one request's work, and no other's."""

from __future__ import annotations

import traceback
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def guarded(work: Coroutine[Any, Any, Result]) -> Result | str:
    """The result of the work, or a sentence about the bug that ended it."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - the one catch-all, since Connect stores tracebacks
        return f"An unexpected error, a bug in the extension: {_origin(error)}."


def _origin(error: Exception) -> str:
    """Where an error was raised, without its text, which may contain anything."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-4:]]
    return f"{type(error).__name__} at {' < '.join(reversed(places))}"
