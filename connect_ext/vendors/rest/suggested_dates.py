"""Finds the dates and flags in an answer that say whether and when a subscription ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from connect_ext.vendors.explaining import Suggestion
from connect_ext.vendors.rest.dates import moment
from connect_ext.vendors.rest.objects import Member, Node
from connect_ext.vendors.rest.vocabulary import (
    ANNOUNCED,
    CANCELLED,
    CHARGED_THROUGH,
    END,
    ENDED,
    ENDS_WITH_ITS_PERIOD,
    EXPIRES,
    PERIOD_END,
    SCHEDULED_CHANGE,
    TERM_END,
    TRIAL_END,
    Place,
)

FIRST_YEAR = 1990
"""A small number is not a date, although it could be one in 1970."""


@dataclass(frozen=True)
class Ending:
    """A condition that holds for an active subscription due to end, and the grounds for it."""

    condition: str
    grounds: str


class SubscriptionDates:
    """The dates and flags of the subscription in the object ``subject``."""

    def __init__(self, nodes: list[Node], subject: Node) -> None:
        self._subject = subject
        belonging = _belonging(nodes, subject)
        own = [node for node in belonging if node.place < Place.PERIOD]
        self._periods = [node for node in belonging if node.place is Place.PERIOD]
        self._parts = [node for node in belonging if node.place is Place.PART]
        self._own = _nearest(member for node in own for member in node.members)
        self._ended = _best(self._own, ENDED, _is_date_or_nothing)
        self._announced = _best(self._own, ANNOUNCED, _is_date_or_nothing)
        self._expires = _best(self._own, EXPIRES, _is_date_or_nothing)
        self._cancelled = _best(self._own, CANCELLED, _is_date_or_nothing)
        self._end = _best(self._own, END, _is_date_or_nothing)
        self._change = self._scheduled_change()
        self._flags = [
            member.path
            for member in self._own
            if isinstance(member.value, bool) and ENDS_WITH_ITS_PERIOD.fullmatch(member.name)
        ]
        whole = self._single([*self._own, *_named_with_their_object(self._periods)])
        parts = [member for node in self._parts for member in node.members]
        self._term_end = _best(self._single([*whole, *parts]), TERM_END, is_date)
        self._period_end = _best(whole, PERIOD_END, is_date)
        self._trial_end = _best(whole, TRIAL_END, is_date)

    def ending(self, path: str, active: str, now: datetime) -> Ending | None:
        """Find how an active subscription shows that it will end; None if it does not.

        ``path`` leads to its status; ``active`` is its word if that means active, else empty.
        """
        flags, announced = self._flags, _path_of(self._announced)
        change = [self._change] if self._change else []
        conditions = [*flags, *announced, *(f"{each}.action=='cancel'" for each in change)]
        if conditions:
            whole = " || ".join(conditions)
            where = " or ".join([*flags, *announced, *change])
            grounds = f"Judging by the name, a subscription that is due to end shows it at {where}."
            return Ending(f"({whole})" if len(conditions) > 1 else whole, grounds)
        if active and self._cancelled and _is_ahead(self._cancelled.value, now):
            where = self._cancelled.path
            grounds = (
                f"It is due to end: the date at {where} is in the future. Make sure that the vendor"
                " removes the date when a cancellation is taken back."
            )
            return Ending(f"{path}=='{active}' && {where}{self._compared(now)}", grounds)
        return None

    def _compared(self, now: datetime) -> str:
        """A comparison that fails for a date left over from an earlier cancellation."""
        at = self._cancelled.value if self._cancelled else None
        for end in (self._term_end, self._period_end, self._trial_end):
            if (
                end
                and _is_ahead(end.value, now)
                and isinstance(end.value, str) == isinstance(at, str)
            ):
                return f">={end.path}" if end.value <= at else ""
        return ""

    def possible_end(self, now: datetime) -> str:
        """The path to a future end of the subscription or its term; empty if there is none."""
        return self._end.path if self._end and _is_ahead(self._end.value, now) else ""

    def suggestions(self, *, is_cancelled: bool) -> Iterator[Suggestion]:
        """Propose the paths to dates."""
        if ends := self._ends(is_cancelled=is_cancelled):
            where = " or ".join(ends)
            grounds = f"Judging by the name, a cancelled subscription shows its end at {where}."
            # The flag gives false, which is not a date; only null means that there is none.
            value = " || ".join([*ends, *(["`null`"] if self._end_by_flag() else [])])
            yield Suggestion("REST_END_DATE_PATH", value, grounds)
        if term := self._term_end or self._period_end:
            grounds = f"Judging by the name, the term ends on the date at {term.path}."
            yield Suggestion("REST_TERM_END_PATH", term.path, grounds)
        if charged := self._charged_through():
            grounds = f"Judging by the name, it is invoiced up to the date at {charged}."
            yield Suggestion("REST_CHARGED_THROUGH_PATH", charged, grounds)

    def _ends(self, *, is_cancelled: bool) -> list[str]:
        """Paths to the end; the first that finds a date counts.

        The date of cancellation is the end only if the subscription shows no other.
        """
        later = [f"{self._change}.effective_at"] if self._change else []
        later = _path_of(self._announced) or later
        later += self._end_by_flag()
        if self._ended:
            return [self._ended.path, *(later or _path_of(self._end))]
        if later:
            return [*later, *_path_of(self._cancelled)]
        if self._expires:
            return [self._expires.path]
        if self._cancelled:
            return [] if self._end or self._flags else [self._cancelled.path]
        # While the subscription is active, this may be the end of a term that will be renewed.
        return _path_of(self._end) if is_cancelled else []

    def _end_by_flag(self) -> list[str]:
        """The end of the period or term, used if the flag says that the subscription ends then."""
        period = self._period_end or self._term_end
        return [f"({flag} && {period.path})" for flag in self._flags[:1]] if period else []

    def _scheduled_change(self) -> str:
        """The path to the subscription's scheduled change, if it has the known shape."""
        empty = [m.path for m in self._own if m.name == SCHEDULED_CHANGE and m.value is None]
        full = [
            node.path
            for node in self._periods
            if node.name == SCHEDULED_CHANGE and isinstance(node.own.get("action"), str)
        ]
        return next(iter([*empty, *full]), "")

    def _charged_through(self) -> str:
        """The path to the date, or an expression for the latest one of several charges."""
        values: dict[str, list[Any]] = {}
        inner = [member for node in [*self._periods, *self._parts] for member in node.members]
        for member in [*self._own, *inner]:
            if CHARGED_THROUGH.fullmatch(member.name):
                below = self._below(member.path).replace("[0]", "[]")
                values.setdefault(below, []).append(member.value)
        for below, found in values.items():
            told = [value for value in found if value is not None]
            # Texts and numbers cannot be compared with each other.
            if told and all(map(is_date, told)) and len({isinstance(v, str) for v in told}) == 1:
                path = self._subject.path + below
                return f"max({path})" if "[]" in below else path
        return ""

    def _single(self, members: list[Member]) -> list[Member]:
        """The members that do not belong to one of several charges."""
        return _nearest(member for member in members if "[" not in self._below(member.path))

    def _below(self, path: str) -> str:
        """The rest of a path, relative to the subscription."""
        return path[len(self._subject.path) :]


def is_date(value: Any) -> bool:
    """Whether a value is a date that the extension can read."""
    found = moment(value, timezone.utc)
    return found is not None and found.year >= FIRST_YEAR


def _is_date_or_nothing(value: Any) -> bool:
    """Whether a value is a date, or empty; any other value would be true in an expression."""
    return value is None or value == "" or is_date(value)


def _is_ahead(value: Any, now: datetime) -> bool:
    found = moment(value, timezone.utc)
    return found is not None and found > now


def _belonging(nodes: list[Node], subject: Node) -> list[Node]:
    """The subscription, and the objects within it that describe it."""
    inner = (Place.PERIOD, Place.PART)
    found = {id(subject): subject}
    for node in nodes:
        is_own = (
            node.place in (subject.place, Place.LIFECYCLE) and node.identity is subject.identity
        )
        if id(node.parent) in found and (is_own or node.place in inner):
            found[id(node)] = node
    return list(found.values())


def _named_with_their_object(nodes: list[Node]) -> Iterator[Member]:
    """Members under their own name, and then as ``term_end`` for the ``end`` of a ``term``."""
    for node in nodes:
        for member in node.members:
            yield member
            yield Member(member.path, f"{node.name}_{member.name}", member.value)


def _nearest(members: Iterable[Member]) -> list[Member]:
    """The first member of each name."""
    found: dict[str, Member] = {}
    for member in members:
        found.setdefault(member.name, member)
    return list(found.values())


def _best(
    members: list[Member], names: tuple[re.Pattern[str], ...], accepts: Callable[[Any], bool]
) -> Member | None:
    """The member with the best name among those with an acceptable value."""
    for pattern in names:
        for member in members:
            if pattern.fullmatch(member.name) and accepts(member.value):
                return member
    return None


def _path_of(member: Member | None) -> list[str]:
    return [member.path] if member else []
