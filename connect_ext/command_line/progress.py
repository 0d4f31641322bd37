"""How far a run has come, and a bar of it on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Follows a run."""

    def __call__(self, sort: str, done: int, total: int | None = None) -> None:
        """So many of this sort are done, of so many, if that is news."""


def no_progress(sort: str, done: int, total: int | None = None) -> None:
    """Nobody follows the run."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar for each sort of what is compared; none where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    # Only here: the runner's tasks need none of it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
        tasks = {}

        def follow(sort: str, done: int, total: int | None = None) -> None:
            if sort not in tasks:
                tasks[sort] = bars.add_task(sort.capitalize(), total=total)
            bars.update(tasks[sort], completed=done)
            if total is not None:
                bars.update(tasks[sort], total=total)

        yield follow
