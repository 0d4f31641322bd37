"""The operator's choices, as the words that the variables take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class OnRefusal(Enum):
    """``ON_REFUSAL``"""

    REJECT = "reject"
    HOLD = "hold"


class OnNotFound(Enum):
    """``ON_NOT_FOUND``"""

    REJECT = "reject"
    APPROVE = "approve"
    HOLD = "hold"


class CancellationDate(Enum):
    """``CANCELLATION_DATE``: when a cancellation takes effect."""

    IMMEDIATE = "immediate"
    END_OF_TERM = "end_of_term"
    END_OF_INVOICED_PERIOD = "end_of_invoiced_period"


class WhenEffectiveLater(Enum):
    """``WHEN_EFFECTIVE_LATER``: what to do with a request whose cancellation takes effect later."""

    APPROVE = "approve"
    SCHEDULE = "schedule"


class OnNoTermEnd(Enum):
    """``ON_NO_TERM_END``: what ``end_of_term`` means for a subscription without a term."""

    HOLD = "hold"
    IMMEDIATE = "immediate"
    REJECT = "reject"


class Notes(Enum):
    """``NOTES``"""

    PRIVATE = "private"
    MESSAGE = "message"
    OFF = "off"


class MetricsFormat(Enum):
    """``METRICS_FORMAT``"""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True)
class Policy:
    """The operator's choice in each case that the operator may decide."""

    on_refusal: OnRefusal = OnRefusal.REJECT
    on_not_found: OnNotFound = OnNotFound.HOLD
    cancellation_date: CancellationDate = CancellationDate.IMMEDIATE
    when_effective_later: WhenEffectiveLater = WhenEffectiveLater.APPROVE
    on_no_term_end: OnNoTermEnd = OnNoTermEnd.HOLD

    @property
    def schedules(self) -> bool:
        """Whether a request is scheduled until its cancellation takes effect."""
        return self.when_effective_later is WhenEffectiveLater.SCHEDULE
