"""A report, and suggestions, as text for a terminal and for the output of a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connect_ext.check.report import Report, ShownCall
from connect_ext.portal.reader import Origin
from connect_ext.vendors.explaining import Suggestion

_WIDEST_NAME = 28
_ORIGINS = (Origin.PORTAL, Origin.OVERRIDE, Origin.PRESET, Origin.INITIAL)


def shown(report: Report) -> str:
    """The whole report, in the order of a walk, with the decision at its end."""
    parts = [
        _variables(report),
        *_calls(report.calls),
        _planned(report.planned),
        _suggested(report.suggestions),
        _decision(report),
    ]
    return _paragraphs(parts)


def shown_without_values(report: Report) -> str:
    """The report without the variables' values; the decision is first, since the end may be cut."""
    origins = [f"{each.variable.name} ({each.origin.value})" for each in report.variables]
    parts = [
        _decision(report),
        *_calls(report.calls),
        _planned(report.planned),
        [f"Variables (VENDOR {report.vendor})", f"  {', '.join(origins)}"],
    ]
    return _paragraphs(parts)


def in_short(report: Report) -> str:
    """For the log: nothing of a variable's value, of an address, or of the vendor's words."""
    verdict = "approved" if report.would_be_approved else "not approved"
    calls = [f"{call.name}: {_result(call)}." for call in report.calls]
    facts = [report.why, *report.mistakes, *report.look_at, *calls]
    return " ".join([f"a request would be {verdict} ({report.outcome}).", *filter(None, facts)])


def _paragraphs(parts: Iterable[Sequence[str]]) -> str:
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _variables(report: Report) -> list[str]:
    product = f", product {report.product_id}" if report.product_id else ""
    lines = [f"Variables (VENDOR {report.vendor}{product})"]
    for each in sorted(report.variables, key=lambda each: _ORIGINS.index(each.origin)):
        name = f"{each.variable.name:<{_WIDEST_NAME}}"
        lines.append(f"  {each.origin.value:<13}  {name}  {each.shown}".rstrip())
    lines += [f"  {name} is no variable of the extension" for name in report.strangers]
    return lines


def _calls(calls: Iterable[ShownCall]) -> Iterator[list[str]]:
    for call in calls:
        lines = [f"{call.name[0].upper()}{call.name[1:]}"]
        lines += [f"  {call.request}"] if call.request else []
        lines.append(f"  {_result(call)}")
        lines += [f"    {line}" for line in call.shape]
        lines += [f"  {_sign(f.is_wrong)} {f.variable} {f.found}" for f in call.findings]
        yield lines


def _result(call: ShownCall) -> str:
    if call.status is None:
        return call.error or "no answer"
    took = f" in {call.milliseconds} ms" if call.milliseconds else ""
    return f"HTTP {call.status}{took}"


def _planned(planned: Sequence[str]) -> list[str]:
    return ["This would be sent", *(f"  {line}".rstrip() for line in planned)] if planned else []


def _suggested(suggestions: Sequence[Suggestion] | None) -> list[str]:
    """In the form in which a file takes them, with their grounds."""
    if suggestions is None:
        return []
    if not suggestions:
        return ["Nothing to suggest: the variables fit this answer, or nothing in it is telling."]
    lines = ["Suggestions, of which nothing is applied"]
    for each in suggestions:
        lines += [f"  {each.variable}={each.value}" if each.value else f"  {each.variable}: ?"]
        lines += [f"    {each.grounds}"]
    return lines


def _decision(report: Report) -> list[str]:
    lines = [f"{_sign(not report.would_be_approved)} {report.decision}"]
    lines += [f"  {mistake}" for mistake in report.mistakes]
    lines += [f"  Look at: {what}" for what in report.look_at]
    return lines


def _sign(is_wrong: bool) -> str:
    return "✗" if is_wrong else "✓"
