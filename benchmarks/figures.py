"""Measured figures: samples, rows of medians, verdicts."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which this share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Sample:
    """One round of one row; None means not measured.

    `latencies` are the seconds from delivery to result of each task that counts.
    """

    rate: float
    latencies: tuple[float, ...] = ()
    cpu_ms: float | None = None
    own_connect_calls: float | None = None
    runner_connect_calls: float | None = None
    vendor_calls: float | None = None


@dataclass
class Row:
    """A row of the table; its figures are medians of its samples."""

    label: str
    bound_by: str
    samples: list[Sample] = field(default_factory=list)
    memory_mb: float | None = None

    @property
    def rate(self) -> float:
        """Tasks per second."""
        return statistics.median(sample.rate for sample in self.samples)

    @property
    def median_seconds(self) -> float | None:
        """The median over the rounds of the median latency."""
        return self._latency(0.5)

    @property
    def p99_seconds(self) -> float | None:
        """The median over the rounds of the 99th percentile of the latency."""
        return self._latency(0.99)

    def _latency(self, share: float) -> float | None:
        found = [percentile(s.latencies, share) for s in self.samples if s.latencies]
        return statistics.median(found) if found else None

    def median_of(self, name: str) -> float | None:
        """The median of a field in the samples that have it."""
        found = [value for value in (getattr(s, name) for s in self.samples) if value is not None]
        return statistics.median(found) if found else None


def ratio(one: Row, other: Row) -> float:
    """How many times faster one row is than the other.

    Rows measured in turn are compared round by round; the result is then the median of the ratios.
    """
    if len(one.samples) != len(other.samples):
        return one.rate / other.rate
    pairs = zip(one.samples, other.samples, strict=True)
    return statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)


@dataclass(frozen=True)
class Verdict:
    """A required figure, the measured one, and whether it is good enough."""

    what: str
    found: str
    holds: bool


@dataclass
class Section:
    """Rows measured in turn."""

    name: str
    title: str
    explanation: str
    rows: list[Row] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """Further results, as sentences after the table."""
    verdicts: list[Verdict] = field(default_factory=list)
