"""What a command writes to stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_a_reader() -> Iterator[None]:
    """Write to stdout within; a reader who goes away, as ``head`` does, has seen enough."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter must not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_every_sign() -> None:
    """Better a question mark than no report, where a terminal does not know a sign."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
