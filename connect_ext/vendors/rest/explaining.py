"""What the paths in the ``REST_*`` variables find in an answer, for whoever sets them up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from connect_ext.http.client import Answer
from connect_ext.vendors.base import PLAIN_WORD
from connect_ext.vendors.explaining import Finding
from connect_ext.vendors.rest import dates
from connect_ext.vendors.rest.answers import MAX_KEYS, WITH_A_REASON, compiled, deepest, search
from connect_ext.vendors.rest.calls import CANCEL_CALL, STATUS_CALL, UNDO_CALL
from connect_ext.vendors.rest.looked_up import can_be_sent
from connect_ext.vendors.rest.settings import STATUS_LISTS, RestSettings


class Explainer:
    """Says of each path what it finds, or how far it leads."""

    def __init__(self, settings: RestSettings) -> None:
        self._settings, self._zone = settings, ZoneInfo(settings.time_zone)
        self._words = {
            "REST_ACTIVE_VALUES": settings.active_values,
            "REST_CANCELLING_VALUES": settings.cancelling_values,
            "REST_CANCELLED_VALUES": settings.cancelled_values,
            "REST_DRAFT_VALUES": settings.draft_values,
        }

    def findings(self, call_name: str, answer: Answer, subscription_id: str) -> Iterator[Finding]:
        """What the paths find in the answer to one of the calls."""
        is_accepted = 200 <= answer.status < 300
        if call_name == STATUS_CALL and is_accepted:
            yield from self._of_subscription(answer, subscription_id)
        elif call_name in (CANCEL_CALL, UNDO_CALL) and not is_accepted:
            yield from self._of_refusal(answer)

    def _of_subscription(self, answer: Answer, subscription_id: str) -> Iterator[Finding]:
        document, settings = answer.json(), self._settings
        if document is None:
            yield Finding("REST_STATUS_REQUEST", "got an answer that is no JSON", is_wrong=True)
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
            what = f"finds {_kind(found)} for {{{name}}}" + _unless(found, path, document)
            if not can_be_sent(found):
                what = f"{what} that is too long, or no plain JSON"
            is_wrong = found is None or not can_be_sent(found)
            yield Finding("REST_LOOKED_UP", what, is_wrong)

    def _of_refusal(self, answer: Answer) -> Iterator[Finding]:
        if answer.status not in WITH_A_REASON:
            return
        document, settings = answer.json(), self._settings
        reason = search(compiled(settings.reason_path), document)
        texts = reason if isinstance(reason, list) else [reason]
        size = sum(len(text) for text in texts if isinstance(text, str))
        what = f"finds a reason of {size} characters" if size else "finds no reason"
        more = "" if size else _where_it_stops(settings.reason_path, document)
        yield Finding("REST_REASON_PATH", what + more, not size)
        if settings.busy_when:
            is_busy = search(compiled(settings.busy_when), document) is True
            yield Finding("REST_BUSY_WHEN", "says 'not now'" if is_busy else "does not match")

    def _id(self, document: Any, subscription_id: str) -> Finding:
        path = self._settings.id_path
        found = search(compiled(path), document)
        if found is None:
            return Finding("REST_ID_PATH", f"finds nothing{_where_it_stops(path, document)}", True)
        is_it = isinstance(found, (str, int)) and str(found) == subscription_id
        what = "finds the id that was asked for" if is_it else "finds another id than was asked for"
        return Finding("REST_ID_PATH", what, not is_it)

    def _status(self, document: Any) -> Finding:
        name, path = "REST_STATUS_PATH", self._settings.status_path
        word = search(compiled(path), document)
        if not isinstance(word, str):
            what = "finds nothing" if word is None else f"finds {_kind(word)}, and no text"
            return Finding(name, what + _where_it_stops(path, document), is_wrong=True)
        word = word.strip()
        shown = f"the status '{word}'" if PLAIN_WORD.fullmatch(word) else "a status"
        lists = [each for each, words in self._words.items() if word.casefold() in words]
        if lists:
            return Finding(name, f"finds {shown}, which {lists[0]} has")
        known = f"{', '.join(STATUS_LISTS[:-1])} or {STATUS_LISTS[-1]}"
        return Finding(name, f"finds {shown}, which no list has: add it to {known}", is_wrong=True)

    def _date(self, name: str, path: str, document: Any) -> Finding:
        value = search(compiled(path), document)
        if dates.is_nothing(value):
            return Finding(name, f"finds no date{_where_it_stops(path, document)}")
        day = dates.day(value, self._zone)
        if day is None:
            return Finding(name, f"finds {_kind(value)} that is not a date", is_wrong=True)
        return Finding(name, f"finds the day {day.isoformat()}")


def _unless(found: Any, path: str, document: Any) -> str:
    return _where_it_stops(path, document) if found is None else ""


def _where_it_stops(path: str, document: Any) -> str:
    """The deepest member that a path reaches, and the keys there."""
    beginning, owner = deepest(path, document)
    if owner is None:
        return ": the answer is not a JSON object"
    keys = [key for key in owner if PLAIN_WORD.fullmatch(key)][:MAX_KEYS]
    shown = f"has the keys {', '.join(keys)}" if keys else "has no key that can be shown"
    return f": {'the answer' if beginning == '@' else beginning} {shown}"


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
