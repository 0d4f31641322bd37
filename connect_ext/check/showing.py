"""Formats a report as text: for a terminal, the output of a schedule, and the log."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from connect_ext.check.report import Report, ShownCall, ShownRequest
from connect_ext.portal.reader import Origin
from connect_ext.portal.settings import Described
from connect_ext.vendors.explaining import Suggestion

WIDTH = 100


def shown(report: Report) -> str:
    """Format the whole report in the order of a walk, so the decision is last on the terminal."""
    return _paragraphs([_variables(report), *_course(report), *_end(report)])


def shown_since(report: Report, before: Report) -> str:
    """Format only what has been added to a report since it was shown."""
    calls = _calls(report.calls, len(before.calls))
    return _paragraphs([*calls, *_subscription(report), *_end(report)])


def shown_without_values(report: Report) -> str:
    """Format the report without the variables' values, decision first: the end may be cut."""
    names = [
        f"{origin.value}: {', '.join(each.variable.name for each in group)}"
        for origin, group in _by_origin(report)
        if origin is not Origin.INITIAL
    ]
    variables = [f"Variables (VENDOR {report.vendor})", *(f"  {each}" for each in names)]
    return _paragraphs([*reversed(_end(report)), *_course(report), variables])


def in_short(report: Report) -> str:
    """Format for the log: no variable's value, no address, and no words of the vendor."""
    verdict = "approved" if report.would_be_approved else "not approved"
    calls = [f"{call.name}: {_result(call)}." for call in report.calls]
    wrong = [each for call in report.calls for each in call.wrong]
    facts = dict.fromkeys([report.why, *report.mistakes, *wrong, *report.look_at, *calls])
    return " ".join([f"a request would be {verdict} ({report.outcome}).", *filter(None, facts)])


def _paragraphs(parts: Iterable[Sequence[str]]) -> str:
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _course(report: Report) -> Iterator[list[str]]:
    yield from _calls(report.calls)
    yield from _subscription(report)
    yield _requests(report)
    yield _suggested(report.suggestions)


def _subscription(report: Report) -> list[list[str]]:
    return [[report.subscription]] if report.subscription else []


def _by_origin(report: Report) -> Iterator[tuple[Origin, list[Described]]]:
    for origin in (Origin.PORTAL, Origin.OVERRIDE, Origin.PRESET, Origin.INITIAL):
        group = [each for each in report.variables if each.origin is origin]
        if group:
            yield origin, group


def _variables(report: Report) -> list[str]:
    product = f", product {report.product_id}" if report.product_id else ""
    lines = [f"Variables (VENDOR {report.vendor}{product})"]
    for origin, group in _by_origin(report):
        pairs = [f"{each.variable.name}={each.shown}" for each in group]
        lines += [f"  {origin.value}"]
        # The many initial values must not bury the rest.
        lines += _packed(pairs) if origin is Origin.INITIAL else [f"    {each}" for each in pairs]
    if report.unused_names:
        names = ", ".join(report.unused_names)
        lines += [f"  of another vendor, without effect here: {names}"]
    return lines


def _packed(pairs: Iterable[str]) -> list[str]:
    """Put as many pairs on a line as fit, without breaking one."""
    lines = [""]
    for pair in pairs:
        if len(lines[-1]) + len(pair) > WIDTH - 6 and lines[-1]:
            lines.append("")
        lines[-1] += f"  {pair}" if lines[-1] else pair
    return [f"    {line}" for line in lines]


def _calls(calls: Sequence[ShownCall], first: int = 0) -> Iterator[list[str]]:
    """Format the calls from ``first`` on; repeats of the same answer are only counted."""
    while first < len(calls):
        call, last = calls[first], first
        while last + 1 < len(calls) and _is_the_same(calls[last + 1], call):
            last += 1
        is_new = all((each.name, each.shape) != (call.name, call.shape) for each in calls[:first])
        yield _call(call, last - first + 1, with_shape=is_new)
        first = last + 1


def _is_the_same(one: ShownCall, other: ShownCall) -> bool:
    return replace(one, milliseconds=0) == replace(other, milliseconds=0)


def _call(call: ShownCall, times: int, *, with_shape: bool) -> list[str]:
    again = f", {times} times" if times > 1 else ""
    lines = [f"{call.name[0].upper()}{call.name[1:]}{again}"]
    lines += [f"  {call.method} {call.url}"] if call.url else []
    lines.append(f"  {_result(call)}")
    lines += [f"    {line}" for line in call.shape] if with_shape else []
    lines += [f"  {_sign(f.is_wrong)} {f.variable} {f.found}" for f in call.findings]
    return lines


def _result(call: ShownCall) -> str:
    if call.status is None:
        return call.error.removesuffix(".")
    took = f" in {call.milliseconds} ms" if call.milliseconds else ""
    return f"HTTP {call.status}{took}"


def _requests(report: Report) -> list[str]:
    lines: list[str] = []
    for each in report.requests:
        lines.append("Then" if lines else "This would be sent")
        lines += _request(each)
    return [*lines, *(f"  {remark}" for remark in report.remarks)]


def _request(request: ShownRequest) -> list[str]:
    lines = [f"  {request.method} {request.url}"]
    lines += [f"  {name}: {value}" for name, value in request.headers]
    body = ["", *(f"  {line}" for line in request.body.split("\n"))]
    return [*lines, *body] if request.body else lines


def _suggested(suggestions: Sequence[Suggestion] | None) -> list[str]:
    """Format suggestions as lines for a file of variables, with their grounds."""
    if suggestions is None:
        return []
    if not suggestions:
        return ["Nothing to suggest: the variables fit this answer, or it shows too little."]
    lines = ["Suggestions (none is applied)"]
    for each in suggestions:
        lines += [f"  {each.variable}={each.value}" if each.value else f"  {each.variable}: ?"]
        indent = "      "
        lines += textwrap.wrap(each.grounds, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return lines


def _end(report: Report) -> list[list[str]]:
    hints = [f"→ {what}" for what in report.look_at]
    return [
        [*report.mistakes, *hints],
        [f"{_sign(not report.would_be_approved)} {report.decision}"],
    ]


def _sign(is_wrong: bool) -> str:
    return "✗" if is_wrong else "✓"
