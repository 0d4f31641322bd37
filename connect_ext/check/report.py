"""The report of a check, as values and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connect_ext.portal.settings import Described
from connect_ext.vendors.explaining import Finding, Suggestion


@dataclass(frozen=True)
class ShownCall:
    """A call to the vendor, with secrets and personal data masked."""

    name: str
    request: str
    """The method and the address."""
    status: int | None
    error: str
    """A sentence where there was no answer that could be read, else empty."""
    milliseconds: int
    shape: tuple[str, ...]
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        findings = [
            {"variable": each.variable, "found": each.found, "is_wrong": each.is_wrong}
            for each in self.findings
        ]
        return {**vars(self), "shape": list(self.shape), "findings": findings}


@dataclass(frozen=True)
class Report:
    """What a check has found."""

    vendor: str
    product_id: str
    variables: tuple[Described, ...]
    strangers: tuple[str, ...]
    """Names in the file that are no variables of the extension."""
    mistakes: tuple[str, ...] = ()
    calls: tuple[ShownCall, ...] = ()
    planned: tuple[str, ...] = ()
    """The lines of the calls that would be sent, secrets and personal data masked."""
    outcome: str = "nothing"
    """One word: the act that would follow, or what has become of it."""
    decision: str = ""
    why: str = ""
    """Why the request would wait, without the vendor's own words; else empty."""
    look_at: tuple[str, ...] = ()
    """What somebody has to see to: a sentence each, which names a variable."""
    would_be_approved: bool = False
    suggestions: tuple[Suggestion, ...] | None = None
    """Proposals for variables; None where nobody has asked, or there was no answer."""

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        variables = [
            {"name": each.variable.name, "value": each.shown, "origin": each.origin.value}
            for each in self.variables
        ]
        return {
            **{name: _plain(value) for name, value in vars(self).items()},
            "variables": variables,
            "calls": [call.as_json() for call in self.calls],
            "suggestions": self.suggestions and [vars(each) for each in self.suggestions],
        }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
