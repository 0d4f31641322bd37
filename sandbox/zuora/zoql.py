"""The part of ZOQL that a cancellation needs: select ... from ... where ... and ... or ..."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from sandbox.zuora import values
from sandbox.zuora.fields import QUERIED, Field
from sandbox.zuora.soap import CallError, Part

MAX_CHARACTERS, MAX_CONDITIONS = 10_000, 200
_TOKEN = re.compile(r"\s*(?:('(?:\\.|[^'\\])*')|(!=|<=|>=|[=<>,])|([A-Za-z0-9_.:+-]+))", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_QUOTED = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """`field comparison literal`; the literal is None for null."""

    field: Field
    comparison: str
    literal: str | None

    def holds(self, record: object, zone: tzinfo) -> bool:
        """Whether a record meets it. Raises CallError for a literal of the wrong type."""
        value = getattr(record, self.field.attribute, None)
        if isinstance(value, date):
            # A moment counts as its day in the tenant's zone.
            value = values.day_of(value, zone)
        if value is None or self.literal is None:
            same = value is None and self.literal is None
            return same if self.comparison == "=" else self.comparison == "!=" and not same
        return _COMPARISONS[self.comparison](value, _like(value, self.literal))


@dataclass(frozen=True)
class Query:
    """A parsed query: all conditions of at least one alternative must hold."""

    kind: str
    fields: tuple[Field, ...]
    alternatives: tuple[tuple[Condition, ...], ...]

    def wants(self, record: object, zone: tzinfo) -> bool:
        """Whether the record belongs to the answer."""
        if not self.alternatives:
            return True
        return any(all(c.holds(record, zone) for c in every) for every in self.alternatives)

    def only(self, field_name: str) -> set[str] | None:
        """The values that the query allows for the field (None: any)."""
        found: set[str] = set()
        for every in self.alternatives:
            equal = (c.literal for c in every if (c.field.name, c.comparison) == (field_name, "="))
            value = next(equal, None)
            if value is None:
                return None
            found.add(value)
        return found or None


def malformed(message: str = "You have an error in your ZOQL syntax") -> CallError:
    """The fault for a query that cannot be understood."""
    return CallError("MALFORMED_QUERY", message)


def parse(text: str, version: float) -> Query:
    """Read a query; its fields must exist in the version. Raises CallError."""
    if len(text) > MAX_CHARACTERS:
        raise malformed("The query is too long")
    return _Parser(list(_tokens(text)), version).query()


def literals(text: str) -> list[str]:
    """Every quoted literal of a text, unescaped."""
    return [_ESCAPED.sub(r"\1", match[1]) for match in _QUOTED.finditer(text)]


def rendered(version: float, field: Field, record: object, zone: tzinfo) -> Part | None:
    """A field of a record as an answer shows it; None if it has no value."""
    value = getattr(record, field.attribute, None)
    if value is None:
        return None
    if isinstance(value, bool):
        return field.name, str(value).lower()
    if field.kind == "day":
        return field.name, values.day_text(version, values.day_of(value, zone), zone)
    if isinstance(value, datetime):
        return field.name, value.astimezone(zone).isoformat(timespec="milliseconds")
    return field.name, str(value)


def _like(value: object, literal: str) -> object:
    """The literal as a value of the same type. Raises CallError."""
    try:
        if isinstance(value, bool):
            return {"true": True, "false": False}[literal.lower()]
        if isinstance(value, date):
            return date.fromisoformat(literal[:10])
        return type(value)(literal)  # type: ignore[call-arg]
    except (KeyError, ValueError) as error:
        raise malformed() from error


def _tokens(text: str) -> Iterator[str]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise malformed()
        yield match[0].strip()
        position = match.end()


class _Parser:
    def __init__(self, tokens: list[str], version: float) -> None:
        self._tokens = tokens
        self._version = version

    def query(self) -> Query:
        self._keyword("select")
        names = [self._next()]
        while self._peek() == ",":
            self._next()
            names.append(self._next())
        self._keyword("from")
        kind = self._object()
        conditions = self._conditions(kind) if self._tokens else ()
        return Query(kind, tuple(self._field(kind, name) for name in names), conditions)

    def _conditions(self, kind: str) -> tuple[tuple[Condition, ...], ...]:
        self._keyword("where")
        alternatives = [[self._condition(kind)]]
        while self._tokens:
            word = self._next().lower()
            if word not in ("and", "or"):
                raise malformed()
            if word == "or":
                alternatives.append([])
            alternatives[-1].append(self._condition(kind))
        if sum(map(len, alternatives)) > MAX_CONDITIONS:
            raise malformed("The query has too many conditions")
        return tuple(map(tuple, alternatives))

    def _condition(self, kind: str) -> Condition:
        field, comparison = self._field(kind, self._next()), self._next()
        if comparison not in _COMPARISONS:
            raise malformed()
        return Condition(field, comparison, self._literal(field))

    def _literal(self, field: Field) -> str | None:
        token = self._next()
        if token.startswith("'"):
            return literals(token)[0]
        if token.lower() == "null":
            return None
        if field.kind == "boolean" or (field.kind in ("int", "long") and token.isdigit()):
            return token
        raise malformed()

    def _object(self) -> str:
        name = self._next()
        kinds = {kind.lower(): kind for kind in QUERIED}
        if name.lower() not in kinds:
            raise CallError("INVALID_TYPE", f"invalid type for query: {name}")
        return kinds[name.lower()]

    def _field(self, kind: str, name: str) -> Field:
        for field in QUERIED[kind].at(self._version):
            if field.name == name and name != "fieldsToNull":
                return field
        if not re.fullmatch(r"\w+", name):
            raise malformed()
        message = f"invalid field for query: {kind.lower()}.{name.lower()}"
        raise CallError("INVALID_FIELD", message, "MalformedQueryFault")

    def _keyword(self, word: str) -> None:
        if self._next().lower() != word:
            raise malformed()

    def _peek(self) -> str | None:
        return self._tokens[0] if self._tokens else None

    def _next(self) -> str:
        if not self._tokens:
            raise malformed()
        return self._tokens.pop(0)
