"""Reports what the ``REST_*`` paths find in an answer, to the person who sets them up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from connect_ext.http.client import Answer
from connect_ext.vendors.base import PLAIN_WORD
from connect_ext.vendors.explaining import Finding
from connect_ext.vendors.rest import dates
from connect_ext.vendors.rest.answers import (
    MAX_KEYS,
    UNKNOWN_ID,
    WITH_A_REASON,
    compiled,
    deepest,
    id_in,
    search,
)
from connect_ext.vendors.rest.calls import CANCEL_CALL, STATUS_CALL, UNDO_CALL
from connect_ext.vendors.rest.looked_up import can_be_sent
from connect_ext.vendors.rest.settings import STATUS_LISTS, RestSettings
from connect_ext.vendors.words import is_known_name

LONGEST_NAME, MOST_NAMES = 60, 200
"""The number of names with which a misspelt one is compared."""

_IN_A_PATH = re.compile(r"\w+", re.ASCII)
_NAMES_A_STATUS = re.compile(r"stat|phase|stage|lifecycle", re.IGNORECASE)
"""Elsewhere, an unknown word could be somebody's name."""


class Explainer:
    """Says for each path what it finds, or how far it gets."""

    def __init__(self, settings: RestSettings) -> None:
        self._settings, self._zone = settings, ZoneInfo(settings.time_zone)
        words = (
            settings.active_values,
            settings.cancelling_values,
            settings.cancelled_values,
            settings.draft_values,
        )
        self._lists = dict(zip(STATUS_LISTS, words, strict=True))

    def findings(self, call_name: str, answer: Answer, subscription_id: str) -> Iterator[Finding]:
        """Say what the paths find in the answer to the named call."""
        is_accepted = 200 <= answer.status < 300
        if call_name == STATUS_CALL:
            if is_accepted:
                yield from self._of_subscription(answer, subscription_id)
            elif answer.status in UNKNOWN_ID:
                yield _unknown_id(answer)
        elif call_name == CANCEL_CALL and is_accepted and self._settings.status_request is None:
            # There is no look-up that would show the status.
            yield self._status(answer.json())
        if call_name in (STATUS_CALL, CANCEL_CALL, UNDO_CALL) and answer.status in WITH_A_REASON:
            yield from self._of_refusal(answer)

    def _of_subscription(self, answer: Answer, subscription_id: str) -> Iterator[Finding]:
        document, settings = answer.json(), self._settings
        if document is None:
            what = "got an answer that is not JSON: check REST_API_URL and the path here"
            yield Finding("REST_STATUS_REQUEST", what, is_wrong=True)
            return
        if settings.id_path:
            yield self._id(document, subscription_id)
        yield self._status(document)
        for name, path in (
            ("REST_END_DATE_PATH", settings.end_date_path),
            ("REST_TERM_END_PATH", settings.term_end_path),
            ("REST_CHARGED_THROUGH_PATH", settings.charged_through_path),
        ):
            if path:
                yield self._date(name, path, document)
        for name, path in settings.looked_up:
            found = search(compiled(path), document)
            what = f"finds {_kind(found)} for {{{name}}}"
            if found is None:
                what += _where_it_stops(path, document)
            elif not can_be_sent(found):
                what += " that is too long, or is not plain JSON"
            is_wrong = found is None or not can_be_sent(found)
            yield Finding("REST_LOOKED_UP", what, is_wrong)

    def _of_refusal(self, answer: Answer) -> Iterator[Finding]:
        document, settings = answer.json(), self._settings
        reason = search(compiled(settings.reason_path), document)
        texts = reason if isinstance(reason, list) else [reason]
        size = sum(len(text) for text in texts if isinstance(text, str))
        what = f"finds a reason of {size} characters"
        if not size:
            what = f"finds no reason{_where_it_stops(settings.reason_path, document)}"
        yield Finding("REST_REASON_PATH", what, is_wrong=not size)
        if settings.busy_when:
            is_busy = search(compiled(settings.busy_when), document) is True
            yield Finding("REST_BUSY_WHEN", "says 'not now'" if is_busy else "does not match")

    def _id(self, document: Any, subscription_id: str) -> Finding:
        name, path = "REST_ID_PATH", self._settings.id_path
        found = search(compiled(path), document)
        shown_id = id_in(found)
        if shown_id is None:
            what = "finds nothing" if found is None else f"finds {_kind(found)}, not an id"
            return Finding(name, what + _where_it_stops(path, document), is_wrong=True)
        if not subscription_id:
            return Finding(name, "finds an id")
        if shown_id == subscription_id:
            return Finding(name, "finds the id that was asked for")
        return Finding(name, "finds a different id from the one that was asked for", is_wrong=True)

    def _status(self, document: Any) -> Finding:
        name, path = "REST_STATUS_PATH", self._settings.status_path
        word = search(compiled(path), document)
        if not isinstance(word, str):
            what = "finds nothing" if word is None else f"finds {_kind(word)}, not a text"
            return Finding(name, what + _where_it_stops(path, document), is_wrong=True)
        word = word.strip()
        shown = f"the status '{word}'" if _may_be_shown(word, path) else "a status (not shown)"
        for each, words in self._lists.items():
            if word.casefold() in words:
                return Finding(name, f"finds {shown}, which is in {each}")
        what = f"finds {shown}, which is in no list: add it to {_list_for(word)}"
        return Finding(name, what, is_wrong=True)

    def _date(self, name: str, path: str, document: Any) -> Finding:
        value = search(compiled(path), document)
        if dates.is_nothing(value):
            return Finding(name, f"finds no date{_where_it_stops(path, document)}")
        day = dates.day(value, self._zone)
        if day is None:
            return Finding(name, f"finds {_kind(value)} that is not a date", is_wrong=True)
        return Finding(name, f"finds the day {day.isoformat()}")


def _unknown_id(answer: Answer) -> Finding:
    what = f"got HTTP {answer.status}: check the id; if it is right, the path here and REST_API_URL"
    if answer.json() is None:
        what = (
            f"got HTTP {answer.status} without JSON: check REST_API_URL and the path here;"
            " if they are right, the vendor does not know the id"
        )
    return Finding("REST_STATUS_REQUEST", what, is_wrong=True)


def _list_for(word: str) -> str:
    # Imported only on demand: tasks do not need it.
    from connect_ext.vendors.rest.suggesting import list_of  # noqa: PLC0415

    if likely := list_of(word):
        return f"{likely}, going by its usual meaning"
    return f"{', '.join(STATUS_LISTS[:-1])} or {STATUS_LISTS[-1]}"


def _may_be_shown(word: str, path: str) -> bool:
    is_status = is_known_name(word.replace(" ", "_")) or _NAMES_A_STATUS.search(path)
    return bool(is_status and PLAIN_WORD.fullmatch(word))


def _where_it_stops(path: str, document: Any) -> str:
    """Where a path stops, and the keys there; empty if it reaches its end."""
    beginning, owner = deepest(path, document)
    if owner is None:
        return ": the answer is not a JSON object"
    missing = _step_after(beginning, path)
    if missing in owner:
        return ""
    there = "the answer" if beginning == "@" else beginning
    names = (key for key in owner if len(key) <= LONGEST_NAME and _IN_A_PATH.fullmatch(key))
    similar = get_close_matches(missing, islice(names, MOST_NAMES), n=1, cutoff=0.75)
    if similar:
        return f": {there} has {similar[0]} but no {missing}; correct the path"
    return f": {there} has {_keys(owner, path)}; correct the path"


def _step_after(beginning: str, path: str) -> str:
    """The member that comes next in a path, if it is a plain one."""
    for alternative in path.split("||"):
        steps = "." + alternative.strip()
        start = "." if beginning == "@" else f".{beginning}."
        found = _IN_A_PATH.match(steps, len(start)) if steps.startswith(start) else None
        if found:
            return found[0]
    return ""


def _keys(owner: Iterable[str], path: str) -> str:
    own = set(_IN_A_PATH.findall(path))
    keys = [key for key in owner if is_known_name(key) or key in own]
    if not keys:
        return "no key that can be shown"
    more = ", …" if len(keys) > MAX_KEYS else ""
    return f"the key{'' if len(keys) == 1 else 's'} {', '.join(keys[:MAX_KEYS])}{more}"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
