"""PayPal Subscriptions, API v1 (https://developer.paypal.com/docs/api/subscriptions/v1/)."""

from __future__ import annotations

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.rest.preset import Preset

PRESET = Preset(
    "paypal",
    {
        "REST_API_URL": "https://api-m.paypal.com",
        "REST_AUTH": "oauth2",
        "REST_OAUTH_TOKEN_URL": "https://api-m.paypal.com/v1/oauth2/token",
        "REST_STATUS_REQUEST": "GET /v1/billing/subscriptions/{subscription_id}",
        "REST_STATUS_PATH": "status",
        "REST_ID_PATH": "id",
        "REST_ACTIVE_VALUES": "ACTIVE,SUSPENDED",
        "REST_CANCELLING_VALUES": "",
        "REST_CANCELLED_VALUES": "CANCELLED,EXPIRED",
        # PayPal cancels only an active or suspended subscription.
        "REST_DRAFT_VALUES": "APPROVAL_PENDING,APPROVED",
        # The last change of status, which is the end for these two.
        "REST_END_DATE_PATH": (
            "((status=='CANCELLED' || status=='EXPIRED') && status_update_time) || `null`"
        ),
        "REST_CANCEL_REQUEST": "POST /v1/billing/subscriptions/{subscription_id}/cancel",
        # Required, of at most 128 characters.
        "REST_CANCEL_BODY": '{"reason": "Cancelled by the customer ({request_id})."}',
        # PayPal-Request-Id is not documented for this call, and a simultaneous repeat may fail.
        "REST_IDEMPOTENCY_HEADER": "",
        "REST_REASON_PATH": "details[].description || message",
        # Only a failed business validation is a refusal. If the look has shown the subscription
        # as active, "invalid status" means that one of the two answers is out of date.
        "REST_BUSY_WHEN": (
            "(name!='UNPROCESSABLE_ENTITY' && name!='INVALID_REQUEST')"
            " || details[0].issue=='SUBSCRIPTION_STATUS_INVALID'"
        ),
    },
    {CancellationDate.IMMEDIATE: {}},
    key_needs="The REST app needs the feature Subscriptions.",
)

DEFINITION = PRESET.definition
