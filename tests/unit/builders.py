"""Small factories for the core's values."""

from __future__ import annotations

import string
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from connect_ext.cancelling.request import CancelRequest
from connect_ext.portal.settings import Configuration, Settings, read_configuration
from connect_ext.vendors.base import (
    Cancellation,
    Subscription,
    SubscriptionId,
    SubscriptionStatus,
)
from connect_ext.vendors.registry import BUILT_IN, definitions

OWN_VENDORS = {name: definitions()[name] for name in BUILT_IN}
"""Without other packages' vendors, which may be installed beside the extension."""

NOW = datetime(2026, 3, 2, 9, 15, 41, tzinfo=timezone.utc)
DAY = timedelta(days=1)
ID = SubscriptionId("A-S00012345")

REST_KEY = "t0ken-of-the-rest-vendor"
ZUORA_PASSWORD = "p4ssword-of-the-zuora-user"

REST_VARIABLES = {"REST_API_URL": "https://vendor.example/v1", "REST_API_KEY": REST_KEY}
ZUORA_VARIABLES = {
    "VENDOR": "zuora-soap",
    "ZUORA_SOAP_URL": "https://zuora.example/apps/services/a/91.0",
    "ZUORA_USERNAME": "api@vendor.example",
    "ZUORA_PASSWORD": ZUORA_PASSWORD,
}
ORDERS_SECRET = "s3cret-of-the-oauth-client"
ORDERS_VARIABLES = {
    "VENDOR": "zuora",
    "ZUORA_API_URL": "https://rest.zuora.example",
    "ZUORA_CLIENT_ID": "0b9f3c52-6f2e-4d4e-9a55-3b0c7a1d2e3f",
    "ZUORA_CLIENT_SECRET": ORDERS_SECRET,
}


ODD_CHARACTERS = (
    "\x00\x1b\x7f\x85\u00a0\u00e9\u00df\u0130\u0663\u200b\u2028\u202e\ufeff\ufffd\ud800\udfff"
    "\u738b\U0001f600"
)
"""Control, wide, right-to-left, half and invisible ones; all of Unicode takes seconds to load.
"""

odd_texts = st.text(st.sampled_from(string.printable + ODD_CHARACTERS), max_size=40)


def configuration(**variables: str) -> Configuration:
    """A REST vendor's configuration with these additional variables."""
    return read_configuration({**REST_VARIABLES, **variables}, OWN_VENDORS)


def settings(**variables: str) -> Settings:
    return configuration(**variables).default


def connect_request(*params: dict, **changes: object) -> dict:
    """Connect's JSON of a cancel request with these parameters."""
    return {
        "id": "PR-3071-1051-2166-004",
        "type": "cancel",
        "status": "pending",
        "created": "2026-03-02T09:15:41+00:00",
        "template": {"id": "TL-471-184-949"},
        "asset": {
            "id": "AS-3071-1051-2166",
            "product": {"id": "PRD-411-678-887"},
            "params": [{"phase": "fulfillment", **param} for param in params],
            "tiers": {},
        },
        **changes,
    }


def cancel_request(*params: dict, **changes: object) -> CancelRequest:
    return CancelRequest.from_connect(connect_request(*params, **changes))


def cancellation(subscription_id: SubscriptionId = ID) -> Cancellation:
    return Cancellation(subscription_id, "PR-3071-1051-2166-004", "AS-3071-1051-2166", NOW)


def shown(status: SubscriptionStatus, ends_at: datetime | None = None) -> Subscription:
    return Subscription(status, ends_at)
