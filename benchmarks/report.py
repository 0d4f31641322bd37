"""Formats the tables for the screen and `docs/benchmarks.md`."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.results import Line, Results, Table

HEADINGS = (
    *("what", "tasks/s", "median s", "p99 s", "CPU ms", "memory MB"),
    *("Connect calls", "vendor calls", "bounded by"),
)
INTRODUCTION = """\
# Benchmarks

Written by `make bench` (`python -m benchmarks`): the official connect-extension-runner {runner},
unmodified, in its own environment (the runner, the extension and their requirements), against the
sandbox on the loopback interface of the same machine. The figures are kept in
`docs/benchmarks.json`; `make charts` writes this page and its charts from there.

Machine: {machine}.

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


def markdown(results: Results, pictures: Mapping[str | None, str] | None = None) -> str:
    """The whole page, with a picture below the titles of these sections (None: of the page)."""
    pictures = pictures or {}
    runner, *others = results.packages.items()
    introduction = INTRODUCTION.format(
        runner=runner[1],
        machine=", ".join([results.machine, *(f"{name} {version}" for name, version in others)]),
        rounds=results.rounds,
    )
    parts = [f"{introduction}\nMeasured on {results.day}.\n", pictures.get(None)]
    parts.append(_verdicts(results.tables))
    for table in results.tables:
        if table.lines:
            parts += [_heading(table), pictures.get(table.name), _lines(table)]
    return "\n".join(part for part in parts if part)


def _verdicts(tables: tuple[Table, ...]) -> str:
    lines = ["## What it must show", "", "| what | found | |", "|---|---|---|"]
    for table in tables:
        for verdict in table.verdicts:
            holds = "yes" if verdict.holds else "**no**"
            lines.append(f"| {verdict.what} | {verdict.found} | {holds} |")
    return "\n".join([*lines, ""])


def _heading(table: Table) -> str:
    return f"## {table.title}\n\n{table.explanation}\n"


def _lines(table: Table) -> str:
    cells = [list(HEADINGS), *(_cells(line) for line in table.lines)]
    used = [column for column in range(len(HEADINGS)) if any(line[column] for line in cells[1:])]
    lines = []
    for number, line in enumerate(cells):
        lines.append("| " + " | ".join(line[column] for column in used) + " |")
        if number == 0:
            marks = ("---:" if 0 < column < len(HEADINGS) - 1 else "---" for column in used)
            lines.append("|" + "|".join(marks) + "|")
    remarks = [part for remark in table.remarks for part in ("", remark)]
    return "\n".join([*lines, *remarks, ""])


def _cells(line: Line) -> list[str]:
    return [
        line.label,
        f"{line.rate:.1f}",
        _number(line.median_seconds, 2),
        _number(line.p99_seconds, 2),
        _number(line.cpu_ms, 1),
        _number(line.memory_mb, 0),
        _number(line.connect_calls, 2),
        _number(line.vendor_calls, 2),
        line.bound_by,
    ]


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
