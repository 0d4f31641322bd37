"""The progress of a run, with a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Follows a run."""

    def __call__(self, sort: str, done: int, total: int | None = None) -> None:
        """Report how many of this sort are done, and of how many, if known."""


def no_progress(sort: str, done: int, total: int | None = None) -> None:
    """Ignore the progress."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar for each sort; none if stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    # Imported here: the runner's tasks do not need it.
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
