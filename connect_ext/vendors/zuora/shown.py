"""What a look at Zuora shows, in this project's words."""

from __future__ import annotations

from dataclasses import dataclass, field

from connect_ext.vendors.base import Subscription, SubscriptionStatus
from connect_ext.vendors.zuora.answers import SubscriptionRecord, plain


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with what an order about it needs."""

    record: SubscriptionRecord = field(kw_only=True)
    order_number: str = field(kw_only=True)
    """For the next order: a number that none of ours has used up, as far as is known."""


def unfinished(number: str, status: str) -> Subscription:
    """A subscription for which an order of ours lies at Zuora; an empty number is not shown."""
    which = f"the order {number}" if number else "an order of this request's"
    what = f"Zuora has {which} to cancel the subscription, and has left it"
    do = "See to it in Zuora: let it be carried out, or delete it; then resubmit the task."
    detail = f"{what} {plain(status)}. No other is sent. {do}"
    return Subscription(SubscriptionStatus.UNFINISHED, detail=detail)


def on_its_way() -> Subscription:
    """A subscription whose order is carried out, or is about to be."""
    return Subscription(SubscriptionStatus.CANCELLING)
