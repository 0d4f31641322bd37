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
        # The marketplace itself, as every tenant's token end point knows it.
        "REST_OAUTH_SCOPE": "20e940b3-4c77-4b0b-9a53-9e16a1b010a7/.default",
        "REST_STATUS_REQUEST": f"GET {_SUBSCRIPTION}",
        "REST_STATUS_PATH": "saasSubscriptionStatus",
        "REST_ID_PATH": "id",
        # It can be cancelled at any point of its life cycle, which begins with the last of these.
        "REST_ACTIVE_VALUES": "Subscribed,Suspended,PendingFulfillmentStart",
        "REST_CANCELLING_VALUES": "",
        "REST_CANCELLED_VALUES": "Unsubscribed",
        "REST_DRAFT_VALUES": "NotStarted",
        "REST_CANCEL_REQUEST": f"DELETE {_SUBSCRIPTION}",
        # No key is honoured. This one only ties the calls for a request together in Microsoft's
        # logs; x-ms-requestid is to be another for each call, which Microsoft makes up itself.
        "REST_IDEMPOTENCY_HEADER": "",
        "REST_HEADERS": '{"x-ms-correlationid": "{request_uuid}"}',
        "REST_REASON_PATH": "message || error.message",
        # A subscription that is locked by another operation answers 400 as well, with another code.
        "REST_BUSY_WHEN": "code!='BadRequest'",
    },
    {CancellationDate.IMMEDIATE: {}},
    key_needs=(
        "The Microsoft Entra app must be the one that the offer names in Partner Center (Technical"
        " configuration: tenant ID and application ID); it needs no further permission."
    ),
)

DEFINITION = PRESET.definition
