"""A command's output to stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_a_reader() -> Iterator[None]:
    """Write to stdout inside this; a reader that stops early, like ``head``, is not an error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Keeps the interpreter from complaining on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_every_sign() -> None:
    """Replace characters that the terminal cannot show, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
