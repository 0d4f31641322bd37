"""The report of a check, as values and as JSON (docs/setting-up-a-vendor.md)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from connect_ext.portal.settings import Described
from connect_ext.vendors.explaining import Finding, Suggestion


@dataclass(frozen=True)
class ShownCall:
    """A call to the vendor and its answer, with secrets and personal data masked."""

    name: str
    method: str
    url: str
    status: int | None
    error: str
    """A sentence if there was no readable answer, else empty."""
    milliseconds: int
    shape: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """A sentence for each finding that must be corrected."""
        return tuple(f"{f.variable} {f.found}." for f in self.findings if f.is_wrong)


@dataclass(frozen=True)
class ShownRequest:
    """A call as it would be sent, with secrets and personal data masked."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    """Empty if the vendor's package does not give them."""
    body: str


_THE_END = ("would_be_approved", "outcome", "decision", "look_at", "was_sent", "subscription")
_THE_BEGINNING = ("unknown_names", "unused_names", "mistakes")


@dataclass(frozen=True)
class Report:
    """The results of a check."""

    vendor: str
    product_id: str
    variables: tuple[Described, ...]
    unknown_names: tuple[str, ...] = ()
    """Given names that are not variables of the extension."""
    unused_names: tuple[str, ...] = ()
    """Given variables that belong to another vendor."""
    mistakes: tuple[str, ...] = ()
    calls: tuple[ShownCall, ...] = ()
    subscription: str = ""
    """The subscription at the vendor, in a sentence; empty if it was not seen."""
    requests: tuple[ShownRequest, ...] = ()
    """The calls that would be sent."""
    remarks: tuple[str, ...] = ()
    """Sentences about these calls."""
    outcome: str = "undecided"
    """One word: cancel, approve, schedule, reject, hold, wait, refuse (the vendor adapter would not
    even send the call), leave or undecided."""
    decision: str = ""
    why: str = ""
    """The reason of a wait without the vendor's own words, for the log."""
    look_at: tuple[str, ...] = ()
    """Further things to correct or consider, one sentence each."""
    would_be_approved: bool = False
    """Whether a real request would be approved, now or when the subscription ends."""
    was_sent: bool = False
    """Whether the vendor has received the cancellation, or may have."""
    suggestions: tuple[Suggestion, ...] | None = None
    """Proposals for variables; None if not requested, or without an answer."""

    def as_json(self) -> dict[str, Any]:
        """The report as JSON."""
        variables = [
            {"name": each.variable.name, "value": each.shown, "origin": each.origin.value}
            for each in self.variables
        ]
        return {
            **{name: vars(self)[name] for name in _THE_END},
            "vendor": self.vendor,
            "product": self.product_id,
            "variables": variables,
            **{name: vars(self)[name] for name in _THE_BEGINNING},
            "calls": [asdict(each) for each in self.calls],
            "requests": [asdict(each) for each in self.requests],
            "remarks": self.remarks,
            "suggestions": None if self.suggestions is None else [*map(asdict, self.suggestions)],
        }
