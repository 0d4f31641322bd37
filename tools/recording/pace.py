"""Outputs at a pace that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.recording.terminal import Output, Size

PAUSE_SECONDS = 0.8
"""The longest pause that is kept."""
READING_SECONDS = 5.0
"""For how long a full screen stays."""

SHOW_CURSOR = "\x1b[?25h"
"""A program that redraws its picture shows the cursor again when the picture is finished."""


def readable(outputs: Iterable[Output], size: Size) -> Iterator[Output]:
    """The outputs with short pauses; a finished picture and each full screen stay for a while."""
    at = before = 0.0
    for output in outputs:
        at += min(output.at - before, PAUSE_SECONDS)
        before = output.at
        for number, page in enumerate(_pages(output.text, size.rows)):
            at += READING_SECONDS if number else 0.0
            yield Output(at, page)


def _pages(text: str, rows: int) -> Iterator[str]:
    """The text in parts that a screen can show; a finished picture is one of them."""
    picture, cursor, after = text.rpartition(SHOW_CURSOR)
    if cursor:
        yield picture + cursor
    lines = re.findall(r".*\n|.+", after)
    for start in range(0, len(lines), rows - 1):
        yield "".join(lines[start : start + rows - 1])
