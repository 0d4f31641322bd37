"""Results of a look at Zuora, in this project's terms."""

from __future__ import annotations

from dataclasses import dataclass, field

from connect_ext.vendors.base import Subscription, SubscriptionStatus
from connect_ext.vendors.zuora.answers import SubscriptionRecord, plain


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with the data that an order for it needs."""

    record: SubscriptionRecord = field(kw_only=True)
    order_number: str = field(kw_only=True)
    """The number for the next order: one that, as far as we know, is not used up."""


def unfinished(number: str, status: str) -> Subscription:
    """A subscription with an unfinished order of ours at Zuora; an empty number is not shown."""
    which = f"the order {number}" if number else "an order for this request"
    what = f"Zuora has {which} to cancel the subscription, and has left it"
    do = "Deal with it in Zuora: let it be carried out, or delete it; then resubmit the task."
    detail = f"{what} {plain(status)}. No other order is sent. {do}"
    return Subscription(SubscriptionStatus.UNFINISHED, detail=detail)


def on_its_way() -> Subscription:
    """A subscription whose order is being carried out, or is about to be."""
    return Subscription(SubscriptionStatus.CANCELLING)
