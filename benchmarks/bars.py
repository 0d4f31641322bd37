"""What each chart shows: bars of tasks a second, from the results; and how the page shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.results import Results

SPEEDS = {"off": "the runner as it is (off)", "lookups": "lookups", "all": "as installed (all)"}
"""The speeds, as the legend names them."""


@dataclass(frozen=True)
class Bar:
    """The tasks a second of one row; without a speed, the extension has no part in it."""

    speed: str | None
    rate: float


@dataclass(frozen=True)
class Group:
    """Bars beside one another."""

    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Chart:
    """A chart; it stands below the title of a section, or of the page if `section` is None."""

    name: str
    section: str | None
    title: str
    groups: Callable[[Results], list[Group]]

    def file(self, scheme: str) -> str:
        """The chart's file for a colour scheme, from the page's folder."""
        return f"pictures/bench-{self.name}-{scheme}.svg"

    def in_words(self, results: Results) -> str:
        """The chart for those who cannot see it."""
        groups = (f"{each.label} ({_in_words(each)})" for each in self.groups(results))
        return f"{self.title}: {'; '.join(groups)}"


def _in_words(group: Group) -> str:
    if len(group.bars) == 1:
        return f"{group.bars[0].rate:.1f}"
    return ", ".join(f"{bar.speed} {bar.rate:.1f}" for bar in group.bars)


def _grouped(results: Results, groups: dict[str, tuple[str, str]]) -> list[Group]:
    """Groups of a bar for each speed; each has a section, and a pattern of its rows' labels."""
    found = []
    for label, (section, pattern) in groups.items():
        rates = {line.label: line.rate for line in results.table(section).lines}
        bars = tuple(Bar(speed, rates[pattern.format(speed)]) for speed in SPEEDS)
        found.append(Group(label, bars))
    return found


def _by_latency(results: Results) -> list[Group]:
    sections = {"no latency": "throughput", "50 ms": "latency-50", "200 ms": "latency-200"}
    return _grouped(results, {label: (name, "rest, {}") for label, name in sections.items()})


def _by_handler(results: Results) -> list[Group]:
    handlers = ("approve only", "rest repeatable", "rest", "zuora-soap")
    return _grouped(results, {each: ("throughput", f"{each}, {{}}") for each in handlers})


def _each_way(results: Results) -> list[Group]:
    """A bar for each row at 50 ms, the slowest first."""
    lines = sorted(results.table("latency-50").lines, key=lambda line: line.rate)
    found = []
    for line in lines:
        speed = line.label.rpartition(", ")[2]
        found.append(Group(line.label, (Bar(speed if speed in SPEEDS else None, line.rate),)))
    return found


def _by_instances(results: Results) -> list[Group]:
    labels = ("1 instance", "2 instances", "4 instances")
    return _grouped(results, {each: ("instances", f"rest, {{}}, {each}") for each in labels})


CHARTS = (
    Chart("latency", None, "rest: tasks a second, by latency of the calls", _by_latency),
    Chart("handlers", "throughput", "Tasks a second, no latency", _by_handler),
    Chart("ways", "latency-50", "Tasks a second, 50 ms of latency", _each_way),
    Chart("instances", "instances", "rest: tasks a second, by number of instances", _by_instances),
)
SCHEMES = LIGHT, DARK = ("light", "dark")


def pictures(results: Results) -> dict[str | None, str]:
    """For each section with a chart: both files, of which the browser shows the one that suits."""
    return {
        chart.section: "<picture>\n"
        f'  <source media="(prefers-color-scheme: dark)" srcset="{chart.file(DARK)}">\n'
        f'  <img alt="{chart.in_words(results)}" src="{chart.file(LIGHT)}" width="600">\n'
        "</picture>\n"
        for chart in CHARTS
    }
