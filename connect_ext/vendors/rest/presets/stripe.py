"""Stripe Billing (https://docs.stripe.com/api/subscriptions), any API version."""

from __future__ import annotations

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.rest.preset import Preset

_AT_THE_END = {
    "REST_CANCEL_REQUEST": "POST /v1/subscriptions/{subscription_id}",
    "REST_CANCEL_BODY": '{"cancel_at_period_end": true}',
}

PRESET = Preset(
    "stripe",
    {
        "REST_API_URL": "https://api.stripe.com",
        "REST_AUTH": "bearer",
        "REST_BODY_FORMAT": "form",
        "REST_STATUS_REQUEST": "GET /v1/subscriptions/{subscription_id}",
        # A subscription that will end stays active until then.
        "REST_STATUS_PATH": (
            "(status!='canceled' && status!='incomplete_expired'"
            " && (cancel_at_period_end || cancel_at) && 'ends later') || status"
        ),
        "REST_ID_PATH": "id",
        "REST_ACTIVE_VALUES": "active,trialing,past_due,unpaid,paused,incomplete",
        "REST_CANCELLING_VALUES": "",
        "REST_CANCELLED_VALUES": "canceled,incomplete_expired,ends later",
        "REST_DRAFT_VALUES": "",
        # In flexible billing mode only the flag may be set; since 2025 the periods are on items.
        "REST_END_DATE_PATH": (
            "ended_at || cancel_at || (cancel_at_period_end"
            " && (current_period_end || min(items.data[].current_period_end))) || `null`"
        ),
        "REST_CANCEL_REQUEST": "DELETE /v1/subscriptions/{subscription_id}",
        "REST_REASON_PATH": "error.message",
        # Malformed requests and changes that are not allowed have this type. So do an idempotency
        # key in use and a lock on the object.
        "REST_BUSY_WHEN": (
            "error.type!='invalid_request_error' || contains("
            '`["idempotency_key_in_use", "lock_timeout", "rate_limit"]`, error.code)'
        ),
        "REST_UNDO_REQUEST": "POST /v1/subscriptions/{subscription_id}",
        "REST_UNDO_BODY": '{"cancel_at_period_end": false}',
    },
    {
        CancellationDate.IMMEDIATE: {},
        CancellationDate.END_OF_TERM: _AT_THE_END,
        CancellationDate.END_OF_INVOICED_PERIOD: _AT_THE_END,
    },
    key_needs="A restricted key needs Subscriptions: Write.",
)

DEFINITION = PRESET.definition
