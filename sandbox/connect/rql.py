"""The part of RQL that the official client sends.

`and`, `or`, `not`, `eq`, `ne`, `in`, `out`, `field=value`, `ordering()`, `select()`, `limit=` and
`offset=`, percent-encoded or not. What is not understood is refused, never ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from sandbox.connect.refusals import invalid

Json = dict[str, Any]
Condition = Callable[[Json], bool]

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


@dataclass(frozen=True)
class Query:
    """A parsed query: conditions that all must hold, an order and a page."""

    conditions: tuple[Condition, ...] = ()
    ordering: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    only_id: str | None = None

    def matching(self, by_id: Mapping[str, Json]) -> list[Json]:
        """Every object that the conditions let through, in order."""
        objects: Iterable[Json] = by_id.values()
        if self.only_id is not None:
            objects = [by_id[self.only_id]] if self.only_id in by_id else []
        found = [item for item in objects if all(holds(item) for holds in self.conditions)]
        for field in reversed(self.ordering):
            name = field.lstrip("+-")
            found.sort(key=lambda item: _first(item, name), reverse=field.startswith("-"))
        return found

    def page(self, found: list[Json]) -> list[Json]:
        """The part of them that was asked for."""
        return found[self.offset : self.offset + self.limit]


def parse_query(raw: str, fields: frozenset[str]) -> Query:
    """Parse a raw query string; only the given fields may be filtered by."""
    conditions: list[Condition] = []
    ordering: tuple[str, ...] = ()
    page = {"limit": DEFAULT_LIMIT, "offset": 0}
    only_id = None
    for term in _terms(raw):
        name, is_pair, value = term.partition("=")
        if is_pair and name in page:
            page[name] = _whole_number(name, value)
        elif term.startswith("ordering("):
            ordering = tuple(_split(_inside(term), ","))
        elif term and not term.startswith("select("):
            conditions.append(_condition(term, fields))
            only_id = _inside(term)[3:] if term.startswith("eq(id,") else only_id
    limit = min(page["limit"], MAX_LIMIT)
    return Query(tuple(conditions), ordering, limit, page["offset"], only_id)


def _terms(raw: str) -> Iterator[str]:
    """The terms that all must hold, those of an outermost `and` one by one."""
    for raw_term in _split(raw, "&"):
        term = unquote(raw_term)
        if term.startswith("and("):
            yield from _split(_inside(term), ",")
        else:
            yield term


def _condition(term: str, fields: frozenset[str]) -> Condition:
    operator, has_arguments, _ = term.partition("(")
    if not has_arguments:
        field, is_pair, value = term.partition("=")
        if not is_pair:
            raise invalid(f"Bad filter query: `{term}`.")
        return _comparison("eq", field, value, fields)
    arguments = _split(_inside(term), ",")
    if operator in ("and", "or", "not"):
        return _logical(operator, [_condition(argument, fields) for argument in arguments])
    if operator not in ("eq", "ne", "in", "out") or len(arguments) != 2:
        raise invalid(f"Bad filter query: `{term}`.")
    return _comparison(operator, arguments[0], arguments[1], fields)


def _logical(operator: str, parts: list[Condition]) -> Condition:
    if operator == "and":
        return lambda item: all(part(item) for part in parts)
    if operator == "or":
        return lambda item: any(part(item) for part in parts)
    return lambda item: not any(part(item) for part in parts)


def _comparison(operator: str, field: str, value: str, fields: frozenset[str]) -> Condition:
    if field not in fields:
        raise invalid(f"Bad filter query: filtering by `{field}` is not supported.")
    if operator in ("in", "out") and not value.startswith("("):
        raise invalid(f"Bad filter query: `{operator}` needs a list.")
    wanted = set(_split(_inside(value), ",")) if operator in ("in", "out") else {value}
    if operator in ("eq", "in"):
        return lambda item: any(found in wanted for found in _values(item, field))
    return lambda item: not any(found in wanted for found in _values(item, field))


def _split(text: str, separator: str) -> list[str]:
    """Split at separators that are not inside parentheses."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return parts


def _inside(term: str) -> str:
    start = term.find("(")
    if start < 0 or not term.endswith(")"):
        raise invalid(f"Bad filter query: `{term}`.")
    return term[start + 1 : -1]


def _whole_number(name: str, value: str) -> int:
    if not value.isdigit():
        raise invalid(f"{name}: A valid integer is required.")
    return int(value)


def _values(item: Any, path: str) -> list[str]:
    """Every value at a dotted path; lists on the way are searched through."""
    found = [item]
    for name in path.split("."):
        flat = [part for each in found for part in (each if isinstance(each, list) else [each])]
        found = [each[name] for each in flat if isinstance(each, dict) and name in each]
    return [str(each) for each in found]


def _first(item: Json, path: str) -> str:
    return next(iter(_values(item, path)), "")
