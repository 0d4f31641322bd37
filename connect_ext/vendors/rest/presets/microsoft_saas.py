"""Microsoft's commercial marketplace, SaaS fulfillment APIs v2.

https://learn.microsoft.com/partner-center/marketplace-offers/partner-center-portal/ has them as
pc-saas-fulfillment-subscription-api and pc-saas-fulfillment-life-cycle.
"""

from __future__ import annotations

from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.rest.preset import Preset

_SUBSCRIPTION = "/saas/subscriptions/{subscription_id}?api-version=2018-08-31"

PRESET = Preset(
    "microsoft-saas",
    {
        "REST_API_URL": "https://marketplaceapi.microsoft.com/api",
        "REST_AUTH": "oauth2",
        # The marketplace's own resource id, the same for every tenant.
        "REST_OAUTH_SCOPE": "20e940b3-4c77-4b0b-9a53-9e16a1b010a7/.default",
        "REST_STATUS_REQUEST": f"GET {_SUBSCRIPTION}",
        "REST_STATUS_PATH": "saasSubscriptionStatus",
        "REST_ID_PATH": "id",
        # It can be cancelled at any point in its life cycle, which begins with the last of these.
        "REST_ACTIVE_VALUES": "Subscribed,Suspended,PendingFulfillmentStart",
        "REST_CANCELLING_VALUES": "",
        "REST_CANCELLED_VALUES": "Unsubscribed",
        "REST_DRAFT_VALUES": "NotStarted",
        "REST_CANCEL_REQUEST": f"DELETE {_SUBSCRIPTION}",
        # Microsoft honours no idempotency key. This header only correlates the calls for one
        # request in its logs; x-ms-requestid differs for each call, and Microsoft generates it.
        "REST_IDEMPOTENCY_HEADER": "",
        "REST_HEADERS": '{"x-ms-correlationid": "{request_uuid}"}',
        "REST_REASON_PATH": "message || error.message",
        # A subscription locked by another operation also answers 400, with a different code.
        "REST_BUSY_WHEN": "code!='BadRequest'",
    },
    {CancellationDate.IMMEDIATE: {}},
    key_needs=(
        "The Microsoft Entra app must be the one that the offer names in Partner Center (Technical"
        " configuration: tenant ID and application ID); it needs no further permission."
    ),
)

DEFINITION = PRESET.definition
