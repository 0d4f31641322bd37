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
    """A sentence where there was no answer that could be read, else empty."""
    milliseconds: int
    shape: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """A sentence for each finding that somebody has to see to."""
        return tuple(f"{f.variable} {f.found}." for f in self.findings if f.is_wrong)


@dataclass(frozen=True)
class ShownRequest:
    """A call as it would be sent, with secrets and personal data masked."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    """Empty where the vendor's package does not say."""
    body: str


_THE_END = ("would_be_approved", "outcome", "decision", "look_at", "was_sent", "subscription")
_THE_BEGINNING = ("unknown_names", "unused_names", "mistakes")


@dataclass(frozen=True)
class Report:
    """What a check has found."""

    vendor: str
    product_id: str
    variables: tuple[Described, ...]
    unknown_names: tuple[str, ...] = ()
    """Names that are given, and are no variables of the extension."""
    unused_names: tuple[str, ...] = ()
    """Variables that are given, and are another vendor's."""
    mistakes: tuple[str, ...] = ()
    calls: tuple[ShownCall, ...] = ()
    subscription: str = ""
    """What the vendor shows, in a sentence; empty for nothing."""
    requests: tuple[ShownRequest, ...] = ()
    """What would be sent."""
    remarks: tuple[str, ...] = ()
    """Sentences about that."""
    outcome: str = "undecided"
    """One word: cancel, approve, schedule, reject, hold, wait, refuse (the vendor's side would not
    even send the call), leave or undecided."""
    decision: str = ""
    why: str = ""
    """Of a request that would wait: the reason without the vendor's own words, for the log."""
    look_at: tuple[str, ...] = ()
    """What somebody has to see to besides: a sentence each."""
    would_be_approved: bool = False
    """Whether a real request would be, now or when the subscription ends."""
    was_sent: bool = False
    """Whether the vendor has got the cancellation, or may have got it."""
    suggestions: tuple[Suggestion, ...] | None = None
    """Proposals for variables; None where nobody has asked, or there was no answer."""

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
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
