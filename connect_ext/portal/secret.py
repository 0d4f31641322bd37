"""A text that never shows itself."""

from __future__ import annotations

MASK = "[…]"
"""Replaces a secret or a personal text in anything that is shown."""

MIN_SECRET_LENGTH = 4
"""Shorter texts are not secrets; masking them would only garble sentences."""


def kept_nowhere(_secret: str) -> None:
    """Ignore a secret, where nobody needs to know of it."""


class Secret:
    """A text that never shows itself, in a log or in an exception."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(...)"
