"""A finding of a comparison, and the report of a whole run."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from connect_ext.cause import Cause
from connect_ext.connect.moment import read_moment
from connect_ext.next_steps import NEXT_STEPS
from connect_ext.open_requests.subject import Subject


class Kind(str, Enum):
    """Whether and for whom there is something left to do."""

    NEEDS_PERSON = "needs-a-person"
    SETTLED = "settled"
    """Fixed by this run."""
    WAITS = "waits"
    """Waiting for the vendor, or for something that resolves itself."""
    NOT_COMPARED = "not-compared"
    """The vendor or Connect gave no usable answer."""


@dataclass(frozen=True)
class Finding:
    """A request or subscription that is not as it should be."""

    subject: Subject
    kind: Kind
    cause: Cause
    what: str
    """A sentence for people."""
    outcome: str = ""
    """The request's new status, set by this run: approved, rejected, scheduled or revoked."""

    @property
    def next_step(self) -> str:
        """The action for a person; empty if none is needed."""
        return NEXT_STEPS[self.cause] if self.kind is Kind.NEEDS_PERSON else ""

    def as_json(self) -> dict[str, Any]:
        """The finding as a JSON object."""
        since = self.subject.since
        return {
            **asdict(self.subject),
            "since": since.isoformat(timespec="seconds") if since else None,
            "kind": self.kind.value,
            "cause": self.cause.value,
            "what": self.what,
            "outcome": self.outcome,
            "next_step": self.next_step,
        }


def finding_from_json(shown: dict[str, Any]) -> Finding:
    """Read the output of ``as_json``; raises ``KeyError``, ``ValueError`` and ``TypeError``."""
    subject = Subject(
        shown["id"], shown["asset_id"], shown["product_id"], read_moment(shown["since"])
    )
    kind, cause = Kind(shown["kind"]), Cause(shown["cause"])
    return Finding(subject, kind, cause, shown["what"], shown["outcome"])


@dataclass
class Report:
    """The results of a run."""

    findings: dict[str, Finding] = field(default_factory=dict)
    """Findings by the id of their subject."""
    looked_at: Counter[str] = field(default_factory=Counter)
    """How many of each sort were looked at or left alone."""
    problems: list[str] = field(default_factory=list)
    """Sentences about things that could not be done at all."""

    def add(self, finding: Finding | None) -> None:
        """Add a finding; it replaces an earlier one about the same subject."""
        if finding is not None:
            self.findings[finding.subject.id] = finding

    def of(self, kind: Kind) -> list[Finding]:
        """The findings of one kind, oldest first."""
        found = [each for each in self.findings.values() if each.kind is kind]
        return sorted(found, key=_age)

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something."""
        return any(each.kind is Kind.NEEDS_PERSON for each in self.findings.values())

    @property
    def is_whole(self) -> bool:
        """Whether everything was compared."""
        return not self.problems and not self.of(Kind.NOT_COMPARED)

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "needs_person": self.needs_person,
            "is_whole": self.is_whole,
            "problems": self.problems,
            "looked_at": dict(self.looked_at),
            "findings": [each.as_json() for kind in Kind for each in self.of(kind)],
        }


def _age(finding: Finding) -> tuple[bool, float, str]:
    since: datetime | None = finding.subject.since
    return (since is None, since.timestamp() if since else 0.0, finding.subject.id)
