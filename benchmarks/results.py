"""Results as they are kept in `docs/benchmarks.json`; the page and its charts are made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.figures import Row, Section, Verdict

DOCS = Path(__file__).resolve().parent.parent / "docs"
FILE = DOCS / "benchmarks.json"
DIGITS = 4

Json = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """The medians of a row; None was not measured."""

    label: str
    rate: float
    median_seconds: float | None
    p99_seconds: float | None
    cpu_ms: float | None
    memory_mb: float | None
    connect_calls: float | None
    vendor_calls: float | None
    bound_by: str

    @classmethod
    def of(cls, row: Row) -> Line:
        """The line of a measured row."""
        return cls(
            label=row.label,
            rate=round(row.rate, DIGITS),
            median_seconds=_rounded(row.median_seconds),
            p99_seconds=_rounded(row.p99_seconds),
            cpu_ms=_rounded(row.median_of("cpu_ms")),
            memory_mb=_rounded(row.memory_mb),
            connect_calls=_rounded(row.median_of("own_connect_calls")),
            vendor_calls=_rounded(row.median_of("vendor_calls")),
            bound_by=row.bound_by,
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


@dataclass(frozen=True)
class Table:
    """What a section has found."""

    name: str
    title: str
    explanation: str
    lines: tuple[Line, ...]
    remarks: tuple[str, ...]
    verdicts: tuple[Verdict, ...]

    @classmethod
    def of(cls, section: Section) -> Table:
        """The table of a measured section."""
        return cls(
            section.name,
            section.title,
            section.explanation,
            tuple(map(Line.of, section.rows)),
            tuple(section.lines),
            tuple(section.verdicts),
        )

    @classmethod
    def read(cls, kept: Json) -> Table:
        """A table from the file."""
        return cls(
            kept["name"],
            kept["title"],
            kept["explanation"],
            tuple(Line(**line) for line in kept["lines"]),
            tuple(kept["remarks"]),
            tuple(Verdict(**verdict) for verdict in kept["verdicts"]),
        )


@dataclass(frozen=True)
class Results:
    """Everything that a run has found; `machine` does not name it."""

    day: str
    rounds: int
    machine: str
    packages: dict[str, str]
    tables: tuple[Table, ...]

    @classmethod
    def of(
        cls, sections: Iterable[Section], rounds: int, machine: str, packages: dict[str, str]
    ) -> Results:
        """The results of sections that were measured just now."""
        day = datetime.now(timezone.utc).date().isoformat()
        return cls(day, rounds, machine, packages, tuple(map(Table.of, sections)))

    @classmethod
    def read(cls, text: str) -> Results:
        """The results in the text of the file."""
        kept = json.loads(text)
        return cls(**{**kept, "tables": tuple(map(Table.read, kept["tables"]))})

    def write(self) -> None:
        """Write the file."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        FILE.write_text(f"{text}\n", encoding="utf-8")

    def table(self, name: str) -> Table:
        """The table of a section."""
        [found] = [table for table in self.tables if table.name == name]
        return found
