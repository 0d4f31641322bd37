"""The meanings of Zuora's error codes, in one table.

Only the last two digits of a code count. Texts are never interpreted: they are in the API user's
language and quote customers (docs/facts.md, Orders 8). A code that is not in the table rejects
nothing: the request waits, and the outcome of an order counts as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Later,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
    UnknownId,
)
from connect_ext.http.client import BUSY, Answer, Call

LOCK_SECONDS = 60.0
"""Big tenants hold locks for a long time (docs/facts.md, Orders 8)."""

MOST_REASONS = 10
MOST_CHARACTERS = 4000
"""The rest of an error is not reported."""


class NotPermittedError(NotConfigured):
    """Zuora's own error code says that the user may not do this, or the tenant cannot."""


class NotTakenError(NotConfigured):
    """Zuora does not accept a read call in this form; this is not a refusal."""


class Meaning(IntEnum):
    """The effect of an error on the call, the least severe first."""

    UNKNOWN = 1
    """It may have been done; look before anything is sent again."""
    BUSY = 2
    LOCKED = 3
    """Rolled back; a retry may work."""
    CREDENTIALS = 4
    CONFIGURATION = 5
    MISTAKE = 6
    """Zuora does not accept the call in this form: our mistake, or one in the variables."""
    UNKNOWN_ID = 7
    REFUSED = 8
    """Nothing was done, perhaps for a business reason."""


_MEANINGS = {
    "10": Meaning.CONFIGURATION,
    "11": Meaning.CREDENTIALS,
    "20": Meaning.REFUSED,
    "21": Meaning.MISTAKE,
    "22": Meaning.MISTAKE,
    "23": Meaning.MISTAKE,
    "27": Meaning.MISTAKE,
    "30": Meaning.REFUSED,
    "40": Meaning.UNKNOWN_ID,
    "45": Meaning.MISTAKE,
    "50": Meaning.LOCKED,
    # For 61 Zuora says "resubmit"; for none of them does it say that an order had no effect.
    "60": Meaning.UNKNOWN,
    "61": Meaning.UNKNOWN,
    "70": Meaning.BUSY,
    "90": Meaning.MISTAKE,
    "99": Meaning.UNKNOWN,
}
_CODE = re.compile(r"\d{8}", re.ASCII)

_ADVICE = {
    Meaning.BUSY: "It is tried again later.",
    Meaning.LOCKED: "Something else holds the lock; it is tried again later.",
    Meaning.CREDENTIALS: "Check ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET, whether ZUORA_API_URL is "
    "the host of their tenant, and whether the OAuth client and its user are still active.",
    Meaning.CONFIGURATION: "Allow the user of the OAuth client to write "
    "through the API and to cancel subscriptions, and check that the tenant has orders: one "
    "without them needs VENDOR zuora-soap. Check ZUORA_ENTITY_ID and ZUORA_ORG_IDS as well.",
    Meaning.MISTAKE: "Zuora does not accept the call in this form: if the ZUORA_ variables are "
    "right, this is a mistake in the extension; tell its developers.",
}
_CAUSES = {
    Meaning.BUSY: Cause.BUSY,
    Meaning.LOCKED: Cause.CONFLICT,
    Meaning.CREDENTIALS: Cause.CREDENTIALS,
    Meaning.MISTAKE: Cause.BUG,
}
_LOOK_FIRST = "The subscription is looked at again before anything else is sent."


@dataclass(frozen=True)
class Reason:
    """One of the reasons in an answer that reports an error."""

    code: str
    """Eight digits; empty for anything else."""
    message: str = field(repr=False)
    """Zuora's text, in the language of the API user; it may hold anything."""


def token_is_refused(answer: Answer) -> bool:
    """Whether an answer only says that the token is invalid or has expired."""
    if answer.status == 401:
        return True
    # Before some versions Zuora says so with HTTP 200; such an answer is short.
    if answer.status >= 500 or len(answer.body) >= MOST_CHARACTERS:
        return False
    if b"reasons" not in answer.body:
        # Nearly all answers end here; they are parsed only once, later.
        return False
    document = answer.json()
    reasons = tuple(reasons_of(document))
    says_so = bool(reasons) and all(reason.code.endswith("11") for reason in reasons)
    return says_so and all(each is False for each in _successes(document))


def error_in(call: Call, answer: Answer, document: Any) -> CancellationError | None:
    """The error that an answer reports; None for one that reports success."""
    reasons, successes = tuple(reasons_of(document)), _successes(document)
    is_good = 200 <= answer.status < 300 and not reasons and all(each is True for each in successes)
    if is_good:
        return None
    meaning = meaning_of(answer.status, reasons, changes=call.changes)
    if any(each is not False for each in successes):
        # An error that also reports success contradicts itself: neither is believed.
        meaning = Meaning.UNKNOWN
    if meaning is Meaning.UNKNOWN_ID:
        return UnknownId()
    if meaning is Meaning.REFUSED and call.changes:
        texts = (reason.message or reason.code for reason in reasons[:MOST_REASONS])
        return Refused(" ".join(texts)[:MOST_CHARACTERS])
    return _later(call, answer, meaning, reasons)


def meaning_of(status: int, reasons: Iterable[Reason], *, changes: bool) -> Meaning:
    """The least severe meaning of an answer, from its status and all its reasons."""
    said = [_MEANINGS.get(reason.code[-2:], Meaning.UNKNOWN) for reason in reasons]
    if status == 429:
        said.append(Meaning.BUSY)
    elif status == 401:
        said.append(Meaning.CREDENTIALS)
    elif status >= 500:
        said.append(Meaning.UNKNOWN)
    elif not said and 300 <= status < 500 and status not in BUSY and not changes:
        # Without a code the answer is not Zuora's, but a gateway's or another host's.
        said.append(Meaning.CONFIGURATION)
    return min(said, default=Meaning.UNKNOWN)


def reasons_of(document: Any) -> Iterator[Reason]:
    """Read the reasons in an answer; an unreadable one has no code."""
    found = document.get("reasons") if isinstance(document, dict) else None
    for each in found if isinstance(found, list) else [None] if found else []:
        reason = each if isinstance(each, dict) else {}
        code, message = reason.get("code"), reason.get("message")
        shown = str(code) if isinstance(code, (int, str)) else ""
        yield Reason(
            shown if _CODE.fullmatch(shown) else "",
            message[:MOST_CHARACTERS] if isinstance(message, str) else "",
        )


def _successes(document: Any) -> list[Any]:
    """All values of ``success``, in any letter case; a sane answer has at most one."""
    members = document.items() if isinstance(document, dict) else ()
    return [value for name, value in members if name.lower() == "success"]


def _later(call: Call, answer: Answer, meaning: Meaning, reasons: tuple[Reason, ...]) -> Later:
    what = f"Zuora answers {call.name} with {_shown(answer, reasons)}."
    text = " ".join(reason.message for reason in reasons[:MOST_REASONS])[:MOST_CHARACTERS]
    wait = answer.retry_after
    if meaning is Meaning.UNKNOWN:
        if call.changes:
            return OutcomeUnknown(f"{what} {_LOOK_FIRST}", wait, vendor_text=text)
        return NotDone(what, wait, cause=Cause.VENDOR_ERROR, vendor_text=text)
    if meaning is Meaning.LOCKED:
        wait = max(LOCK_SECONDS, wait or 0.0)
    kind = NotDone if meaning in (Meaning.BUSY, Meaning.LOCKED) else NotConfigured
    if meaning is Meaning.CONFIGURATION and reasons:
        kind = NotPermittedError
    elif meaning is Meaning.REFUSED:
        kind = NotTakenError
    # A read call cannot be refused: Zuora does not accept it in this form.
    advice = _ADVICE.get(meaning, _ADVICE[Meaning.MISTAKE])
    if meaning is Meaning.CONFIGURATION and not reasons:
        advice = "That is not Zuora's own answer: check ZUORA_API_URL."
    if call.changes:
        advice = f"Nothing was changed. {advice}"
    cause = _CAUSES.get(meaning, Cause.CONFIGURATION)
    return kind(f"{what} {advice}", wait, cause=cause, vendor_text=text)


def _shown(answer: Answer, reasons: tuple[Reason, ...]) -> str:
    codes = ", ".join(dict.fromkeys(r.code for r in reasons[:MOST_REASONS] if r.code))
    return f"HTTP {answer.status}, {codes}" if codes else f"HTTP {answer.status}"
