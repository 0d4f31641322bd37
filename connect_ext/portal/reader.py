"""Converts the portal's variables, which are texts, to values of the right type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar

from connect_ext.portal.secret import MASK, MIN_SECRET_LENGTH, Secret
from connect_ext.portal.shapes import (
    beside_placeholders,
    is_placeholder,
    is_showable,
    keys_within,
    parsed_json,
    problem_of_url,
    texts_within,
)
from connect_ext.portal.variable import Variable

Choice = TypeVar("Choice", bound=Enum)


class Origin(Enum):
    """Where a variable's value comes from."""

    PORTAL = "set"
    OVERRIDE = "override"
    PRESET = "preset"
    INITIAL = "initial value"


class VariableReader:
    """Converts texts to values, and collects every mistake instead of raising the first.

    After a mistake, each method returns a stand-in of the right type: check ``mistakes`` before
    using any value.
    """

    def __init__(
        self,
        known: Iterable[Variable],
        variables: Mapping[str, str],
        product_id: str = "",
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        """``known``: the declared variables; ``overrides``: those of the one product."""
        self.mistakes: list[str] = []
        self._known = {variable.name: variable for variable in known}
        self._product_id = product_id
        self._overrides = overrides or {}
        self._variables = {**variables, **self._overrides}
        self._preset: Mapping[str, str] = {}

    def report(self, name: str, what: str = "") -> None:
        """Note that a variable is wrong.

        ``what`` completes the sentence '<name> …'; without it, the sentence quotes the variable's
        value, unless that could be a secret.
        """
        variable = self._known[name]
        place = f"PRODUCT_OVERRIDES, {self._product_id}, " if name in self._overrides else ""
        problem = what or f"got {self._shown(variable)}"
        self.mistakes.append(f"{place}{name} {problem}; it takes {variable.takes}.")

    def _shown(self, variable: Variable) -> str:
        value = self._raw(variable.name)
        if not value or is_placeholder(value):
            return "nothing" if not value else "a placeholder"
        is_secret = variable.secure or variable.holds_secrets
        return f"a text of {len(value)} characters" if is_secret else self.quoted(value)

    def quoted(self, value: str) -> str:
        """Part of a variable's value in quotes, or its length if it could be a secret."""
        if not is_showable(value) or any(secret in value for secret in self.secrets):
            return f"a text of {len(value)} characters"
        return f"'{value}'"

    def _raw(self, name: str) -> str:
        # An environment made by an older version lacks the newer variables.
        if self._is_initial(name):
            return self._preset.get(name, self._known[name].initial_value)
        return str(self._variables[name]).strip()

    def _is_initial(self, name: str) -> bool:
        value = self._variables.get(name)
        return value is None or str(value).strip() == self._known[name].initial_value

    def origin(self, name: str) -> Origin:
        """Where the value of a variable comes from."""
        if self._is_initial(name):
            return Origin.PRESET if name in self._preset else Origin.INITIAL
        return Origin.OVERRIDE if name in self._overrides else Origin.PORTAL

    def with_preset(self, preset: Mapping[str, str]) -> VariableReader:
        """A reader with a preset's values in place of initial ones; it shares the mistakes."""
        other = copy(self)
        other._preset = preset
        return other

    def shown(self, variable: Variable) -> str:
        """A variable's value with its secrets masked, or the length of a secret."""
        value = self._raw(variable.name)
        return _without_secrets(variable, value, self.secrets)

    def text(self, name: str) -> str:
        """The text without surrounding blanks; a placeholder counts as nothing."""
        value = self._raw(name)
        return "" if is_placeholder(value) else value

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if not value:
            self.report(name)
        return value

    def secret(self, name: str) -> Secret:
        """A text that must be there and must never be shown."""
        value = self.required(name)
        if not value.isascii() or not value.isprintable():
            self.report(name, "has characters that cannot be sent")
        return Secret(value)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """All texts that must never leave: secure values, their halves, and texts in JSON.

        Nothing is known about undeclared variables, which a registered vendor may read, so all of
        them count.
        """
        return _secrets_among(self.raw_variables(), self._known)

    def choice(self, name: str, choices: type[Choice]) -> Choice:
        """One of an enumeration's values; case does not matter."""
        value = self.text(name).lower()
        for choice in choices:
            if choice.value == value:
                return choice
        self.report(name)
        return next(iter(choices))

    def flag(self, name: str) -> bool:
        """``true`` or ``false``."""
        value = self.text(name).lower()
        if value not in ("true", "false"):
            self.report(name)
        return value == "true"

    def number(self, name: str, least: float, most: float, *, whole: bool = False) -> float:
        """A plain decimal number from ``least`` to ``most``."""
        value = self.text(name)
        if re.fullmatch(r"[0-9]{1,6}" if whole else r"[0-9]{1,6}(\.[0-9]{1,6})?", value):
            number = float(value)
            if least <= number <= most:
                return number
        self.report(name)
        return least

    def words(self, name: str, *, may_be_empty: bool = False) -> frozenset[str]:
        """Words separated by commas, case-folded for comparison."""
        words = frozenset(word.strip().casefold() for word in self.text(name).split(",")) - {""}
        if not words and not may_be_empty:
            self.report(name)
        return words

    def url(self, name: str) -> str:
        """A base URL without a trailing slash; https, or http on loopback."""
        value = self.required(name)
        problem = value and problem_of_url(value)
        if problem:
            self.report(name, problem)
        return value.rstrip("/")

    def json_object(self, name: str) -> dict[str, Any]:
        """A JSON object; an empty text counts as an empty object."""
        parsed = parsed_json(self.text(name) or "{}")
        if not isinstance(parsed, dict):
            self.report(name, "is not a JSON object")
            return {}
        return parsed

    def raw_variables(self) -> tuple[tuple[str, Secret], ...]:
        """All variables unchanged, declared or not, for a vendor that reads undeclared ones."""
        names = sorted({*self._variables, *self._known})
        return tuple(
            (n, Secret(self.text(n) if n in self._known else str(self._variables[n])))
            for n in names
        )


def _without_secrets(variable: Variable, value: str, secrets: frozenset[str]) -> str:
    if is_placeholder(value) or (variable.holds_secrets and parsed_json(value) == {}):
        return value
    if value and (variable.secure or variable.holds_secrets):
        return f"(a text of {len(value)} characters)"
    for secret in sorted(secrets, key=len, reverse=True):
        value = value.replace(secret, MASK)
    return value


def _secrets_among(
    variables: Iterable[tuple[str, Secret]], known: Mapping[str, Variable]
) -> frozenset[str]:
    found: list[str] = []
    for name, value in variables:
        if name in known:
            found += _secrets_in(known[name], value.reveal())
        else:
            found.append(value.reveal().strip())
    return frozenset(text for text in found if len(text) >= MIN_SECRET_LENGTH)


def _secrets_in(variable: Variable, value: str) -> Iterator[str]:
    if variable.secure:
        yield from (value, *value.split(":", 1))
    if variable.may_hold_keys:
        yield from keys_within(value)
    if variable.holds_secrets:
        for text in texts_within(parsed_json(value)):
            for piece in beside_placeholders(text):
                # "Bearer abc" holds the secret "abc".
                yield from (piece, piece.partition(" ")[2].strip())
