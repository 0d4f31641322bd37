"""What a vendor's package says about an answer to the person who sets it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from connect_ext.http.client import Answer
    from connect_ext.vendors.base import Cancellation, Subscription


@dataclass(frozen=True)
class Suggestion:
    """A proposal for one variable; an empty value leaves the decision to a person."""

    variable: str
    value: str
    grounds: str
    """One or more sentences. They hold names of members and plain status words, and nothing else
    of the answer."""


@dataclass(frozen=True)
class Finding:
    """What a variable has led to in an answer."""

    variable: str
    found: str
    """The end of a sentence that begins with the variable; of the vendor's values only plain
    status words and dates are in it."""
    is_wrong: bool = False
    """Whether somebody has to see to it."""


@runtime_checkable
class Explains(Protocol):
    """A vendor whose variables describe what is in an answer."""

    @property
    def look_name(self) -> str:
        """The name of ``look_up``'s call."""
        ...

    def read(self, answer: Answer, cancellation: Cancellation) -> Subscription:
        """The subscription in an answer to ``look_up``'s question, wherever it comes from.

        Raises what ``look_up`` raises.
        """
        ...

    def explain(self, call_name: str, answer: Answer, subscription_id: str) -> tuple[Finding, ...]:
        """What the variables find in the answer to one of the vendor's calls, by its name."""
        ...
