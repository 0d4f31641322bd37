"""The meaning of Acme's answers: HTTP 200 for nearly everything, and a code in the body."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Conflict,
    NotConfigured,
    NotDone,
    Refused,
    UnknownId,
)
from connect_ext.http.client import BUSY, Answer, Call, unreadable
from connect_ext.vendors.base import (
    PLAIN_WORD,
    Subscription,
    SubscriptionStatus,
    named_status,
)

STATUSES = {
    "draft": SubscriptionStatus.NOT_STARTED,
    "running": SubscriptionStatus.ACTIVE,
    "paused": SubscriptionStatus.SUSPENDED,
    "closing": SubscriptionStatus.CANCELLING,
    # Terminated, but running until its last day.
    "ending": SubscriptionStatus.CANCELLED,
    "ended": SubscriptionStatus.CANCELLED,
}

REFUSALS = frozenset({"MINIMUM_TERM", "NOT_RUNNING", "NOT_ENDING", "OTHER_REFERENCE"})
"""The codes of refusals for a business reason, which will not change. No other code is one."""

Document = dict[str, Any]


def document_in(answer: Answer, call: Call) -> Document:
    """Return the body of a successful answer; raise the matching error for any other."""
    found = answer.json()
    document: Document = found if answer.status == 200 and isinstance(found, dict) else {}
    if document.get("ok") is True:
        return document
    if document.get("ok") is False:
        raise _error(document, call)
    if answer.status in BUSY:
        message = f"Acme's gateway answers HTTP {answer.status} to {call.name}."
        raise NotDone(message, answer.retry_after, cause=Cause.BUSY)
    # The answer is not Acme's own: a cancellation may have got through anyway.
    raise unreadable(call, f"is HTTP {answer.status} but not from Acme: check ACME_API_URL")


def _error(document: Document, call: Call) -> CancellationError:
    code, text = document.get("code"), document.get("text")
    reason = text if isinstance(text, str) else ""
    match code:
        case "BAD_KEY":
            message = "Acme does not know the key: check ACME_API_KEY and ACME_ACCOUNT."
            return NotConfigured(message, cause=Cause.CREDENTIALS)
        case "NO_SUCH_ACCOUNT":
            return NotConfigured("Acme does not know the account: check ACME_ACCOUNT.")
        case "TOO_MANY_CALLS":
            return NotDone("Acme has received too many calls.", cause=Cause.BUSY)
        case "LOCKED":
            return Conflict("Acme has locked the contract: not now.", vendor_text=reason)
        case "NO_SUCH_CONTRACT" if call.changes:
            return UnknownId()
        case str() if call.changes and code in REFUSALS:
            return Refused(reason)
    # An internal error at Acme, or a code of a later version: the call may have had its effect.
    known = isinstance(code, str) and PLAIN_WORD.fullmatch(code)
    what = f"the code '{code}'" if known else "no code that can be shown"
    return unreadable(call, f"has {what}", cause=Cause.VENDOR_ERROR)


def contract_in(document: Document, call: Call, number: str) -> Subscription:
    """Read the contract with this number from a list that was filtered by it."""
    try:
        contracts = document["contracts"]
        if contracts == []:
            return Subscription(SubscriptionStatus.UNKNOWN_ID)
        (contract,) = contracts
        if _text(contract, "number") != number:
            raise unreadable(call, "is about another contract")
        state, ends_at = _text(contract, "state"), _moment(contract["ends"])
        if state == "ending" and ends_at is None:
            # Without a date, it would count as ended and be approved today.
            raise ValueError
        return Subscription(
            _status(state, call),
            ends_at,
            version_id=_text(contract, "id"),
            is_evergreen=contract["term_ends"] is None,
        )
    # A missing field does not mean that there is no date: nothing is guessed.
    except (KeyError, TypeError, ValueError):
        raise unreadable(call, "does not show a contract as Acme describes it") from None


def _text(contract: Document, name: str) -> str:
    found = contract[name]
    if not isinstance(found, str) or not found:
        raise ValueError
    return found


def _status(word: str, call: Call) -> SubscriptionStatus:
    if word not in STATUSES:
        what = f"shows {named_status(word)}, which the adapter does not know"
        raise unreadable(call, what, cause=Cause.UNKNOWN_STATUS)
    return STATUSES[word]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
