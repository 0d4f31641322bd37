"""Queries in ZOQL, Zuora's query language.

ZOQL has no ORDER BY and no joins; in a literal, ``'`` and ``\\`` are escaped with a backslash
(docs/facts.md, Zuora 2.3).
"""

from __future__ import annotations

import re

_SUBSCRIPTION_FIELDS = (
    "Id, Name, Status, Version, CancelledDate, SubscriptionEndDate, ContractEffectiveDate, "
    "TermEndDate"
)
_AMENDMENT_FIELDS = "Id, Name, Status, SubscriptionId, Type"
MAX_NUMBER_LENGTH = 255


def is_id(text: str) -> bool:
    """Whether a text is an object's id (32 hexadecimal digits) and not its number."""
    return re.fullmatch(r"[0-9a-fA-F]{32}", text) is not None


def can_be_asked_for(text: str) -> bool:
    """Whether a subscription can have this id or number: not blank, not too long, printable.

    XML could not hold a control character anyway.
    """
    return bool(text) and len(text) <= MAX_NUMBER_LENGTH and text.isprintable()


def subscription_by_id(subscription_id: str) -> str:
    """Ask for one version of a subscription."""
    return _select(_SUBSCRIPTION_FIELDS, "Subscription", "Id", subscription_id)


def subscriptions_by_number(number: str) -> str:
    """Ask for all versions of a subscription; they share its number, which Zuora calls Name."""
    return _select(_SUBSCRIPTION_FIELDS, "Subscription", "Name", number)


def amendments_by_name(name: str) -> str:
    """Ask for the amendments of that name, in any status."""
    return _select(_AMENDMENT_FIELDS, "Amendment", "Name", name)


def _select(fields: str, table: str, field: str, value: str) -> str:
    # The linter takes this for SQL; the value is quoted, and the rest is ours.
    return f"select {fields} from {table} where {field} = {quoted(value)}"  # noqa: S608


def quoted(value: str) -> str:
    """Quote a text so that it cannot end its literal early."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
