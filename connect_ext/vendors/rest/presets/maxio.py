"""Maxio Advanced Billing, formerly Chargify (https://developers.maxio.com)."""

from __future__ import annotations

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.rest.preset import Preset

_AT_THE_END = {"REST_CANCEL_REQUEST": "POST /subscriptions/{subscription_id}/delayed_cancel.json"}

_LIVE = (
    "'active','trialing','assessing','pending','paused','past_due','soft_failure','unpaid',"
    "'on_hold','suspended'"
)

# A subscription that will end keeps its state until then; an ended one may keep the flag.
_ENDS_LATER = f"contains([{_LIVE}], subscription.state) && subscription.cancel_at_end_of_period"

PRESET = Preset(
    "maxio",
    {
        # The host is the site's own.
        "REST_AUTH": "basic:x",
        "REST_STATUS_REQUEST": "GET /subscriptions/{subscription_id}.json",
        "REST_STATUS_PATH": f"({_ENDS_LATER} && 'ends later') || subscription.state",
        "REST_ID_PATH": "subscription.id",
        "REST_ACTIVE_VALUES": _LIVE.replace("'", ""),
        "REST_CANCELLING_VALUES": "",
        "REST_CANCELLED_VALUES": "canceled,expired,trial_ended,failed_to_create,ends later",
        "REST_DRAFT_VALUES": "awaiting_signup,awaiting_signup_date",
        # canceled_at is the date of the latest cancellation; it may have been reactivated since.
        "REST_END_DATE_PATH": (
            f"({_ENDS_LATER}"
            " && (subscription.delayed_cancel_at || subscription.current_period_ends_at))"
            " || (subscription.state=='expired' && subscription.expires_at)"
            " || (subscription.state=='trial_ended' && subscription.trial_ended_at)"
            " || subscription.canceled_at"
        ),
        "REST_CANCEL_REQUEST": "DELETE /subscriptions/{subscription_id}.json",
        # Without a body there is no Content-Type, and Maxio may treat the call as a forgery.
        "REST_CANCEL_BODY": (
            '{"subscription": {"cancellation_message": "CloudBlue Connect {request_id}"}}'
        ),
        # Maxio documents none.
        "REST_IDEMPOTENCY_HEADER": "",
        "REST_REASON_PATH": "errors || error",
        "REST_UNDO_REQUEST": "DELETE /subscriptions/{subscription_id}/delayed_cancel.json",
    },
    {
        CancellationDate.IMMEDIATE: {},
        CancellationDate.END_OF_TERM: _AT_THE_END,
        CancellationDate.END_OF_INVOICED_PERIOD: _AT_THE_END,
    },
    key_needs="Any API key of the site will do: Maxio's keys have no individual permissions.",
)

DEFINITION = PRESET.definition
