"""Chargebee, API v2 with Product Catalog 2.0 (https://apidocs.chargebee.com/docs/api)."""

from __future__ import annotations

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.rest.preset import Preset

# A term, in Chargebee, is the period it has invoiced.
_AT_THE_END = {"REST_CANCEL_BODY": '{"cancel_option": "end_of_term"}'}

PRESET = Preset(
    "chargebee",
    {
        "REST_AUTH": "basic:",
        "REST_BODY_FORMAT": "form",
        "REST_STATUS_REQUEST": "GET /api/v2/subscriptions/{subscription_id}",
        # A trial that will end stays in_trial until then, with its end in cancelled_at. A date
        # before the end of the trial or term could be left from before a reactivation.
        "REST_STATUS_PATH": (
            "(subscription.status=='in_trial' && subscription.cancelled_at>=subscription.trial_end"
            " && 'ends later')"
            " || (subscription.status=='active'"
            " && subscription.cancelled_at>=subscription.current_term_end && 'ends later')"
            " || subscription.status"
        ),
        "REST_ID_PATH": "subscription.id",
        # A transferred subscription continues elsewhere: Chargebee refuses to cancel it here.
        "REST_ACTIVE_VALUES": "active,in_trial,paused,transferred",
        "REST_CANCELLING_VALUES": "",
        "REST_CANCELLED_VALUES": "cancelled,non_renewing,ends later",
        "REST_DRAFT_VALUES": "future",
        "REST_END_DATE_PATH": (
            "subscription.cancelled_at || (subscription.status=='non_renewing'"
            " && subscription.current_term_end) || `null`"
        ),
        "REST_CANCEL_REQUEST": "POST /api/v2/subscriptions/{subscription_id}/cancel_for_items",
        "REST_IDEMPOTENCY_HEADER": "chargebee-idempotency-key: {request_id}",
        "REST_REASON_PATH": "message",
        # A reused idempotency key and a site with Product Catalog 1.0 are not refusals; a 409
        # is one, since the state does not allow the cancellation.
        "REST_BUSY_WHEN": (
            "type!='invalid_request' || contains("
            '`["unable_to_process_request", "configuration_incompatible"]`, api_error_code)'
        ),
        "REST_UNDO_REQUEST": (
            "POST /api/v2/subscriptions/{subscription_id}/remove_scheduled_cancellation"
        ),
    },
    {
        CancellationDate.IMMEDIATE: {"REST_CANCEL_BODY": '{"cancel_option": "immediately"}'},
        CancellationDate.END_OF_TERM: _AT_THE_END,
        CancellationDate.END_OF_INVOICED_PERIOD: _AT_THE_END,
    },
    key_needs="A full-access key of the site; a read-only or publishable one cannot cancel.",
)

DEFINITION = PRESET.definition
