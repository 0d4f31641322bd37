"""The part of RQL that the official client and the extension send.

`and`, `or`, `not`, `eq`, `ne`, `in`, `out`, `ge`, `gt`, `le`, `lt`, `field=value`, `ordering()`,
`select()`, `limit=` and `offset=`, percent-encoded or not. `Fields` lists the filters of a
collection. Anything else is refused, never ignored (docs/facts.md, Connect 2).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from sandbox.connect.moments import parse
from sandbox.connect.refusals import invalid

Json = dict[str, Any]
Path = tuple[str, ...]
Condition = Callable[[Json], bool]

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

# docs/facts.md, Connect 2: DJANGO-RQL's grammar.
QUOTES = ('"', "'")
QUOTED = re.compile(r"""(["'])((?:(?!\1).)*)\1""")
UNQUOTED = re.compile(r"[\w*+\\-][\w\s.:+@*\\-]*")

COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}


@dataclass(frozen=True)
class Filter:
    """A filter of a collection by one field.

    `lookups` are the operators. `choices`, if given, are the only values. `at` is the field's place
    in the objects, if it is not the filter's name.
    """

    lookups: frozenset[str]
    is_ordered: bool = False
    choices: frozenset[str] = frozenset()
    at: str = ""


@dataclass(frozen=True)
class Fields:
    """The filters of a collection.

    `left_out` are the fields that `select(-name)` removes from the objects, `hidden` those that
    only `select(name)` adds.
    """

    filters: Mapping[str, Filter]
    left_out: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    def filter(self, name: str) -> Filter:
        """The filter of this name; raises the platform's refusal if there is none."""
        if name not in self.filters:
            raise invalid(f"Bad filter query: filtering by `{name}` is not supported.")
        return self.filters[name]

    def path(self, name: str) -> Path:
        """A field's place in the objects."""
        return tuple((self.filters[name].at or name).split("."))


@dataclass(frozen=True)
class Query:
    """A parsed query: conditions that must all hold, an order, a page, and the fields shown.

    `wanted` holds the fields that must have one of certain values, for a look-up in an index;
    `left_out` and `selected` are the names in `select()`.
    """

    conditions: tuple[Condition, ...] = ()
    ordering: tuple[tuple[Path, bool], ...] = ()
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    selected: frozenset[str] = frozenset()

    def matching(self, by_id: Mapping[str, Json]) -> list[Json]:
        """Every object that meets the conditions, in order."""
        objects: Iterable[Json] = by_id.values()
        if "id" in self.wanted:
            objects = [by_id[each] for each in dict.fromkeys(self.wanted["id"]) if each in by_id]
        found = [item for item in objects if all(holds(item) for holds in self.conditions)]
        for path, is_descending in reversed(self.ordering):
            found.sort(key=lambda item: _values(item, path)[:1], reverse=is_descending)
        return found

    def page(self, found: list[Json]) -> list[Json]:
        """The requested page of the found objects, as they are to be shown."""
        return [self._shown(each) for each in found[self.offset : self.offset + self.limit]]

    def _shown(self, item: Json) -> Json:
        for name in self.left_out:
            item = _without(item, name.split("."))
        return item


def parse_query(raw: str, fields: Fields) -> Query:
    """Parse a raw query string; the fields limit its filters."""
    query = Query()
    for term in _terms(raw):
        query = _with(query, term, fields)
    return query


def _with(query: Query, term: str, fields: Fields) -> Query:
    name, _, value = term.partition("=")
    if name == "limit":
        return replace(query, limit=min(_whole_number(name, value), MAX_LIMIT))
    if name == "offset":
        return replace(query, offset=_whole_number(name, value))
    if term.startswith("select("):
        return _selecting(query, _names(term), fields)
    if term.startswith("ordering("):
        if query.ordering:
            raise invalid("Bad ordering filter: query can contain only one ordering operation.")
        return replace(query, ordering=tuple(_direction(each, fields) for each in _names(term)))
    query = replace(query, conditions=(*query.conditions, _condition(term, fields)))
    if term.startswith(("or(", "not(", "and(")):
        return query
    must = Comparison.read(term)
    is_narrow = must.verb in ("eq", "in")
    return replace(query, wanted={**query.wanted, must.name: must.values}) if is_narrow else query


def _selecting(query: Query, names: list[str], fields: Fields) -> Query:
    left_out = {name[1:] for name in names if name.startswith("-")}
    selected = {name.removeprefix("+") for name in names if not name.startswith("-")}
    for name in (left_out - fields.left_out) | (selected - fields.hidden):
        raise invalid(f"Bad select filter: {name}.")
    return replace(query, left_out=query.left_out | left_out, selected=query.selected | selected)


def _direction(name: str, fields: Fields) -> tuple[Path, bool]:
    bare = name.lstrip("+-")
    if bare not in fields.filters or not fields.filters[bare].is_ordered:
        raise invalid(f"Bad ordering filter: {bare}.")
    return fields.path(bare), name.startswith("-")


def _terms(raw: str) -> Iterator[str]:
    """The terms that must all hold; an outermost `and` is split into its own."""
    for raw_term in _split(raw, "&"):
        term = unquote(raw_term)
        if term.startswith("and("):
            yield from _several(term)
        elif term:
            yield term


def _condition(term: str, fields: Fields) -> Condition:
    verb, _, _ = term.partition("(")
    if verb in ("and", "or"):
        return _logical(verb, [_condition(each, fields) for each in _several(term)])
    if verb == "not":
        unwanted = _condition(_inside(term), fields)
        return lambda item: not unwanted(item)
    return _compared(Comparison.read(term), fields)


def _logical(verb: str, parts: list[Condition]) -> Condition:
    if verb == "and":
        return lambda item: all(part(item) for part in parts)
    return lambda item: any(part(item) for part in parts)


@dataclass(frozen=True)
class Comparison:
    """`verb(field,value)`, `verb(field,(value,…))` or `field=value`."""

    verb: str
    name: str
    values: tuple[str, ...]

    @classmethod
    def read(cls, term: str) -> Comparison:
        """Read a term; raises the platform's refusal."""
        verb, has_arguments, _ = term.partition("(")
        pair = _split(_inside(term), ",") if has_arguments else term.split("=", 1)
        if len(pair) != 2:
            raise invalid(f"Bad filter query: `{term}`.")
        name, value = pair
        if not has_arguments:
            return cls("eq", name, (_value(value),))
        values = _listed(value) if verb in ("in", "out") else [value]
        return cls(verb, name, tuple(map(_value, values)))


def _compared(comparison: Comparison, fields: Fields) -> Condition:
    verb, name, kind = comparison.verb, comparison.name, fields.filter(comparison.name)
    if verb not in kind.lookups:
        raise invalid(f"Bad filter query: `{verb}` is not supported for `{name}`.")
    for each in comparison.values:
        if kind.choices and each not in kind.choices:
            raise invalid(f'{name}: "{each}" is not a valid choice.')
    read, path = _reader(name), fields.path(name)
    wanted = {read(each) for each in comparison.values}
    if verb in COMPARED:
        compare, (limit,) = COMPARED[verb], wanted
        return lambda item: any(compare(read(found), limit) for found in _values(item, path))
    if verb in ("eq", "in"):
        return lambda item: any(read(found) in wanted for found in _values(item, path))
    return lambda item: not any(read(found) in wanted for found in _values(item, path))


def _reader(name: str) -> Callable[[str], Any]:
    """How a field's values are read: dates as moments, all others unchanged."""
    if name in ("created", "updated") or name.endswith(".at"):
        return lambda value: parse(name, value)
    return str


def _several(term: str) -> list[str]:
    """The terms inside `and` or `or`, at least two."""
    terms = _split(_inside(term), ",")
    if len(terms) < 2:
        raise invalid(f"Bad filter query: `{term}`.")
    return terms


def _names(term: str) -> list[str]:
    return [name for name in _split(_inside(term), ",") if name]


def _value(text: str) -> str:
    """A value without its quotes; a value with other characters needs them."""
    quoted = QUOTED.fullmatch(text)
    if not (quoted or UNQUOTED.fullmatch(text)):
        raise invalid(f"Bad filter query: `{text}` is not a value.")
    return quoted[2] if quoted else text


def _listed(value: str) -> list[str]:
    if not value.startswith("("):
        raise invalid(f"Bad filter query: `{value}` is not a list.")
    return _split(_inside(value), ",")


def _split(text: str, separator: str) -> list[str]:
    """Split at separators that are neither quoted nor inside parentheses."""
    parts, depth, start, quote = [], 0, 0, ""
    for position, character in enumerate(text):
        if character in QUOTES and quote in ("", character):
            quote = "" if quote else character
        if quote:
            continue
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


def _values(item: Any, path: Path) -> list[str]:
    """Every value at a path; lists on the way are searched."""
    for depth, name in enumerate(path):
        if isinstance(item, list):
            return [value for each in item for value in _values(each, path[depth:])]
        if not isinstance(item, dict) or name not in item:
            return []
        item = item[name]
    return [str(item)]


def _without(item: Json, path: list[str]) -> Json:
    """A copy of an object without the value at a path."""
    name, *rest = path
    if rest and name in item:
        return {**item, name: _without(item[name], rest)}
    return {each: value for each, value in item.items() if each != name}
