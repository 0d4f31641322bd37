"""A summary of the file, in a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable

from connect_ext.diagnostics.sections import PROBLEM, Facts

PROMISE = (
    "It contains no values of variables except the name of the vendor adapter, and no keys,"
    " addresses or personal data."
)


def in_short(document: Facts) -> str:
    """Write a line for each section that can fail."""
    lines = [f"  {name}: {_line(document[name], tell)}" for name, tell in _TOLD.items()]
    return "\n".join(lines)


def _line(facts: Facts, tell: Callable[[Facts], str]) -> str:
    problem = facts.get(PROBLEM)
    return str(problem) if problem else tell(facts)


def _of_variables(facts: Facts) -> str:
    names, unknown, mistakes = (len(facts[key]) for key in ("each", "unknown names", "mistakes"))
    return f"{names}, unknown names: {unknown}, mistakes: {mistakes}"


def _of_connect(facts: Facts) -> str:
    return f"HTTP {facts['HTTP status']} in {facts['milliseconds with connecting']} ms"


def _of_requests(facts: Facts) -> str:
    return f"the newest {len(facts['newest'])} of {facts['number in all']}"


def _of_check(facts: Facts) -> str:
    verdict = "be approved" if facts["a request would be approved"] else "not be approved"
    return f"a request would {verdict} ({facts['outcome']})"


_TOLD: dict[str, Callable[[Facts], str]] = {
    "variables": _of_variables,
    "Connect": _of_connect,
    "cancel requests": _of_requests,
    "check": _of_check,
}
