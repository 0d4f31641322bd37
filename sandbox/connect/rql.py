"""The part of RQL that the official client sends.

`and`, `or`, `not`, `eq`, `ne`, `in`, `out`, for dates `ge`, `gt`, `le` and `lt` too, `field=value`,
`ordering()`, `select()`, `limit=` and `offset=`, percent-encoded or not. Anything else is refused,
never ignored.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from sandbox.connect.moments import parse
from sandbox.connect.refusals import invalid

Json = dict[str, Any]
Condition = Callable[[Json], bool]

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

# The operators that only dates have.
DATE_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}


@dataclass(frozen=True)
class Query:
    """A parsed query: conditions that all must hold, an order and a page.

    `equal` holds the fields that must have one certain value, for looking them up in an index.
    """

    conditions: tuple[Condition, ...] = ()
    ordering: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    equal: Mapping[str, str] = field(default_factory=dict)

    def matching(self, by_id: Mapping[str, Json]) -> list[Json]:
        """Every object that meets the conditions, in order."""
        objects: Iterable[Json] = by_id.values()
        if "id" in self.equal:
            only_id = self.equal["id"]
            objects = [by_id[only_id]] if only_id in by_id else []
        found = [item for item in objects if all(holds(item) for holds in self.conditions)]
        for direction in reversed(self.ordering):
            name = direction.lstrip("+-")
            found.sort(key=lambda item: _first(item, name), reverse=direction.startswith("-"))
        return found

    def page(self, found: list[Json]) -> list[Json]:
        """The part of the found objects that was asked for."""
        return found[self.offset : self.offset + self.limit]


def parse_query(raw: str, fields: frozenset[str]) -> Query:
    """Parse a raw query string; only the given fields may be filtered by."""
    conditions: list[Condition] = []
    ordering: tuple[str, ...] = ()
    page = {"limit": DEFAULT_LIMIT, "offset": 0}
    equal: dict[str, str] = {}
    for term in _terms(raw):
        name, is_pair, value = term.partition("=")
        if is_pair and name in page:
            page[name] = _whole_number(name, value)
        elif term.startswith("ordering("):
            ordering = tuple(_split(_inside(term), ","))
        elif term and not term.startswith("select("):
            conditions.append(_condition(term, fields))
            equal.update(_equality(term))
    limit = min(page["limit"], MAX_LIMIT)
    return Query(tuple(conditions), ordering, limit, page["offset"], equal)


def _equality(term: str) -> dict[str, str]:
    """The field and the value of `eq(field,value)` or `field=value`."""
    pair = _inside(term) if term.startswith("eq(") else term.replace("=", ",", 1)
    name, _, value = pair.partition(",")
    return {name: value} if value and "(" not in name else {}


def _terms(raw: str) -> Iterator[str]:
    """The terms that all must hold, those of an outermost `and` one by one."""
    for raw_term in _split(raw, "&"):
        term = unquote(raw_term)
        if term.startswith("and("):
            yield from _split(_inside(term), ",")
        else:
            yield term


def _condition(term: str, fields: frozenset[str]) -> Condition:
    verb, has_arguments, _ = term.partition("(")
    if not has_arguments:
        name, is_pair, value = term.partition("=")
        if not is_pair:
            raise invalid(f"Bad filter query: `{term}`.")
        return _comparison("eq", name, value, fields)
    arguments = _split(_inside(term), ",")
    if verb in ("and", "or", "not"):
        return _logical(verb, [_condition(argument, fields) for argument in arguments])
    if verb not in ("eq", "ne", "in", "out", *DATE_ORDER) or len(arguments) != 2:
        raise invalid(f"Bad filter query: `{term}`.")
    return _comparison(verb, arguments[0], arguments[1], fields)


def _logical(verb: str, parts: list[Condition]) -> Condition:
    if verb == "and":
        return lambda item: all(part(item) for part in parts)
    if verb == "or":
        return lambda item: any(part(item) for part in parts)
    return lambda item: not any(part(item) for part in parts)


def _comparison(verb: str, name: str, value: str, fields: frozenset[str]) -> Condition:
    if name not in fields:
        raise invalid(f"Bad filter query: filtering by `{name}` is not supported.")
    if verb in ("in", "out") and not value.startswith("("):
        raise invalid(f"Bad filter query: `{verb}` needs a list.")
    read = _reader(name)
    if verb in DATE_ORDER:
        if read is str:
            raise invalid(f"Bad filter query: `{verb}` is not supported for `{name}`.")
        limit, compare = read(value), DATE_ORDER[verb]
        return lambda item: any(compare(read(found), limit) for found in _values(item, name))
    values = _split(_inside(value), ",") if verb in ("in", "out") else [value]
    wanted = {read(each) for each in values}
    if verb in ("eq", "in"):
        return lambda item: any(read(found) in wanted for found in _values(item, name))
    return lambda item: not any(read(found) in wanted for found in _values(item, name))


def _reader(name: str) -> Callable[[str], Any]:
    """How the values of a field are read: dates as moments, all others as they are."""
    if name in ("created", "updated") or name.endswith(".at"):
        return lambda value: parse(name, value)
    return str


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
