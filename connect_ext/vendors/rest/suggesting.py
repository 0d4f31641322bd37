"""Proposes variables from a vendor's answer; uncertain decisions are left to a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from connect_ext.vendors.base import PLAIN_WORD
from connect_ext.vendors.explaining import Suggestion
from connect_ext.vendors.rest.objects import Identity, Member, Node, ids_of, objects
from connect_ext.vendors.rest.suggested_dates import Ending, SubscriptionDates
from connect_ext.vendors.rest.suggested_reason import suggested_reason
from connect_ext.vendors.rest.variables import VARIABLES
from connect_ext.vendors.rest.vocabulary import (
    ABOUT_THE_ANSWER,
    ADDRESS,
    IDS,
    LISTS,
    MEANINGS,
    STATUSES,
    STATUSES_IF_KNOWN,
    STATUSES_IN_A_LIFECYCLE,
    Place,
    snake,
)

ENDS_LATER = "ends later"
"""The status that our expressions give a subscription due to end."""

_INITIAL = {variable.name: variable.initial_value for variable in VARIABLES}
_CODE = re.compile(r"[\w.: -]{1,30}", re.ASCII)
"""A status may be a number or an abbreviation, but not a sentence."""

_STATE, _KNOWN_ONLY = 2, 3
"""The rank of the last name in ``STATUSES``, and the rank of later names."""


@dataclass(frozen=True)
class _Status:
    """The status in an answer."""

    node: Node
    member: Member
    variable: str
    """The list that its word belongs to; empty for an unknown word."""

    @property
    def active_word(self) -> str:
        """The word, if it means active."""
        return self.member.value if self.variable == "REST_ACTIVE_VALUES" else ""

    @property
    def shown(self) -> str:
        """A sentence for the grounds."""
        word = self.member.value.strip()
        what = f"the status '{word}'" if PLAIN_WORD.fullmatch(word) else "a status (not shown)"
        return f"The answer has {what} at {self.member.path}."


def suggestions(
    status: int, document: Any, subscription_id: str = "", now: datetime | None = None
) -> tuple[Suggestion, ...]:
    """Propose variables from the JSON of one answer with the HTTP status ``status``.

    ``subscription_id`` is the id that was asked for. ``now`` is the time of the answer, with a time
    zone; None means the current time. The proposals and grounds contain no values of the answer,
    except plain status words.
    """
    if status >= 400:
        return tuple(suggested_reason(document, _INITIAL["REST_REASON_PATH"]))
    if not 200 <= status < 300:
        return ()
    nodes = objects(document, subscription_id)
    seen = _seen_status(nodes)
    if seen is None:
        return tuple(_id_alone(nodes, subscription_id))
    now = now or datetime.now(timezone.utc)
    found = SubscriptionDates(nodes, _subject(seen.node))
    ending = found.ending(seen.member.path, seen.active_word, now)
    return (
        *_status_path(seen, ending),
        *_decisions(seen, "" if ending else found.possible_end(now)),
        *_lists(seen, ends_later=ending is not None),
        *_id_beside(seen.node, subscription_id),
        *found.suggestions(is_cancelled=seen.variable == "REST_CANCELLED_VALUES"),
    )


def _seen_status(nodes: list[Node]) -> _Status | None:
    """The status with the best place and name; None if two are equally good."""
    asked_for = [
        node
        for node in nodes
        if node.identity is Identity.ASKED_FOR
        and node.place < Place.PERIOD
        and not node.is_known_by_id
    ]
    found: dict[tuple[int, ...], list[_Status]] = {}
    for node in asked_for or nodes:
        if node.place >= Place.PERIOD:
            continue
        for member in node.members:
            rank = _rank(node, member.name)
            if rank is None or not isinstance(member.value, str):
                continue
            variable = list_of(member.value)
            if variable or _may_be_a_status(node, member.value, rank):
                key = (node.identity, not variable, node.place, rank)
                found.setdefault(key, []).append(_Status(node, member, variable))
    best = found[min(found)] if found else []
    return best[0] if len(best) == 1 else None


def _rank(node: Node, name: str) -> int | None:
    for rank, names in enumerate(STATUSES):
        if names.fullmatch(name):
            return rank
    is_lifecycle = node.place is Place.LIFECYCLE and STATUSES_IN_A_LIFECYCLE.fullmatch(name)
    return _KNOWN_ONLY if is_lifecycle or STATUSES_IF_KNOWN.fullmatch(name) else None


def list_of(word: str) -> str:
    """The list that a status belongs to, from the initial values or its universal meaning."""
    if not PLAIN_WORD.fullmatch(word):
        return ""
    for name in MEANINGS:
        if word.strip().casefold() in _INITIAL[name].split(","):
            return name
    return LISTS.get(snake(word), "")


def _may_be_a_status(node: Node, word: str, rank: int) -> bool:
    """Whether an unknown word may still be a subscription's status."""
    if rank >= _KNOWN_ONLY or not _CODE.fullmatch(word) or snake(word) in ABOUT_THE_ANSWER:
        return False
    if rank < _STATE:
        return True
    is_named = node.identity is Identity.ASKED_FOR or node.place < Place.ANSWER
    return is_named and not ADDRESS & node.names


def _subject(node: Node) -> Node:
    """Choose the subscription among the objects that enclose its status.

    It is the innermost one with an id, else the outermost one of the same kind.
    """
    around = [each for each in node.upwards() if each.is_a_subject]
    with_id = [each for each in around if each.names.intersection(IDS)]
    return with_id[0] if with_id else [e for e in around if e.place is around[0].place][-1]


def _status_path(seen: _Status, ending: Ending | None) -> Iterator[Suggestion]:
    path = seen.member.path
    if ending:
        value = f"({ending.condition} && '{ENDS_LATER}') || {path}"
        yield Suggestion("REST_STATUS_PATH", value, f"{seen.shown} {ending.grounds}")
    elif path != _INITIAL["REST_STATUS_PATH"]:
        yield Suggestion("REST_STATUS_PATH", path, seen.shown)


def _decisions(seen: _Status, end: str) -> Iterator[Suggestion]:
    """Decisions that only a person who knows the vendor can make."""
    path = seen.member.path
    if not seen.variable:
        lists = ", ".join(MEANINGS)
        grounds = (
            f"{seen.shown} It is in no list. Find out what it means, and add it to one of {lists}."
        )
        yield Suggestion("REST_STATUS_PATH", "", grounds)
    if end and seen.active_word:
        condition = f"{path}=='{seen.active_word}' && {end}"
        grounds = (
            f"The subscription is active and has a date at {end}. If that is the end of a term that"
            " will be renewed, ignore it. If the vendor shows it only once a subscription is due to"
            f" end, use ({condition} && '{ENDS_LATER}') || {path}, add '{ENDS_LATER}' to"
            f" REST_CANCELLED_VALUES, and set REST_END_DATE_PATH to {end}."
        )
        yield Suggestion("REST_STATUS_PATH", "", grounds)


def _lists(seen: _Status, *, ends_later: bool) -> Iterator[Suggestion]:
    word = seen.member.value.strip().casefold()
    for name, meaning in MEANINGS.items():
        initial = _INITIAL[name].split(",")
        more, grounds = [], []
        if name == seen.variable and word not in initial:
            more.append(word)
            grounds.append(f"The status '{word}' means {meaning}.")
        if name == "REST_CANCELLED_VALUES" and ends_later:
            more.append(ENDS_LATER)
            grounds.append(
                f"REST_STATUS_PATH gives '{ENDS_LATER}' for a subscription that is due to end."
            )
        if more:
            yield Suggestion(name, ",".join([*initial, *more]), " ".join(grounds))


def _id_beside(node: Node, subscription_id: str) -> Iterator[Suggestion]:
    for each in node.upwards():
        if ids := ids_of(each.members, subscription_id):
            yield _id_path(ids[0])
            return


def _id_alone(nodes: list[Node], subscription_id: str) -> Iterator[Suggestion]:
    """Propose the id of an answer without a status, if it occurs only once.

    A customer's id may be the same number.
    """
    found = [each for node in nodes for each in ids_of(node.members, subscription_id)]
    subjects = [node for node in nodes if node.is_a_subject and node.place < Place.HAS_THE_ID]
    ids = [each for node in subjects for each in ids_of(node.members, subscription_id)]
    if len(found) == 1 and found == ids:
        yield _id_path(ids[0])


def _id_path(member: Member) -> Suggestion:
    return Suggestion(
        "REST_ID_PATH", member.path, f"The id that was asked for is at {member.path}."
    )
