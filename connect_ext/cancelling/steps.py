"""The steps of a walk: the rules decide each of them, and the last one is the task's outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from connect_ext.cause import Cause
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Plan, Subscription


class Lack(Enum):
    """A piece of evidence that the rules want before they decide."""

    LOOK = "the subscription as the vendor shows it"
    MARKS = "the marks of earlier attempts, on the request's conversation"
    ORDER = "what an earlier attempt has left at the vendor"
    SECOND_LOOK = "a second look at the vendor, some time after the first"
    PRECEDENT = "whether a cancellation of the product was ever approved"


@dataclass(frozen=True)
class Learn:
    """Gather a missing piece of evidence, then decide again."""

    lack: Lack


@dataclass(frozen=True)
class Cancel:
    """Send the cancellation to the vendor, after ``pause`` seconds, then decide again."""

    pause: float = 0.0
    when: CancellationDate = CancellationDate.IMMEDIATE


@dataclass(frozen=True)
class Undo:
    """Take the cancellation back at the vendor, then decide again."""


@dataclass(frozen=True)
class Approve:
    """Approve the request; ``note`` says what Connect itself does not show, if anything."""

    cause: Cause
    effective_date: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Schedule:
    """Schedule the request for the moment at which the cancellation takes effect."""

    cause: Cause
    planned: datetime
    note: str = ""


@dataclass(frozen=True)
class Confirm:
    """Confirm that the request is revoked: the subscription continues."""

    cause: Cause


@dataclass(frozen=True)
class Reject:
    """Reject the request, with a reason for the customer's side."""

    cause: Cause
    reason: str


@dataclass(frozen=True)
class Wait:
    """Look again later."""

    cause: Cause
    why: str
    needs_person: bool = False
    """Whether somebody has to act: people are told at once, and looks are less frequent."""
    retry_after: float | None = None
    """Seconds before which the other side does not want to be called."""
    vendor_says: str = ""
    """The vendor's own words, cleaned: for notes, never for the log."""
    since: datetime | None = None
    """When the last progress was made; None: when the request was made."""
    until: datetime | None = None
    """The known end of a long wait: people are told at once, and nobody has to do anything."""
    seconds: int = 0
    """Until the next look; filled in at the end of the walk."""


@dataclass(frozen=True)
class Hold:
    """Leave the request to a person, who resubmits the task."""

    cause: Cause
    why: str


@dataclass(frozen=True)
class Leave:
    """Do nothing: somebody else has settled the request."""

    cause: Cause
    why: str


@dataclass(frozen=True)
class DryRun:
    """Nothing was changed; ``what`` says what would have happened."""

    cause: Cause
    what: str
    act: str
    """The act that was left out: cancel, undo, approve, schedule, confirm, reject, hold or wait; or
    refuse, if the vendor's adapter would not even send the call."""
    decision: str = ""
    """Like ``what``, without the calls."""
    plan: Plan | None = None
    """The calls that would have been sent, if the adapter can tell."""
    left_out: Step | None = None
    """The step that would have been taken."""
    shown: Subscription | None = None
    """The subscription as the vendor showed it."""

    @property
    def why(self) -> Cause | None:
        """The cause of the step that was left out, if it has one."""
        return getattr(self.left_out, "cause", None)


Final = Approve | Schedule | Confirm | Reject | Wait | Hold | Leave | DryRun
"""The steps that end a walk."""

Step = Learn | Cancel | Undo | Final


@dataclass(frozen=True)
class Ended:
    """The end of a walk: its last step, and the last HTTP status that the vendor gave, if any."""

    step: Final
    vendor: str = ""
    http_status: int | None = None
