"""Kill Bill (https://apidocs.killbill.io/subscription)."""

from __future__ import annotations

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.rest.preset import Preset

_CANCEL = "DELETE /1.0/kb/subscriptions/{subscription_id}"
_AT_THE_END = {
    "REST_CANCEL_REQUEST": f"{_CANCEL}?entitlementPolicy=END_OF_TERM&billingPolicy=END_OF_TERM"
}

_LIVE = "'ACTIVE','BLOCKED','PENDING'"

# A subscription that will end keeps its state until then, even if it has not begun
# (https://github.com/killbill/killbill/issues/1528).
_ENDS_LATER = f"contains([{_LIVE}], state) && cancelledDate"

PRESET = Preset(
    "kill-bill",
    {
        # The host is the user's own; REST_SECRET_HEADERS holds the tenant's key and secret.
        "REST_AUTH": "basic",
        "REST_HEADERS": (
            '{"X-Killbill-CreatedBy": "CloudBlue Connect", "X-Killbill-Comment": "{request_id}"}'
        ),
        "REST_STATUS_REQUEST": "GET /1.0/kb/subscriptions/{subscription_id}",
        "REST_STATUS_PATH": f"({_ENDS_LATER} && 'ends later') || state",
        "REST_ID_PATH": "subscriptionId",
        "REST_ACTIVE_VALUES": _LIVE.replace("'", ""),
        "REST_CANCELLING_VALUES": "",
        "REST_CANCELLED_VALUES": "CANCELLED,EXPIRED,ends later",
        "REST_DRAFT_VALUES": "",
        "REST_END_DATE_PATH": "cancelledDate || billingEndDate",
        # Without the policies, the catalogue decides when billing stops.
        "REST_CANCEL_REQUEST": f"{_CANCEL}?entitlementPolicy=IMMEDIATE&billingPolicy=IMMEDIATE",
        # Kill Bill has none.
        "REST_IDEMPOTENCY_HEADER": "",
        "REST_REASON_PATH": "message",
        # Any error without Kill Bill's number, or with its number for an unexpected error.
        "REST_BUSY_WHEN": "!code || code==`4`",
        "REST_UNDO_REQUEST": "PUT /1.0/kb/subscriptions/{subscription_id}/uncancel",
    },
    {
        CancellationDate.IMMEDIATE: {},
        CancellationDate.END_OF_TERM: _AT_THE_END,
        CancellationDate.END_OF_INVOICED_PERIOD: _AT_THE_END,
    },
    key_needs=(
        "The user needs the permission entitlement:cancel; the tenant's X-Killbill-ApiKey and"
        " X-Killbill-ApiSecret go into REST_SECRET_HEADERS."
    ),
)

DEFINITION = PRESET.definition
