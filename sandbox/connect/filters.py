"""The filters of the platform's collections, as the official document lists them.

The tables hold every filter that makes sense here, with all operators except `like`, `ilike` and
`null`, which nobody needs. A test compares them with the document. It is INFERRED that the platform
refuses filters the document does not list (docs/facts.md, Connect 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox.connect.rql import Fields, Filter

_EQUAL = Filter(frozenset(("eq",)))
_ONE_OF = Filter(frozenset(("eq", "in")))
_TEXT = Filter(frozenset(("eq", "ne", "in", "out")))
_ORDERED_TEXT = replace(_TEXT, is_ordered=True)
_DATE = Filter(_TEXT.lookups | {"ge", "gt", "le", "lt"}, is_ordered=True)
_BEFORE_OR_AFTER = Filter(frozenset(("gt", "lt")), is_ordered=True)


def _choice(choices: str, *, is_ordered: bool = True) -> Filter:
    return Filter(_TEXT.lookups, is_ordered, frozenset(choices.split()))


def _texts(*names: str) -> dict[str, Filter]:
    return dict.fromkeys(names, _TEXT)


def only(names: Iterable[str]) -> Fields:
    """Equality of texts only; no ordering."""
    return Fields(_texts(*names))


REQUESTS = Fields(
    filters={
        **_texts("id", "contract.id", "marketplace.id", "template.id"),
        **_texts("asset.id", "asset.external_id", "asset.external_uid", "asset.product.id"),
        **_texts("asset.connection.id", "asset.tiers.tier1.id", "asset.tiers.tier2.id"),
        "type": _choice(
            "purchase cancel change suspend resume adjustment renew transfer", is_ordered=False
        ),
        "status": _choice(
            "draft tiers_setup pending inquiring approved failed scheduled revoking revoked"
        ),
        "created": _DATE,
        "updated": _DATE,
        "assignee": _ONE_OF,
        "asset.status": _EQUAL,
        "asset.params.id": _ONE_OF,
        "asset.params.value": _ONE_OF,
        "asset.connection.type": _ONE_OF,
        "asset.tiers.customer.id": _ORDERED_TEXT,
    },
    left_out=frozenset(("activation_key", "template", "asset.items", "asset.configuration")),
)

ASSETS = Fields(
    filters={
        **_texts("id", "external_id", "external_uid", "product.id", "contract.id"),
        **_texts("connection.id", "connection.type", "params.id", "params.value"),
        **_texts("tiers.tier1.id", "tiers.tier2.id"),
        "status": _choice("draft processing active terminating suspended terminated"),
        "created": replace(_BEFORE_OR_AFTER, at="events.created.at"),
        "updated": replace(_BEFORE_OR_AFTER, at="events.updated.at"),
        "marketplace.id": _ORDERED_TEXT,
        "product.name": _ORDERED_TEXT,
        "tiers.customer.id": _ORDERED_TEXT,
    },
    left_out=frozenset(("items", "configuration")),
    hidden=frozenset(("pending_request", "pending_request.template")),
)

# The document has no `name`, but code written years ago for the platform filters by it.
TEMPLATES = only(("scope", "type", "name"))

TASKS = Fields(
    {
        **_texts("id", "object.id"),
        "object.type": _ORDERED_TEXT,
        "object.category": _choice("background interactive scheduled transformation"),
        "status": _choice("scheduled rescheduled processing succeeded failed retrying skipped"),
        "assignee": _ORDERED_TEXT,
        "events.created.at": _DATE,
    }
)

# `type` is left out: a schedule has no such field.
SCHEDULES = Fields(
    {
        "id": _TEXT,
        **dict.fromkeys(("name", "description", "method", "status"), _ORDERED_TEXT),
        **dict.fromkeys(("events.created.at", "events.updated.at"), _DATE),
        **dict.fromkeys(("events.last_triggered.at", "events.next_trigger.at"), _DATE),
    }
)

CONVERSATIONS = Fields(
    {**_texts("id", "instance_id"), "created": _DATE, "events.created.at": _DATE}
)

MESSAGES = Fields(
    {
        **_texts("id", "type", "text", "events.created.by.id"),
        **dict.fromkeys(("created", "events.created.at", "events.updated.at"), _DATE),
    }
)

VARIABLES = Fields({"id": _TEXT, "name": _ORDERED_TEXT})
ACCOUNTS = Fields({"id": _ORDERED_TEXT})
# Only paging is supported.
EVENT_DEFINITIONS = Fields({})
