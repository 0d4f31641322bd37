"""What Zuora's error codes mean, as one table.

Sources: facts/zuora.md 1.7 and 2.8, and Zuora's pages "Errors" and "Faults". Codes that are not in
the table wait: a write with such an answer has an unknown outcome, and nothing is rejected for it.
"""

from __future__ import annotations

import re
from enum import IntEnum

from connect_ext.errors import (
    CancellationError,
    Later,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
)
from connect_ext.vendors.http_client import Answer, Call, unreadable
from connect_ext.vendors.zuora_soap.answers import Reply, UnreadableError, VendorError


class Meaning(IntEnum):
    """What an error says about the call, the most careful first."""

    SESSION_LOST = 1
    """Nothing was done; log in and send again."""
    UNKNOWN = 2
    """It may have been done; ask before anything is sent again."""
    NOT_DONE = 3
    """Nothing was done; later it may be."""
    MISCONFIGURED = 4
    """Nothing was done, nor will be before somebody mends something."""
    REFUSED = 5
    """Nothing was done, for a reason of business."""


class SessionLost(NotDone):
    """Zuora does not know the session; nothing was done."""


_MEANINGS = {
    "INVALID_SESSION": Meaning.SESSION_LOST,
    # Rejected before they were carried out, or rolled back: the confirmed cases.
    "REQUEST_EXCEEDED_LIMIT": Meaning.NOT_DONE,
    "REQUEST_EXCEEDED_RATE": Meaning.NOT_DONE,
    "LOCK_COMPETITION": Meaning.NOT_DONE,
    "BATCH_FAIL_ERROR": Meaning.NOT_DONE,
    # The id was read from Zuora a moment ago: the subscription has changed since.
    "INVALID_ID": Meaning.NOT_DONE,
    # Nothing confirms that these were not carried out. TRANSACTION_TERMINATED must not be sent
    # again as it is, but neither is it a reason of business. Below version 51 UNKNOWN_ERROR also
    # stands for the newer codes.
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

# Below version 60 there is no code for a lock, only its text.
_LOCKED = re.compile(r"lock competition|optimistic lock", re.IGNORECASE)
# What tells a tenant with Orders has no code of its own.
_ORDERS = re.compile(
    r"order date is required|orders harmonization|\borders\b.*\b(enabled|on)\b", re.IGNORECASE
)

_ON_ORDERS = (
    "A tenant with Orders Harmonization allows only amend, which takes version 28.0 or higher in "
    "ZUORA_SOAP_URL; a tenant with Orders takes the REST API alone (VENDOR rest)."
)
_ADVICE = {
    Meaning.SESSION_LOST: "The session is refused again and again; is the API user of "
    "ZUORA_USERNAME used elsewhere too?",
    Meaning.UNKNOWN: "The subscription is looked at again before anything else is sent.",
    Meaning.NOT_DONE: "Nothing was changed; it is tried again later.",
    Meaning.MISCONFIGURED: "Nothing was changed; mend the settings of the tenant, of its API user "
    "or of ZUORA_SOAP_URL.",
    # A question cannot be refused, and a fault is no verdict on the amendment.
    Meaning.REFUSED: "Nothing was changed; look at the subscription and the tenant's settings in "
    "Zuora.",
}
_ADVICE_FOR_CODE = {
    "NO_PERMISSION": "Give the API user of ZUORA_USERNAME the permission to read and amend "
    f"subscriptions. {_ON_ORDERS}",
    "API_DISABLED": f"The tenant has this call switched off. {_ON_ORDERS}",
    "INVALID_TYPE": f"The tenant does not offer amendments this way. {_ON_ORDERS}",
    "INVALID_VERSION": "Check the version at the end of ZUORA_SOAP_URL.",
    "MISSING_REQUIRED_VALUE": "The tenant demands a field of an amendment that the extension does "
    "not send; make it optional in Zuora.",
}
_LOGIN_ADVICE = (
    "Check ZUORA_USERNAME and ZUORA_PASSWORD, and from which addresses the user may log in."
)


def meaning_of(error: VendorError, *, is_fault: bool) -> Meaning:
    """Tell what one error says; an unknown code says nothing.

    Only a row's error can be a refusal: with it Zuora has judged the amendment, while a fault says
    that the call as a whole has failed, which can have reasons that are not the customer's.
    """
    if _LOCKED.search(error.message):
        return Meaning.NOT_DONE
    meaning = _MEANINGS.get(error.code, Meaning.UNKNOWN)
    if meaning is Meaning.REFUSED and (is_fault or _ORDERS.search(error.message)):
        return Meaning.MISCONFIGURED
    return meaning


def error_in(call: Call, answer: Answer, reply: Reply) -> CancellationError | None:
    """The error that an answer in good SOAP reports, with the answer's ``Retry-After``."""
    errors = (reply.fault,) if reply.fault else reply.errors
    if not errors:
        return None
    if reply.succeeded:
        return without_sense(call, answer, UnreadableError("says both success and an error"))
    meaning, error = min(
        ((meaning_of(e, is_fault=bool(reply.fault)), e) for e in errors), key=lambda pair: pair[0]
    )
    if answer.status == 429:
        # The request was turned away, whatever the code: older versions know none for it.
        meaning = Meaning.NOT_DONE
    if meaning is Meaning.REFUSED and call.changes:
        return Refused(" ".join(e.message or e.code for e in errors))
    return _later(call, answer, meaning, error)


def _later(call: Call, answer: Answer, meaning: Meaning, error: VendorError) -> Later:
    classes: dict[Meaning, type[Later]] = {
        Meaning.SESSION_LOST: SessionLost,
        Meaning.UNKNOWN: OutcomeUnknown if call.changes else NotDone,
        Meaning.NOT_DONE: NotDone,
    }
    advice = _advice(call, meaning, error)
    message = f"Zuora answers {call.name} with {_shown(error.code)}. {advice}"
    return classes.get(meaning, NotConfigured)(message, answer.retry_after)


def _advice(call: Call, meaning: Meaning, error: VendorError) -> str:
    if meaning >= Meaning.MISCONFIGURED:
        if call.name == LOGIN:
            return _LOGIN_ADVICE
        if _ORDERS.search(error.message):
            return _ON_ORDERS
        return _ADVICE_FOR_CODE.get(error.code, _ADVICE[meaning])
    if meaning is Meaning.UNKNOWN and not call.changes:
        return _ADVICE[Meaning.NOT_DONE]
    return _ADVICE[meaning]


LOGIN = "the login (ZUORA_SOAP_URL)"


def _shown(code: str) -> str:
    """A code as a word; anything else could hold whatever the vendor, or an attacker, writes."""
    return code if re.fullmatch(r"[A-Z_]{1,40}", code) else "an error without a known code"


def without_sense(call: Call, answer: Answer, why: UnreadableError) -> Later:
    """The error for an answer that is not the SOAP that it should be, such as a page of HTML."""
    status = answer.status
    if status in (408, 425, 429):
        error: Later = NotDone(
            f"Zuora answers {call.name} with HTTP {status}. {_ADVICE[Meaning.NOT_DONE]}"
        )
    elif 300 <= status < 500:
        error = NotConfigured(
            f"Zuora's host answers {call.name} with HTTP {status} and without SOAP. Check "
            "ZUORA_SOAP_URL, and whether Zuora lets this address in."
        )
    else:
        error = unreadable(call, f"{why} (HTTP {status})")
    error.retry_after = answer.retry_after
    return error
