"""Paddle Billing (https://developer.paddle.com/api-reference/subscriptions/overview)."""

from __future__ import annotations

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.rest.preset import Preset

_AT_THE_END = {"REST_CANCEL_BODY": '{"effective_from": "next_billing_period"}'}

_LIVE = "'active','trialing','past_due','paused'"

# A subscription that will end keeps its status until then. Other actions pause or resume it.
_ENDS_LATER = f"contains([{_LIVE}], data.status) && data.scheduled_change.action=='cancel'"

PRESET = Preset(
    "paddle",
    {
        "REST_API_URL": "https://api.paddle.com",
        "REST_AUTH": "bearer",
        "REST_HEADERS": '{"Paddle-Version": "1"}',
        "REST_STATUS_REQUEST": "GET /subscriptions/{subscription_id}",
        "REST_STATUS_PATH": f"({_ENDS_LATER} && 'ends later') || data.status",
        "REST_ID_PATH": "data.id",
        "REST_ACTIVE_VALUES": _LIVE.replace("'", ""),
        "REST_CANCELLING_VALUES": "",
        "REST_CANCELLED_VALUES": "canceled,ends later",
        "REST_DRAFT_VALUES": "",
        "REST_END_DATE_PATH": (
            f"({_ENDS_LATER} && data.scheduled_change.effective_at) || data.canceled_at"
        ),
        "REST_CANCEL_REQUEST": "POST /subscriptions/{subscription_id}/cancel",
        "REST_CANCEL_BODY": '{"effective_from": "immediately"}',
        # Paddle does not document one.
        "REST_IDEMPOTENCY_HEADER": "",
        "REST_REASON_PATH": "error.detail",
        # All of Paddle's HTTP 409 errors: it locks a subscription for 30 minutes before billing
        # (https://developer.paddle.com/errors/subscriptions/subscription_locked_renewal).
        "REST_BUSY_WHEN": (
            "!(error.code) || contains(['subscription_locked_renewal',"
            " 'subscription_locked_processing', 'subscription_outstanding_transaction',"
            " 'concurrent_modification', 'conflict'], error.code)"
        ),
        "REST_UNDO_REQUEST": "PATCH /subscriptions/{subscription_id}",
        "REST_UNDO_BODY": '{"scheduled_change": null}',
    },
    {
        CancellationDate.IMMEDIATE: {},
        CancellationDate.END_OF_TERM: _AT_THE_END,
        CancellationDate.END_OF_INVOICED_PERIOD: _AT_THE_END,
    },
    key_needs="The API key needs the permissions subscription.read and subscription.write.",
)

DEFINITION = PRESET.definition
