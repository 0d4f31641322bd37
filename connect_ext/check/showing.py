"""A report, and suggestions, as text for a terminal and for the output of a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connect_ext.check.report import Report, ShownCall
from connect_ext.portal.reader import Origin
from connect_ext.vendors.explaining import Suggestion

_WIDEST_NAME = 28
_ORIGINS = (Origin.PORTAL, Origin.OVERRIDE, Origin.PRESET, Origin.INITIAL)


def shown(report: Report, *, with_values: bool = True) -> str:
    """The whole report; without ``with_values`` the variables' values are left out."""
    parts = [
        _variables(report, with_values=with_values),
        *_calls(report.calls),
        _planned(report.planned) if with_values else [],
        _suggested(report.suggestions),
        _decision(report),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def in_short(report: Report) -> str:
    """The decision and what to look at: nothing of the variables' values, nothing of an answer."""
    calls = [f"{call.name}: {_result(call)}." for call in report.calls]
    return " ".join([*_decision(report), *calls])


def _variables(report: Report, *, with_values: bool) -> list[str]:
    product = f", product {report.product_id}" if report.product_id else ""
    lines = [f"Variables (VENDOR {report.vendor}{product})"]
    for each in sorted(report.variables, key=lambda each: _ORIGINS.index(each.origin)):
        value = f"  {each.shown}" if with_values else ""
        name = each.variable.name
        lines.append(f"  {each.origin.value:<13}  {name:<{_WIDEST_NAME}}{value}".rstrip())
    if not with_values:
        initial = [v for v in report.variables if v.origin is Origin.INITIAL]
        others = len(report.variables) - len(initial)
        lines = [lines[0], f"  {others} are set or from a preset, {len(initial)} are initial ones"]
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
