"""Queries in ZOQL, Zuora's query language.

ZOQL has no ORDER BY and no joins; in a literal, ``'`` and ``\\`` are escaped with a backslash
(docs/facts.md, Zuora 2.3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SUBSCRIPTION_FIELDS = (
    "Id, Name, Status, Version, PreviousSubscriptionId, AccountId, CancelledDate, "
    "SubscriptionEndDate, ContractEffectiveDate, TermEndDate"
)
_FIRST_WITH_TERM_TYPE = 25.0
_AMENDMENT_FIELDS = "Id, Name, Status, SubscriptionId, Type"
MAX_NUMBER_LENGTH = 255

MOST_CONDITIONS = 100
"""Zuora accepts 200 conditions and 10,000 characters; a query finds at most 2,000 records."""


def is_id(text: str) -> bool:
    """Whether a text is an object's id (32 hexadecimal digits), not its number."""
    return re.fullmatch(r"[0-9a-fA-F]{32}", text) is not None


def can_be_asked_for(text: str) -> bool:
    """Whether this can be a subscription's id or number: not blank, not too long, printable.

    XML cannot contain control characters anyway.
    """
    return bool(text) and len(text) <= MAX_NUMBER_LENGTH and text.isprintable()


def subscription_by_id(subscription_id: str, version: float = 0.0) -> str:
    """Query one version of a subscription, in a version of the WSDL."""
    return _select(_fields_of(version), "Subscription", "Id", subscription_id)


def subscriptions_by_number(number: str, version: float = 0.0) -> str:
    """Query all versions of a subscription; they share its number, which Zuora calls Name."""
    return _select(_fields_of(version), "Subscription", "Name", number)


def _fields_of(version: float) -> str:
    has_term_type = version >= _FIRST_WITH_TERM_TYPE
    return f"{_SUBSCRIPTION_FIELDS}, TermType" if has_term_type else _SUBSCRIPTION_FIELDS


def amendments_by_name(name: str) -> str:
    """Query the amendments with this name, in any status."""
    return _select(_AMENDMENT_FIELDS, "Amendment", "Name", name)


def rate_plans_of(version_id: str) -> str:
    """Query the rate plans of one version of a subscription."""
    return _select("Id, SubscriptionId", "RatePlan", "SubscriptionId", version_id)


def charges_of(rate_plan_ids: Sequence[str]) -> str:
    """Query to which day the charges of up to ``MOST_CONDITIONS`` rate plans are invoiced."""
    fields = "RatePlanId, ChargedThroughDate"
    return _select(fields, "RatePlanCharge", "RatePlanId", *rate_plan_ids)


def account_by_id(account_id: str) -> str:
    """Query an account's currency."""
    return _select("Id, Currency", "Account", "Id", account_id)


def _select(fields: str, table: str, field: str, *values: str) -> str:
    conditions = " or ".join(f"{field} = {quoted(value)}" for value in values)
    # The linter sees SQL here; the values are quoted, and the rest is ours.
    return f"select {fields} from {table} where {conditions}"  # noqa: S608


def quoted(value: str) -> str:
    """Quote a text so that it cannot end its literal early."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
