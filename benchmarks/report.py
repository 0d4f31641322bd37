"""Formats the report for the screen and `docs/benchmarks.md`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import datetime, timezone
from importlib.metadata import version

import psutil

from benchmarks.figures import Row, Section
from benchmarks.world import ROOT

FILE = ROOT / "docs" / "benchmarks.md"
HEADINGS = (
    *("what", "tasks/s", "median s", "p99 s", "CPU ms", "memory MB"),
    *("Connect calls", "vendor calls", "bounded by"),
)
INTRODUCTION = """\
# Benchmarks

Written by `make bench` (`python -m benchmarks`): the official connect-extension-runner {runner},
unmodified, in its own environment (the runner, the extension and their requirements),
against the sandbox on the loopback interface of the same machine. {machine}.

Each figure is the median of {rounds} rounds. The rows of a section are measured in turn, so that
other load on the machine affects all of them alike. A row's name begins with its handler:

- `approve only`: a minimal handler, in the official style;
- `rest`: the extension with that vendor. Its cancellation must not be sent twice, so a mark is left
  on the request and all marks are read back before it is sent: two calls to Connect;
- `rest repeatable`: the same with `REST_REPEATABLE`, which needs no mark;
- `zuora-soap`, `zuora`: the extension with that vendor, with preview; it needs marks.

The second part is `CONNECT_EXT_RUNNER_SPEED`. Latency is the time from the delivery of a task to
its result; the runner sends results twice a second. CPU is the worker process's time for each task.
Calls are counted per task: the handler's to Connect (the runner itself makes two more) and those to
the vendor.
"""


def machine() -> str:
    """The machine, without its name."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Machine: {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB,"
        f" {platform.system()}; {python}, httpx {version('httpx')}, aiohttp {version('aiohttp')},"
        f" connect-openapi-client {version('connect-openapi-client')}"
    )


def markdown(sections: Iterable[Section], rounds: int) -> str:
    """The whole report."""
    sections = list(sections)
    introduction = INTRODUCTION.format(
        runner=version("connect-extension-runner"), machine=machine(), rounds=rounds
    )
    day = datetime.now(timezone.utc).date().isoformat()
    parts = [f"{introduction}\nMeasured on {day}.\n", _verdicts(sections)]
    parts += [_section(section) for section in sections if section.rows]
    return "\n".join(parts)


def _verdicts(sections: list[Section]) -> str:
    lines = ["## What it must show", "", "| what | found | |", "|---|---|---|"]
    for section in sections:
        for verdict in section.verdicts:
            holds = "yes" if verdict.holds else "**no**"
            lines.append(f"| {verdict.what} | {verdict.found} | {holds} |")
    return "\n".join([*lines, ""])


def _section(section: Section) -> str:
    cells = [list(HEADINGS), *(_cells(row) for row in section.rows)]
    used = [column for column in range(len(HEADINGS)) if any(line[column] for line in cells[1:])]
    lines = [f"## {section.title}", "", section.explanation, ""]
    for number, line in enumerate(cells):
        lines.append("| " + " | ".join(line[column] for column in used) + " |")
        if number == 0:
            marks = ("---:" if 0 < column < len(HEADINGS) - 1 else "---" for column in used)
            lines.append("|" + "|".join(marks) + "|")
    remarks = [part for line in section.lines for part in ("", line)]
    return "\n".join([*lines, *remarks, ""])


def _cells(row: Row) -> list[str]:
    return [
        row.label,
        f"{row.rate:.1f}",
        _number(row.median_seconds, 2),
        _number(row.p99_seconds, 2),
        _number(row.median_of("cpu_ms"), 1),
        _number(row.memory_mb, 0),
        _number(row.median_of("own_connect_calls"), 2),
        _number(row.median_of("vendor_calls"), 2),
        row.bound_by,
    ]


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
