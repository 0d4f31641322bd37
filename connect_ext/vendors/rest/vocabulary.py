"""Tables of the names and words with which vendors describe a subscription.

Member names are compared in the form that ``snake`` gives them: ``currentTermEndsAt`` is
``current_term_ends_at``. A name that is in no table is ignored.
"""

from __future__ import annotations

import re
from enum import IntEnum

NAME = re.compile(r"[A-Za-z_][\w-]{0,60}", re.ASCII)
"""The form of member names that are read and shown."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def snake(name: str) -> str:
    """Convert a name to lower case, with underscores between its words."""
    return "_".join(_WORD.findall(name)).lower()


class Place(IntEnum):
    """What an object describes; of two statuses, the one in the lower place wins."""

    LIFECYCLE = 0
    """An object that holds only the subscription's state."""
    SUBSCRIPTION = 1
    CONTRACT = 2
    """A contract or similar, which some vendors have instead of a subscription."""
    ANSWER = 3
    """The answer itself, or an object that merely wraps the content."""
    HAS_THE_ID = 4
    """Any other object whose own id is the one that was asked for."""
    PERIOD = 5
    """A term or period of the subscription: it has dates, and a state of its own."""
    PART = 6
    """A charge, an item, a plan."""
    ELSEWHERE = 7


_NAMES_OF_PLACES = {
    Place.LIFECYCLE: "lifecycle life_cycle status state",
    Place.SUBSCRIPTION: "subscription subscriptions",
    Place.CONTRACT: """
        contract contracts agreement agreements entitlement entitlements membership memberships
    """,
    Place.PERIOD: """
        term current_term contract_term commitment commitment_term commitment_interval period
        current_period billing_period current_billing_period scheduled_change
    """,
    Place.PART: """
        plan plans rate_plan rate_plans rate_plan_charges charges items line_items lines add_ons
    """,
}
PLACES = {name: place for place, names in _NAMES_OF_PLACES.items() for name in names.split()}

WRAPPERS = frozenset(
    {
        *("data", "attributes", "result", "results", "response", "object", "resource", "record"),
        *("records", "payload", "content", "body", "entity", "value", "properties", "details"),
    }
)
"""Objects that describe the same thing as the object around them."""

OWN_IDS = ("id", "uuid", "guid", "external_id", "external_key", "number", "key")
IDS = (
    *OWN_IDS,
    *("subscription_id", "subscription_uuid", "subscription_number"),
    *("contract_id", "contract_number", "agreement_id", "entitlement_id"),
)
"""Names for a subscription's id, the best first."""

IDS_THAT_MAY_BE_SHORT = ("id", "subscription_id")
SHORT_ID = 5
"""Characters; a value of this length in another member could match by chance."""

ADDRESS = frozenset(
    {"city", "zip", "zip_code", "postal_code", "postcode", "country", "street", "line1"}
)
"""Next to these, a ``state`` is part of an address."""

_SUBJECT = "(subscription|contract|agreement|entitlement)"
STATUSES = (
    re.compile(rf"(saas_)?{_SUBJECT}_(status|state)|(lifecycle|current)_(status|state)"),
    re.compile("status"),
    re.compile("state"),
)
"""Names of a status, the most specific first."""
STATUSES_IF_KNOWN = re.compile("lifecycle|phase|stage")
"""Names that count only with a word from a list or the next table."""
STATUSES_IN_A_LIFECYCLE = re.compile("value|code|name|current")

_WORDS = {
    "REST_ACTIVE_VALUES": """
        active in_trial trial trialing live enabled subscribed past_due overdue dunning unpaid
        paused suspended on_hold blocked soft_failure assessing in_grace_period
    """,
    "REST_CANCELLING_VALUES": """
        cancelling canceling terminating unsubscribing cancellation_pending cancelation_pending
        cancellation_requested pending_cancel pending_cancellation pending_cancelation
        pending_termination termination_pending
    """,
    "REST_CANCELLED_VALUES": """
        cancelled canceled terminated expired ended finished unsubscribed deleted non_renewing
        cancelled_from_dunning incomplete_expired trial_ended trial_expired failed_to_create
        creation_failed
    """,
    "REST_DRAFT_VALUES": """
        draft future upcoming not_started awaiting_signup approval_pending pending_activation
        pending_acceptance pending_fulfillment_start
    """,
}
LISTS = {word: name for name, words in _WORDS.items() for word in words.split()}
"""The list for each status that has the same meaning at every vendor.

Statuses whose meaning varies (pending, incomplete, inactive, failed, approved) are left to a
person.
"""

MEANINGS = {
    "REST_ACTIVE_VALUES": "active",
    "REST_CANCELLING_VALUES": "being cancelled",
    "REST_CANCELLED_VALUES": "cancelled, now or at the end of its term",
    "REST_DRAFT_VALUES": "not started yet",
}

ABOUT_THE_ANSWER = frozenset(
    {"success", "successful", "succeeded", "ok", "okay", "fail", "error", "done"}
)
"""A status with one of these words belongs to the call."""

_AT = "_(at|on|date|time|day)"
_END = f"(end|ends|ending)({_AT})?"

ENDED = (
    re.compile(f"(subscription_)?(ended|terminated){_AT}|termination(_effective)?_date"),
    re.compile(f"subscription_{_END}"),
)
"""Names of the date on which a subscription ended, whatever its term."""
ANNOUNCED = (
    re.compile("cancels?_(at|on)"),
    re.compile(f"(scheduled|delayed)_(cancel|cancell?ation){_AT}|cancell?ation_effective{_AT}"),
)
"""Names of the date on which it will end; only a subscription due to end has it."""
EXPIRES = (re.compile(f"(subscription_)?(expires|expiry|expiration|expired)({_AT})?"),)
CANCELLED = (re.compile(f"cancell?ed{_AT}|cancell?ation{_AT}|cancel_date"),)
"""Names of a date on which it ends or was cancelled."""
END = (re.compile(f"(end|ends|ending){_AT}"),)
"""Names of the end of the subscription or its term."""

TERM_END = (
    re.compile(f"((current|contract|subscription)_)?term_{_END}"),
    re.compile(f"(commitment|contract)(_(interval|term|period))?_{_END}"),
)
PERIOD_END = (
    re.compile(f"(current_)?((billing|subscription|service)_)?period_{_END}"),
    re.compile(f"(next_)?(renewal|renews)({_AT})?"),
)
"""For a vendor that has no term."""
TRIAL_END = (re.compile(f"trial_{_END}"),)
CHARGED_THROUGH = re.compile(
    f"(charged|paid|invoiced|billed|prepaid)_(through|thru|until|up_to)({_AT})?|paid_to_date"
)

ENDS_WITH_ITS_PERIOD = re.compile(
    "(will_)?cancels?_at_(end_of_)?(current_)?(billing_)?(period|term|cycle)(_end)?"
)
"""Names of a flag that says it will not be renewed."""

SCHEDULED_CHANGE = "scheduled_change"
"""An object with a subscription's next change: its ``action`` and ``effective_at``."""

REASONS = (
    *("message", "error_message", "user_message", "detail", "description", "error_description"),
    *("reason", "faultstring", "fault_string", "msg", "title"),
)
"""Names of a human-readable text in an answer that refuses, the best first."""
TITLE = "title"
"""A title gives the kind of error; other texts say what is wrong."""
REASON_PLACES = (
    *("error", "errors", "fault", "faults", "problem", "problems", "exception", "reasons"),
    *("messages", "response", "result", "data", "body"),
)
"""Names of objects that may contain the text, the best first; the answer itself is last."""
LISTS_OF_REASONS = frozenset({"errors", "messages", "reasons"})
"""Names of lists of these texts."""
