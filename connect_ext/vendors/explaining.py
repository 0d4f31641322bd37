"""Explains a vendor's answers to the person who sets the vendor up."""

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
    """One or more sentences. Of the answer they contain only member names and plain status
    words."""


@dataclass(frozen=True)
class Finding:
    """The result of applying a variable to an answer."""

    variable: str
    found: str
    """The end of a sentence that begins with the variable. Of the vendor's values it contains
    only plain status words and dates."""
    is_wrong: bool = False
    """Whether somebody has to correct it."""


@runtime_checkable
class Explains(Protocol):
    """A vendor whose variables describe its answers."""

    @property
    def look_name(self) -> str:
        """The name of ``look_up``'s call."""
        ...

    def read(self, answer: Answer, cancellation: Cancellation) -> Subscription:
        """Read the subscription from an answer to ``look_up``'s call, fresh or saved.

        Raises the errors of ``look_up``.
        """
        ...

    def explain(self, call_name: str, answer: Answer, subscription_id: str) -> tuple[Finding, ...]:
        """Say what the variables find in the answer to the named call."""
        ...
