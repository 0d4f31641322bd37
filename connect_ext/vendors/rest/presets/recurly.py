"""Recurly, API v2021-02-25 (https://recurly.com/developers/api/v2021-02-25/)."""

from __future__ import annotations

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.rest.preset import Preset

_AT_AN_END = "PUT /subscriptions/{subscription_id}/cancel"

PRESET = Preset(
    "recurly",
    {
        "REST_API_URL": "https://v3.recurly.com",
        "REST_AUTH": "basic:",
        # Without a version, Recurly answers in its newest one.
        "REST_HEADERS": '{"Accept": "application/vnd.recurly.v2021-02-25"}',
        "REST_STATUS_REQUEST": "GET /subscriptions/{subscription_id}",
        "REST_STATUS_PATH": "state",
        "REST_ID_PATH": "id",
        "REST_ACTIVE_VALUES": "active,paused",
        "REST_CANCELLING_VALUES": "",
        # A canceled subscription ends later: it is then expired.
        "REST_CANCELLED_VALUES": "canceled,expired,failed",
        "REST_DRAFT_VALUES": "future",
        "REST_END_DATE_PATH": (
            "expires_at || (state=='canceled' && current_term_ends_at) || `null`"
        ),
        "REST_REASON_PATH": "error.message",
        # Recurly documents the error types of simultaneous requests, but not their HTTP status.
        "REST_BUSY_WHEN": '!contains(`["validation", "immutable_subscription"]`, error.type)',
        "REST_UNDO_REQUEST": "PUT /subscriptions/{subscription_id}/reactivate",
    },
    {
        CancellationDate.IMMEDIATE: {
            "REST_CANCEL_REQUEST": "DELETE /subscriptions/{subscription_id}?refund=none",
        },
        CancellationDate.END_OF_TERM: {
            "REST_CANCEL_REQUEST": _AT_AN_END,
            "REST_CANCEL_BODY": '{"timeframe": "term_end"}',
        },
        CancellationDate.END_OF_INVOICED_PERIOD: {
            "REST_CANCEL_REQUEST": _AT_AN_END,
            "REST_CANCEL_BODY": '{"timeframe": "bill_date"}',
        },
    },
    key_needs="A private API key of the site; a read-only or public one cannot cancel.",
)

DEFINITION = PRESET.definition
