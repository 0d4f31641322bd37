"""Keeps the garbage collector away from everything that is loaded once and used until the end."""

from __future__ import annotations

import gc


def leave_out_what_is_loaded() -> None:
    """Collect once, and leave what is left out of all later collections.

    A full collection stops the event loop while it goes through every object of the process, some
    eighty thousand after the start. With four hundred requests at once it takes 70 ms on the
    machine of ``docs/benchmarks.md``, and 15 ms without those objects. How often collections come
    stays Python's own choice, because each object that waits for one may hold an answer of
    megabytes.
    """
    gc.collect()
    gc.freeze()
