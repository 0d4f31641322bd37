"""The closed list of causes: one word for why a request ended, or waits, as it does."""

from __future__ import annotations

from enum import Enum


class Cause(str, Enum):
    """Why a task ended as it did: one word for the log, the notes and the metrics."""

    # The request is settled.
    CANCELLED = "cancelled"
    """The vendor cancelled the subscription for this request."""
    ALREADY_CANCELLED = "already-cancelled"
    GONE = "gone"
    """The vendor no longer knows, or never knew, the subscription."""
    REFUSED = "refused"
    NOT_STARTED = "not-started"
    BLANK_PARAMETER = "blank-parameter"
    SCHEDULED = "scheduled"
    """The request comes back when the cancellation takes effect."""
    REVOKED = "revoked"
    """The cancellation was taken back, by us or by somebody at the vendor."""
    SETTLED_ELSEWHERE = "settled-elsewhere"
    """Somebody else approved or rejected the request."""

    # The vendor has, or may have, the cancellation.
    SENT = "sent"
    """A cancellation was, or may have been, sent; the vendor does not show its result yet."""
    ON_ITS_WAY = "on-its-way"
    ENDS_LATER = "ends-later"
    """The cancellation takes effect later, and Connect does not schedule the request."""
    CONFLICT = "conflict"
    """The vendor says "not now"."""
    REFUSED_LATER = "refused-later"
    """The vendor refuses a second attempt, and nobody knows the effect of the first."""

    # Something does not work at the moment.
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    VENDOR_ERROR = "vendor-error"
    UNREADABLE = "unreadable"
    PAUSED = "paused"
    """Calls to the vendor are paused for everybody."""
    CONNECT = "connect"
    """Connect could not be reached, or failed."""
    DEADLINE = "deadline"

    # Somebody has to fix or decide something.
    VARIABLES = "variables"
    CREDENTIALS = "credentials"
    CONFIGURATION = "configuration"
    """The vendor's address, the product's parameters or its templates."""
    UNKNOWN_STATUS = "unknown-status"
    UNKNOWN_ID = "unknown-id"
    ID_PATTERN = "id-pattern"
    """The parameter's value does not match ``SUBSCRIPTION_ID_PATTERN``."""
    SUSPENDED = "suspended"
    """The subscription is suspended at the vendor, and has to be resumed first."""
    UNFINISHED = "unfinished"
    """The vendor has our order to cancel, but does not carry it out on its own."""
    NO_TERM_END = "no-term-end"
    """``CANCELLATION_DATE`` is the end of a term that the subscription does not have."""
    NOT_TAKEN_BACK = "not-taken-back"
    """The vendor's cancellation cannot be taken back, or is not ours to take back."""
    NOT_CONFIRMED = "not-confirmed"
    """Connect does not show the request as revoked, although that was confirmed."""
    NO_MARK = "no-mark"
    """Connect keeps no note about the request, and the vendor cannot be asked."""
    UNPROVEN = "unproven"
    """The vendor refuses, and no cancellation of the product has ever been approved."""
    BUG = "bug"

    DRY_RUN = "dry-run"

    # Only a comparison of Connect and the vendor finds these.
    STILL_ACTIVE = "still-active"
    """The request is approved, but the vendor does not show the subscription as cancelled."""
    ENDED_AT_VENDOR = "ended-at-vendor"
    """Nobody asked for a cancellation, but the vendor shows the subscription as cancelled."""
    OVERDUE = "overdue"
    """The request was scheduled for a day that has passed, and Connect has not returned it."""
    NO_TASK = "no-task"
    """Connect shows no task of this environment for the request."""
