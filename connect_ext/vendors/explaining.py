"""What a vendor's package says about an answer to the person who sets it up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Suggestion:
    """A proposal for one variable; an empty value leaves the decision to a person."""

    variable: str
    value: str
    grounds: str
    """One or more sentences. They hold names of members and plain status words, and nothing else
    of the answer."""
