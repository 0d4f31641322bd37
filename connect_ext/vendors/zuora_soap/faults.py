"""The meanings of Zuora's error codes, in one table.

Sources: docs/facts.md, Zuora 1.7 and 2.8. A code that is not in the table rejects nothing: the
request waits, and the outcome of a write counts as unknown.
"""

from __future__ import annotations

import re
from enum import IntEnum

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Conflict,
    Later,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
)
from connect_ext.http.client import Answer, Call, unreadable
from connect_ext.vendors.zuora_soap.answers import Reply, VendorError
from connect_ext.vendors.zuora_soap.nodes import UnreadableError


class Meaning(IntEnum):
    """The effect of an error on the call, the most cautious first."""

    SESSION_LOST = 1
    """Nothing was done; log in and send the call again."""
    UNKNOWN = 2
    """It may have been done; look before anything is sent again."""
    NOT_DONE = 3
    """Nothing was done; a retry may work."""
    LOCKED = 4
    """Nothing was done: something else holds a lock."""
    MISCONFIGURED = 5
    """Nothing was done, and it will not work until somebody fixes something."""
    REFUSED = 6
    """Nothing was done, for a business reason."""


class SessionLost(NotDone):
    """Zuora does not know the session; nothing was done."""


_MEANINGS = {
    "INVALID_SESSION": Meaning.SESSION_LOST,
    # Zuora confirms these: rejected before any work, or rolled back.
    "REQUEST_EXCEEDED_LIMIT": Meaning.NOT_DONE,
    "REQUEST_EXCEEDED_RATE": Meaning.NOT_DONE,
    "LOCK_COMPETITION": Meaning.NOT_DONE,
    "BATCH_FAIL_ERROR": Meaning.NOT_DONE,
    # The id was read from Zuora a moment ago, so the subscription has changed since.
    "INVALID_ID": Meaning.NOT_DONE,
    # Zuora does not confirm that these had no effect. After TRANSACTION_TERMINATED the call must
    # not be repeated unchanged, but it is not a business reason either. Before version 51,
    # UNKNOWN_ERROR also replaces the newer codes.
    "TEMPORARY_ERROR": Meaning.UNKNOWN,
    "SERVER_UNAVAILABLE": Meaning.UNKNOWN,
    "TRANSACTION_TIMEOUT": Meaning.UNKNOWN,
    "TRANSACTION_TERMINATED": Meaning.UNKNOWN,
    "REQUEST_REJECTED": Meaning.UNKNOWN,
    "UNKNOWN_ERROR": Meaning.UNKNOWN,
    "DUPLICATE_VALUE": Meaning.UNKNOWN,
    "PDF_QUERY_ERROR": Meaning.UNKNOWN,
    "API_DISABLED": Meaning.MISCONFIGURED,
    "NO_PERMISSION": Meaning.MISCONFIGURED,
    "INVALID_LOGIN": Meaning.MISCONFIGURED,
    "INVALID_VERSION": Meaning.MISCONFIGURED,
    "INVALID_TYPE": Meaning.MISCONFIGURED,
    "INVALID_FIELD": Meaning.MISCONFIGURED,
    "INVALID_TEMPLATE": Meaning.MISCONFIGURED,
    "MISSING_REQUIRED_VALUE": Meaning.MISCONFIGURED,
    "MALFORMED_QUERY": Meaning.MISCONFIGURED,
    "MAX_RECORDS_EXCEEDED": Meaning.MISCONFIGURED,
    "CANNOT_DELETE": Meaning.MISCONFIGURED,
    "INVALID_VALUE": Meaning.REFUSED,
    "TRANSACTION_FAILED": Meaning.REFUSED,
    "ACCOUNTING_PERIOD_CLOSED": Meaning.REFUSED,
    "CREDIT_CARD_PROCESSING_FAILURE": Meaning.REFUSED,
}

# Before version 60 a lock has only a text, no code.
_LOCKED = re.compile(r"lock competition|optimistic lock", re.IGNORECASE)
# Only the text identifies a tenant with Orders.
_ORDERS = re.compile(
    r"order date is required|orders harmonization|\borders\b.{0,200}?\b(enabled|on)\b",
    re.IGNORECASE,
)

# The amendment is gone, for whatever reason.
_GONE = re.compile(r"(does not|no longer) exists?\b|already (been )?deleted", re.IGNORECASE)

_ON_ORDERS = (
    "A tenant with Orders Harmonization allows only amend, which needs version 28.0 or higher in "
    "ZUORA_SOAP_URL; a tenant with Orders accepts only the REST API (VENDOR rest)."
)
_NO_DELETE = (
    "A tenant with Orders or Orders Harmonization cannot delete an amendment through SOAP: take "
    "the cancellation back in Zuora. The subscription is looked at again."
)
_LOOK_FIRST = "The subscription is looked at again before anything else is sent."
_TRY_AGAIN = "Nothing was changed; it is tried again later."
_ADVICE = {
    Meaning.SESSION_LOST: "Zuora keeps rejecting the session; does another program use the API "
    "user of ZUORA_USERNAME too?",
    Meaning.UNKNOWN: _LOOK_FIRST,
    Meaning.NOT_DONE: _TRY_AGAIN,
    Meaning.LOCKED: _TRY_AGAIN,
    Meaning.MISCONFIGURED: "Nothing was changed; check the settings of the tenant and of its API "
    "user, and ZUORA_SOAP_URL.",
    # A query cannot be refused, and a fault does not judge the amendment.
    Meaning.REFUSED: "Nothing was changed; check the subscription and the tenant's settings in "
    "Zuora.",
}
_WRONG_VERSION = "INVALID_VERSION"
"""The login, always the first call, gets this whatever the credentials."""

_ADVICE_FOR_CODE = {
    "NO_PERMISSION": "Allow the API user of ZUORA_USERNAME to read and amend subscriptions. "
    f"{_ON_ORDERS}",
    "API_DISABLED": f"This call is switched off for the tenant. {_ON_ORDERS}",
    "INVALID_TYPE": f"The tenant does not offer amendments this way. {_ON_ORDERS}",
    _WRONG_VERSION: "Check the version at the end of ZUORA_SOAP_URL.",
    "MISSING_REQUIRED_VALUE": "The tenant requires an amendment field that the extension does not "
    "send; make it optional in Zuora.",
}
_DELETE_ADVICE = {
    "NO_PERMISSION": f"Allow the API user of ZUORA_USERNAME to delete amendments. {_NO_DELETE}",
    "API_DISABLED": f"This call is switched off for the tenant. {_NO_DELETE}",
    "INVALID_TYPE": _NO_DELETE,
}
_LOGIN_ADVICE = (
    "Check ZUORA_USERNAME and ZUORA_PASSWORD, and the addresses from which the user may log in."
)
_CAUSES = {
    Meaning.SESSION_LOST: Cause.CREDENTIALS,
    Meaning.UNKNOWN: Cause.VENDOR_ERROR,
    Meaning.NOT_DONE: Cause.BUSY,
    Meaning.LOCKED: Cause.CONFLICT,
    Meaning.MISCONFIGURED: Cause.CONFIGURATION,
    Meaning.REFUSED: Cause.CONFIGURATION,
}

MOST_REASONS = 10
"""The most that are reported; a row usually has one or two errors."""

LOGIN = "the login (ZUORA_SOAP_URL)"
DELETE = "the delete call (ZUORA_SOAP_URL)"


def meaning_of(error: VendorError, *, is_fault: bool) -> Meaning:
    """The meaning of an error; an unknown code means an unknown outcome.

    Only the error of a row can be a refusal: there, Zuora has judged the amendment. A fault means
    that the whole call failed, perhaps for a reason unrelated to the customer.
    """
    if _LOCKED.search(error.message):
        return Meaning.NOT_DONE
    meaning = _MEANINGS.get(error.code, Meaning.UNKNOWN)
    if meaning is Meaning.REFUSED and (is_fault or _ORDERS.search(error.message)):
        return Meaning.MISCONFIGURED
    return meaning


def meaning_of_delete(error: VendorError, *, is_fault: bool) -> Meaning:
    """The meaning of an error from the deletion of an amendment.

    If the amendment is gone, an earlier call may have deleted it; only a look can tell.
    """
    if _LOCKED.search(error.message) or error.code == "LOCK_COMPETITION":
        return Meaning.LOCKED
    if error.code == "INVALID_ID" or _GONE.search(error.message):
        return Meaning.UNKNOWN
    meaning = meaning_of(error, is_fault=is_fault)
    # The amendment is invoiced, or no longer the last one.
    is_refused = error.code == "CANNOT_DELETE" and not is_fault
    return Meaning.REFUSED if is_refused and not _ORDERS.search(error.message) else meaning


def error_in(call: Call, answer: Answer, reply: Reply) -> CancellationError | None:
    """The error that a readable answer reports, with the answer's ``Retry-After``.

    Raises ``UnreadableError`` if the answer contradicts itself.
    """
    errors = (reply.fault,) if reply.fault else reply.errors
    if not errors:
        return None
    if reply.succeeded:
        raise UnreadableError("reports both success and an error")
    judge = meaning_of_delete if call.name == DELETE else meaning_of
    meaning, error = min(
        ((judge(e, is_fault=bool(reply.fault)), e) for e in errors), key=lambda pair: pair[0]
    )
    if answer.status == 429:
        # Zuora did not process the call, whatever the code: older versions have no code for it.
        meaning = Meaning.NOT_DONE
    if meaning is Meaning.REFUSED and call.changes:
        return Refused(" ".join(e.message or e.code for e in errors[:MOST_REASONS]))
    return _later(call, answer, meaning, error)


def _later(call: Call, answer: Answer, meaning: Meaning, error: VendorError) -> Later:
    classes: dict[Meaning, type[Later]] = {
        Meaning.SESSION_LOST: SessionLost,
        Meaning.UNKNOWN: OutcomeUnknown if call.changes else NotDone,
        Meaning.NOT_DONE: NotDone,
        Meaning.LOCKED: Conflict,
    }
    is_login = call.name == LOGIN and meaning >= Meaning.MISCONFIGURED
    is_login = is_login and error.code != _WRONG_VERSION
    return classes.get(meaning, NotConfigured)(
        f"Zuora answers {call.name} with {_shown(error.code)}. {_advice(call, meaning, error)}",
        answer.retry_after,
        cause=Cause.CREDENTIALS if is_login else _CAUSES[meaning],
        vendor_text=error.message,
    )


def _advice(call: Call, meaning: Meaning, error: VendorError) -> str:
    if meaning >= Meaning.MISCONFIGURED:
        if call.name == LOGIN and error.code != _WRONG_VERSION:
            return _LOGIN_ADVICE
        if call.name == DELETE:
            on_orders = _NO_DELETE if _ORDERS.search(error.message) else ""
            return on_orders or _DELETE_ADVICE.get(error.code, _ADVICE[meaning])
        if _ORDERS.search(error.message):
            return _ON_ORDERS
        return _ADVICE_FOR_CODE.get(error.code, _ADVICE[meaning])
    if meaning is Meaning.UNKNOWN and not call.changes:
        return _TRY_AGAIN
    return _ADVICE[meaning]


def _shown(code: str) -> str:
    """The code, if it has Zuora's form; a single word may be a name or a key."""
    is_one = re.fullmatch(r"(?=.{1,40}$)[A-Z]+(_[A-Z]+)+", code)
    return code if is_one else "an error without a known code"


def unreadable_reply(call: Call, answer: Answer, why: UnreadableError) -> Later:
    """The error for an answer that is not valid SOAP, such as an HTML page."""
    status = answer.status
    if status in (408, 425, 429):
        message = f"Zuora answers {call.name} with HTTP {status}. {_TRY_AGAIN}"
        return NotDone(message, answer.retry_after, cause=Cause.BUSY)
    if 300 <= status < 500:
        return _turned_away(call, answer)
    cause = Cause.VENDOR_ERROR if status >= 500 else Cause.UNREADABLE
    error = unreadable(call, f"{why} (HTTP {status})", cause=cause)
    error.retry_after = answer.retry_after
    return error


def _turned_away(call: Call, answer: Answer) -> Later:
    # A redirect or an error page may also follow after the work.
    kind = OutcomeUnknown if call.changes else NotConfigured
    return kind(
        f"Zuora's host answers {call.name} with HTTP {answer.status} and without SOAP. Check "
        "ZUORA_SOAP_URL, and whether Zuora accepts connections from this address.",
        answer.retry_after,
        cause=Cause.CONFIGURATION,
    )
