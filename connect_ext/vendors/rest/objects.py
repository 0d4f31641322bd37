"""The objects in an answer: where they are, what they describe, and whose id they have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from connect_ext.vendors.rest.vocabulary import (
    IDS,
    IDS_THAT_MAY_BE_SHORT,
    NAME,
    OWN_IDS,
    PLACES,
    SHORT_ID,
    WRAPPERS,
    Place,
    snake,
)

MAX_DEPTH = 8

_SUBJECTS = (Place.SUBSCRIPTION, Place.CONTRACT, Place.ANSWER, Place.HAS_THE_ID)
_PLAIN = re.compile(r"\w+", re.ASCII)


class Identity(IntEnum):
    """Whether an object is the one that was asked for."""

    ASKED_FOR = 0
    UNKNOWN = 1
    ANOTHER = 2


@dataclass(frozen=True)
class Member:
    """A member whose name may be shown, and whose value is neither an object nor a list."""

    path: str
    """The JMESPath from the root of the answer."""
    name: str
    """In the form that ``snake`` gives it."""
    value: Any = field(repr=False)


@dataclass(frozen=True)
class Node:
    """An object of an answer."""

    path: str
    name: str
    place: Place
    identity: Identity
    depth: int
    is_known_by_id: bool
    """Whether only its id, or an enclosing object's id, marks it as the subscription."""
    parent: Node | None = field(repr=False)
    members: tuple[Member, ...] = field(repr=False)
    names: frozenset[str] = field(repr=False)
    """The names of all its members."""
    own: dict[str, Any] = field(repr=False)

    @property
    def is_a_subject(self) -> bool:
        """Whether it may be the subscription, not a part of it or an unrelated object."""
        return self.place in _SUBJECTS

    def upwards(self) -> Iterator[Node]:
        """The object, then each object that encloses it."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


def objects(document: Any, asked_for: str) -> list[Node]:
    """All objects of an answer that a path can reach, outer ones first."""
    found = [
        _node(path, "", each, None, asked_for)
        for path, each in _within("", document, several=False)
    ]
    for node in found:
        if node.depth < MAX_DEPTH:
            found += _inner(node, asked_for)
    return found


def _inner(node: Node, asked_for: str) -> Iterator[Node]:
    for key, value in node.own.items():
        if isinstance(value, (dict, list)) and NAME.fullmatch(key):
            name, to_value = snake(key), joined(node.path, key)
            several = _place(node, name) is Place.PART
            for path, each in _within(to_value, value, several=several):
                yield _node(path, name, each, node, asked_for)


def _within(path: str, value: Any, *, several: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The object, or the only one in a list; a path can also reach several charges at once."""
    if isinstance(value, dict):
        yield path, value
    elif isinstance(value, list) and all(isinstance(each, dict) for each in value):
        if len(value) == 1:
            yield f"{path}[0]", value[0]
        elif several:
            yield from ((f"{path}[]", each) for each in value)


def _node(path: str, name: str, own: dict[str, Any], parent: Node | None, asked_for: str) -> Node:
    members = tuple(
        Member(joined(path, key), snake(key), value)
        for key, value in own.items()
        if NAME.fullmatch(key) and not isinstance(value, (dict, list))
    )
    names = frozenset(member.name for member in members)
    place, identity = _place(parent, name), parent.identity if parent else Identity.UNKNOWN
    by_id = parent is not None and parent.is_known_by_id
    ids = ids_of(members, asked_for)
    if place >= Place.PART and "[]" not in path and _is_unmistakable(ids):
        place, by_id = Place.HAS_THE_ID, True
    if ids:
        identity = Identity.ASKED_FOR
    elif asked_for and "id" in names:
        identity = Identity.ANOTHER
    depth = parent.depth + 1 if parent else 0
    return Node(path, name, place, identity, depth, by_id, parent, members, names, own)


def _place(parent: Node | None, name: str) -> Place:
    if parent is None:
        return Place.ANSWER
    if parent.place is Place.ELSEWHERE or name in WRAPPERS:
        return parent.place
    place = PLACES.get(name, Place.ELSEWHERE)
    is_in_a_part = parent.place in (Place.PERIOD, Place.PART)
    return place if not is_in_a_part or place in (Place.PERIOD, Place.PART) else Place.ELSEWHERE


def _is_unmistakable(ids: list[Member]) -> bool:
    """Whether this id identifies an object of any kind as the one that was asked for."""
    return any(each.name in OWN_IDS and len(str(each.value)) > SHORT_ID for each in ids)


def ids_of(members: tuple[Member, ...], asked_for: str) -> list[Member]:
    """The members that hold the requested id, the best name first."""
    names = IDS if len(asked_for) > SHORT_ID else IDS_THAT_MAY_BE_SHORT
    found = [each for each in members if each.name in names and _is_id(each.value, asked_for)]
    return sorted(found, key=lambda each: names.index(each.name))


def _is_id(value: Any, asked_for: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return False
    return bool(asked_for) and str(value) == asked_for


def joined(path: str, name: str) -> str:
    """Extend a path by one member."""
    step = name if _PLAIN.fullmatch(name) else f'"{name}"'
    return f"{path}.{step}" if path else step
