"""A variable that the extension declares to Connect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A variable of the portal; its value is always a text."""

    name: str
    initial_value: str
    takes: str
    """The accepted values, as the end of a sentence that begins with 'it takes'."""
    secure: bool = False
    holds_secrets: bool = False
    """Whether it is a JSON object whose texts may be credentials."""
    may_hold_keys: bool = False
    """Whether it is an address or a body that may contain a key among other things."""
