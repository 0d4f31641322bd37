"""Builds the orders for Zuora, and the numbers and texts by which they are found again."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from connect_ext.vendors.zuora.answers import SubscriptionRecord
from connect_ext.vendors.zuora.dates import Days
from connect_ext.vendors.zuora.settings import ZuoraSettings

Body = dict[str, Any]

_NOT_IN_NUMBERS = re.compile(r"[^A-Za-z0-9_.-]")
_TRIGGERS = ("ContractEffective", "ServiceActivation", "CustomerAcceptance")


def track_id(request_id: str) -> str:
    """The id that Zuora echoes and its support asks for: at most 64 characters, few special."""
    return _NOT_IN_NUMBERS.sub("", request_id)[:64]


def order_number(request_id: str, turn: int = 1) -> str:
    """The number of the order to cancel, the same for each attempt at a request.

    So Zuora can store only one of a delayed order and its repeat. Once an order has ended without
    effect, its number is taken: the next ``turn`` uses another.
    """
    number = f"CONNECT-{track_id(request_id)}"
    return number if turn == 1 else f"{number}-{turn}"


def number_of_attempt(request_id: str, attempt: str) -> str:
    """A number that no other attempt uses, for when the usual number seems to be taken."""
    return f"{order_number(request_id)}-{_NOT_IN_NUMBERS.sub('', attempt)[:20]}"


def marker(request_id: str) -> str:
    """The text of an order and its action; the subscription shows it as the cancel reason."""
    return f"CloudBlue Connect {track_id(request_id)}"


def cancellation(
    request_id: str, number: str, shown: SubscriptionRecord, days: Days, settings: ZuoraSettings
) -> Body:
    """Build the order to cancel (docs/facts.md, Orders 3)."""
    return {
        "orderNumber": number,
        **_common(request_id, shown, days),
        "processingOptions": _processing(settings, days),
    }


def preview(request_id: str, shown: SubscriptionRecord, days: Days) -> Body:
    """Build the same order for a preview; without a number, so that it uses none up."""
    until: Body = {"previewThruType": "TermEnd"}
    if days.effective or shown.is_evergreen:
        until = {
            "previewThruType": "SpecificDate",
            "specificPreviewThruDate": (days.effective or days.ordered).isoformat(),
        }
    return {
        **_common(request_id, shown, days),
        "previewOptions": {
            **until,
            "previewTypes": ["BillingDocs"],
            # Other scheduled orders are not ours.
            "validateScheduledOrders": False,
        },
    }


def idempotency_key(request_id: str, attempt: str, content: bytes) -> str:
    """A digest of everything that identifies this order.

    For a day, Zuora repeats its answer to a key, even a lock, and its documentation does not say
    what it does with a different body (docs/facts.md, Orders 7). So each attempt has its own key.
    """
    parts = (request_id.encode(), attempt.encode(), content)
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _common(request_id: str, shown: SubscriptionRecord, days: Days) -> Body:
    ordered, details = days.ordered.isoformat(), {"cancellationPolicy": days.policy}
    if days.named:
        details["cancellationEffectiveDate"] = days.named.isoformat()
    action = {
        "type": "CancelSubscription",
        "changeReason": marker(request_id),
        # For tenants that require one of these, an action without it makes a pending order.
        "triggerDates": [{"name": name, "triggerDate": ordered} for name in _TRIGGERS],
        "cancelSubscription": details,
    }
    return {
        "orderDate": ordered,
        "existingAccountNumber": shown.account_number,
        "description": marker(request_id),
        "subscriptions": [{"subscriptionNumber": shown.number, "orderActions": [action]}],
    }


def _processing(settings: ZuoraSettings, days: Days) -> Body:
    options: Body = {
        "runBilling": settings.generate_invoice,
        "collectPayment": settings.process_payments,
    }
    if settings.generate_invoice:
        # Not up to a later end: that would bill the rest of the term today.
        target = days.named or days.ordered
        options["billingOptions"] = {"targetDate": target.isoformat()}
    return options
