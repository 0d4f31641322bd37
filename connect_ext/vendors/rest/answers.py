"""Reads the meaning of a REST vendor's answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import jmespath
from jmespath.exceptions import JMESPathError

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Conflict,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Outdated,
    Refused,
)
from connect_ext.http.client import BUSY, Answer, Call, unreadable
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import PLAIN_WORD, Subscription, SubscriptionStatus
from connect_ext.vendors.rest import dates
from connect_ext.vendors.rest.dates import ShownSubscription
from connect_ext.vendors.rest.looked_up import can_be_sent
from connect_ext.vendors.rest.settings import RestSettings

UNKNOWN_ID = (404, 410)
WITH_A_REASON = (400, 409, 422)
"""Statuses of answers that may refuse the cancellation or put it off."""

MAX_KEYS = 10

_PLAIN_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


class AnswerReader:
    """Reads answers according to the paths and words in the variables."""

    def __init__(self, settings: RestSettings) -> None:
        self._settings, self._zone = settings, ZoneInfo(settings.time_zone)
        self._status_path = compiled(settings.status_path)
        self._reason_path = compiled(settings.reason_path)
        self._busy_when = compiled(settings.busy_when)
        self._end_date_path = compiled(settings.end_date_path)
        self._term_end_path = compiled(settings.term_end_path)
        self._charged_through_path = compiled(settings.charged_through_path)
        self._id_path = compiled(settings.id_path)
        self._looked_up = {name: compiled(path) for name, path in settings.looked_up}

    def raise_if_about_another(self, answer: Answer, call: Call, asked_for: str) -> None:
        """Raise ``Later`` if the answer names another subscription, whatever else it says."""
        if self._id_path is not None and self._id(answer.json()) not in (None, asked_for):
            raise unreadable(call, "is about another subscription (REST_ID_PATH)")

    def subscription(
        self, answer: Answer, call: Call, asked_for: str, when: CancellationDate
    ) -> Subscription:
        """Read the subscription from the answer to a look-up; raise ``Later`` if it shows none.

        If ``REST_ID_PATH`` is set, only an answer about the subscription ``asked_for`` counts.
        ``when`` decides which dates an active subscription must have.
        """
        document = answer.json()
        if self._id_path is not None and self._id(document) != asked_for:
            raise unreadable(call, "does not name the subscription at REST_ID_PATH")
        word = search(self._status_path, document)
        if not isinstance(word, str):
            raise unreadable(call, "has no status at REST_STATUS_PATH")
        status = self._status(word)
        if status is None:
            raise unreadable(
                call,
                f"shows {_shown(word)} that is in none of REST_ACTIVE_VALUES,"
                " REST_CANCELLING_VALUES, REST_CANCELLED_VALUES and REST_DRAFT_VALUES",
                cause=Cause.UNKNOWN_STATUS,
            )
        value = search(self._end_date_path, document)
        ends_at = dates.moment(value, self._zone)
        if ends_at is None and not dates.is_nothing(value):
            raise _no_date("REST_END_DATE_PATH")
        looked_up = self._values_for_placeholders(document)
        if status is SubscriptionStatus.ACTIVE:
            return replace(self._active(document, ends_at, when), looked_up=looked_up)
        if looked_up:
            return ShownSubscription(status, ends_at, looked_up=looked_up)
        return Subscription(status, ends_at)

    def _values_for_placeholders(self, document: Any) -> dict[str, Any]:
        found = {name: search(path, document) for name, path in self._looked_up.items()}
        return {name: value if can_be_sent(value) else None for name, value in found.items()}

    def _active(
        self, document: Any, ends_at: datetime | None, when: CancellationDate
    ) -> ShownSubscription:
        """An active subscription, with the days from which its cancellation date follows."""
        if not self._settings.sends_date or when is CancellationDate.IMMEDIATE:
            return ShownSubscription(SubscriptionStatus.ACTIVE, ends_at)
        settings = self._settings
        term_ends = self._day(self._term_end_path, document, "REST_TERM_END_PATH")
        if when is CancellationDate.END_OF_TERM:
            says_so = term_ends or _says_nothing(settings.term_end_path, document)
            return ShownSubscription(
                SubscriptionStatus.ACTIVE,
                ends_at,
                term_ends=term_ends,
                is_evergreen=term_ends is None,
                doubt="" if says_so else _leads_nowhere("REST_TERM_END_PATH"),
            )
        name = "REST_CHARGED_THROUGH_PATH"
        charged = self._day(self._charged_through_path, document, name)
        if charged is None and not _says_nothing(settings.charged_through_path, document):
            raise NotConfigured(_leads_nowhere(name))
        return ShownSubscription(
            SubscriptionStatus.ACTIVE, ends_at, term_ends=term_ends, charged_through=charged
        )

    def _day(self, path: Any, document: Any, name: str) -> date | None:
        value = search(path, document)
        found = None if dates.is_nothing(value) else dates.day(value, self._zone)
        if found is None and not dates.is_nothing(value):
            raise _no_date(name)
        return found

    def cancelled_subscription(self, answer: Answer, asked_for: str) -> Subscription | None:
        """Read the subscription from the answer to a cancellation, if the answer proves the result.

        Only the status cancelled counts: any other may be the status of the call itself, or date
        from before the cancellation. If ``REST_ID_PATH`` is set, the answer must name the
        subscription there. If ``REST_END_DATE_PATH`` is set and a look may show the date, an
        answer without the date does not count: the subscription would seem to have ended.
        """
        document = answer.json()
        if self._id_path is not None and self._id(document) != asked_for:
            return None
        word = search(self._status_path, document)
        if not isinstance(word, str) or self._status(word) is not SubscriptionStatus.CANCELLED:
            return None
        value = search(self._end_date_path, document)
        ends_at = dates.moment(value, self._zone)
        may_be_asked = self._end_date_path is not None and self._settings.status_request is not None
        if ends_at is None and (may_be_asked or not dates.is_nothing(value)):
            return None
        return Subscription(SubscriptionStatus.CANCELLED, ends_at)

    def error(self, answer: Answer, call: Call) -> CancellationError:
        """The error for an answer other than success."""
        credentials = self._settings.auth.variables
        if answer.status not in WITH_A_REASON:
            return _error_by_status(answer, call, "", credentials)
        document = answer.json()
        reason = self._reason(document)
        # If the body is unreadable, REST_BUSY_WHEN might have matched it.
        is_mute = document is None and answer.body.strip() not in (b"", b"null")
        is_mute = is_mute and self._busy_when is not None
        is_busy = is_mute or search(self._busy_when, document) is True
        if not call.changes:
            return (
                _busy(answer, call)
                if is_busy
                else _error_by_status(answer, call, reason, credentials)
            )
        if is_busy or (answer.status == 409 and self._busy_when is None):
            message = f"{_what(answer, call)}: not now."
            return Conflict(message, answer.retry_after, vendor_text=reason)
        return Refused(reason, hint="" if reason.strip() else self._hint(document))

    def _status(self, word: str) -> SubscriptionStatus | None:
        word, settings = word.strip().casefold(), self._settings
        lists = {
            SubscriptionStatus.CANCELLED: settings.cancelled_values,
            SubscriptionStatus.CANCELLING: settings.cancelling_values,
            SubscriptionStatus.ACTIVE: settings.active_values,
            SubscriptionStatus.NOT_STARTED: settings.draft_values,
        }
        return next((status for status, words in lists.items() if word in words), None)

    def _id(self, document: Any) -> str | None:
        return id_in(search(self._id_path, document))

    def _reason(self, document: Any) -> str:
        reason = search(self._reason_path, document)
        if isinstance(reason, list):
            reason = "; ".join(text for text in reason if isinstance(text, str))
        return reason if isinstance(reason, str) else ""

    def _hint(self, document: Any) -> str:
        """Tell an operator where to look for the vendor's reason."""
        _, found = deepest(self._settings.reason_path, document)
        if found is None:
            return "The vendor gave no reason: its answer is not a JSON object."
        keys = [key for key in found if PLAIN_WORD.fullmatch(key)][:MAX_KEYS]
        shown = f"has the keys {', '.join(keys)}" if keys else "has no key that can be shown"
        return f"REST_REASON_PATH finds no reason; where it stops, the answer {shown}."


def _no_date(name: str) -> NotConfigured:
    message = f"The vendor's answer has something at {name} that is not a date: check the path."
    return NotConfigured(message)


def _error_by_status(
    answer: Answer, call: Call, reason: str, credentials: str
) -> CancellationError:
    """Map the HTTP status to an error.

    A vendor that says it is busy has not carried out the call. After any other fault, and after a
    redirect, the outcome of a cancellation is unknown.
    """
    what, unknown = _what(answer, call), OutcomeUnknown if call.changes else NotDone
    if answer.status in (401, 403):
        message = f"{what}: check the credentials ({credentials})."
        return NotConfigured(message, cause=Cause.CREDENTIALS)
    if answer.status in BUSY:
        return _busy(answer, call)
    if answer.status >= 500:
        cause = None if call.changes else Cause.VENDOR_ERROR
        return unknown(f"{what}.", answer.retry_after, cause=cause)
    if 300 <= answer.status < 400:
        redirected = OutcomeUnknown if call.changes else NotConfigured
        message = f"{what}: redirects are not followed; check REST_API_URL."
        return redirected(message, answer.retry_after, cause=Cause.CONFIGURATION)
    if answer.status < 300:
        return unreadable(call, f"has the unexpected HTTP status {answer.status}")
    if answer.status == 412 and call.changes:
        # The subscription has changed since the look (If-Match); the next look shows it.
        return Outdated(f"{what}.", answer.retry_after)
    message = f"{what}: check the method, the path and the body in its variables."
    return NotConfigured(message, vendor_text=reason)


def _busy(answer: Answer, call: Call) -> NotDone:
    return NotDone(f"{_what(answer, call)}.", answer.retry_after, cause=Cause.BUSY)


def _what(answer: Answer, call: Call) -> str:
    return f"The vendor answers HTTP {answer.status} to {call.name}"


def _shown(word: str) -> str:
    word = word.strip()
    return f"the status '{word}'" if PLAIN_WORD.fullmatch(word) else "a status"


def deepest(path: str, document: Any) -> tuple[str, dict[str, Any] | None]:
    """The longest beginning of a path that finds a JSON object, and that object.

    Of several alternatives (``a.b || c``), the one that gets furthest counts.
    """
    found = max(_objects_along(path, document), key=lambda each: each[0], default=(0, "@", None))
    return found[1:]


def _objects_along(path: str, document: Any) -> Iterator[tuple[int, str, dict[str, Any]]]:
    beginnings = [(0, "@")]
    for alternative in path.split("||"):
        steps = alternative.strip().split(".")
        beginnings += [(length, ".".join(steps[:length])) for length in range(1, len(steps))]
    for length, beginning in beginnings:
        found = search(compiled(beginning), document)
        first = found[0] if isinstance(found, list) and found else found
        if isinstance(first, dict):
            yield length, beginning, first


def _leads_nowhere(name: str) -> str:
    """The message for a path that may be misspelt; ``|| ''`` states that it is not."""
    return (
        f"The vendor's answer has nothing at {name}: check the path. If the vendor"
        " leaves the date out when there is none, end the path with || ''."
    )


def _says_nothing(path: str, document: Any) -> bool:
    """Whether a path leads to something without a date: a text, or a member that is null."""
    if search(compiled(path), document) is not None:
        return True
    if not _PLAIN_PATH.fullmatch(path):
        return False
    owner, _, member = path.rpartition(".")
    found = search(compiled(owner), document) if owner else document
    return isinstance(found, dict) and member in found


def id_in(found: Any) -> str | None:
    """The result of a path as an id, if it is one: a text or a whole number."""
    is_id = isinstance(found, (str, int)) and not isinstance(found, bool)
    return str(found) if is_id else None


def compiled(path: str) -> Any:
    """Compile a path; None if it is empty or not an expression."""
    try:
        return jmespath.compile(path) if path else None
    # The beginning of a path may not be an expression; whole paths were checked on reading.
    except (JMESPathError, ValueError, RecursionError):
        return None


def search(path: Any, document: Any) -> Any:
    """Apply an expression to a document; None if it finds nothing."""
    try:
        return path.search(document) if path is not None else None
    # A valid expression may not fit the document: a slice of step 0, or text compared to a number.
    except (JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError):
        return None
