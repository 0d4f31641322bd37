"""Formats the report of a run as text, for a terminal and a schedule's output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from connect_ext.cause import Cause
from connect_ext.reconcile.finding import Finding, Kind, Report

_TITLES = {
    Kind.NEEDS_PERSON: "Needs a person",
    Kind.SETTLED: "Put right",
    Kind.WAITS: "Still waiting",
    Kind.NOT_COMPARED: "Could not be compared",
}
MOST_OF_A_SENTENCE = 300
IDS_IN_A_LINE = 4

Tell = Callable[[list[Finding]], Iterable[str]]
"""Formats the findings for one cause."""


def shown(report: Report, most_characters: int | None = None) -> str:
    """Format the report as lines by cause, with findings that need a person first.

    If there are more than ``most_characters``, ids replace the sentences; if it is still too long,
    it ends with the number of missing lines.
    """
    lines = list(_lines(report, _in_full))
    if most_characters is not None and len("\n".join(lines)) > most_characters:
        lines = list(_lines(report, _by_id))
    return _cut(lines, most_characters)


def in_short(report: Report) -> str:
    """Format the report in one line for the log: numbers and causes."""
    parts = [f"{_TITLES[kind].lower()}: {_counted(report.of(kind))}" for kind in Kind]
    whole = "" if report.is_whole else " Not everything could be compared."
    return f"{'; '.join(parts)}.{whole}"


def _counted(findings: list[Finding]) -> str:
    causes = [finding.cause.value for finding in findings]
    by_cause = ", ".join(f"{causes.count(each)} {each}" for each in sorted({*causes}))
    return f"{len(findings)} ({by_cause})" if findings else "0"


def _lines(report: Report, tell: Tell) -> Iterable[str]:
    for problem in report.problems:
        yield f"Not everything could be compared. {problem}"
    for kind in Kind:
        yield f"{_TITLES[kind]}: {len(report.of(kind))}"
        by_cause = sorted(report.of(kind), key=lambda finding: finding.cause.value)
        for cause, findings in groupby(by_cause, key=lambda finding: finding.cause):
            yield from _lines_of(cause, list(findings), tell)
    seen = ", ".join(
        f"{number} {sort}" for sort, number in sorted(report.looked_at.items()) if number
    )
    if not seen and not report.problems:
        seen = "nothing, since Connect shows this token no cancel request"
    yield f"Looked at: {seen or 'nothing'}."


def _lines_of(cause: Cause, findings: list[Finding], tell: Tell) -> Iterable[str]:
    next_step = findings[0].next_step
    yield f"  {cause.value} ({len(findings)}){f'. Next step: {next_step}' if next_step else ''}"
    yield from tell(findings)


def _in_full(findings: list[Finding]) -> Iterable[str]:
    sentences = {finding.what for finding in findings}
    if len(sentences) == 1:
        yield f"    {_shortened(sentences.pop())}"
        yield from (f"    {_named(finding)}" for finding in findings)
    else:
        yield from (f"    {_named(finding)} {_shortened(finding.what)}" for finding in findings)


def _by_id(findings: list[Finding]) -> Iterable[str]:
    ids = [finding.subject.id for finding in findings]
    for start in range(0, len(ids), IDS_IN_A_LINE):
        yield f"    {' '.join(ids[start : start + IDS_IN_A_LINE])}"


def _named(finding: Finding) -> str:
    subject = finding.subject
    since = f" since {subject.since:%Y-%m-%d %H:%M %Z}" if subject.since else ""
    return f"{subject.id}{since}"


def _shortened(sentence: str) -> str:
    """Put a sentence on one line, without control characters, which a note may contain."""
    line = "".join(each if each.isprintable() else " " for each in sentence)
    if len(line) <= MOST_OF_A_SENTENCE:
        return line
    return f"{line[: MOST_OF_A_SENTENCE - 1]}…"


def _cut(lines: list[str], most_characters: int | None) -> str:
    text = "\n".join(lines)
    if most_characters is None or len(text) <= most_characters:
        return text
    kept, left = 0, most_characters - len(_missing(len(lines)))
    for line in lines:
        left -= len(line) + 1
        if left < 0:
            break
        kept += 1
    return "\n".join([*lines[:kept], _missing(len(lines) - kept)])[:most_characters]


def _missing(lines: int) -> str:
    return f"(and {lines} more lines)"
