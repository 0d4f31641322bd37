"""Bugs that only show with a Zuora with orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connect_ext.cancelling.observing import Observer
from connect_ext.cancelling.process import process
from connect_ext.cancelling.steps import Ended
from connect_ext.cause import Cause
from connect_ext.errors import NotConfigured, NotDone, Refused
from connect_ext.vendors.base import Accepted, Cancellation, Subscription, SubscriptionStatus
from connect_ext.vendors.zuora import finding, orders
from tests.model.broken import Passing, Variant, with_vendor
from tests.model.history import Asking


class LyingIsDone(Passing):
    async def cancel(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        accepted = await super().cancel(order, shown)
        found = accepted.subscription
        if found is None or found.status is not SubscriptionStatus.UNFINISHED:
            return accepted
        return Accepted(Subscription(SubscriptionStatus.CANCELLED))


class NotLookedFor(Passing):
    async def look_up(self, order: Cancellation) -> Subscription:
        found: Subscription = await self.vendor.look_up(replace(order, may_have_been_sent=False))
        return found


class SuspendedIsActive(Passing):
    async def look_up(self, order: Cancellation) -> Subscription:
        found: Subscription = await self.vendor.look_up(order)
        if found.status is SubscriptionStatus.SUSPENDED:
            return replace(found, status=SubscriptionStatus.ACTIVE)
        return found


class LockIsRefusal(Passing):
    async def cancel(self, order: Cancellation, shown: Subscription | None) -> Accepted:
        try:
            return await super().cancel(order, shown)
        except NotDone as error:
            if error.cause is Cause.CONFLICT:
                raise Refused(error.message) from None
            raise


async def _not_asking_at_once(request: Any, settings: Any, *others: Any) -> Ended:
    vendor = replace(settings.vendor, leaves_orders=False)
    return await process(request, replace(settings, vendor=vendor), *others)


_look_later = Observer.look_later


async def _look_later_at_the_subscription(self: Observer, e: Any, *args: Any, **_: Any) -> Any:
    return await _look_later(self, e, *args)


def _request_id(request_id: str, *_: Any) -> str:
    return request_id


def _first_number(request_id: str, _turn: int = 1) -> str:
    return f"CONNECT-{request_id}"


BELIEVES_A_GATEWAY = Variant(parts=((finding, "NotPermittedError", NotConfigured),))
"""Concludes from one gateway's answer that no order can be read. It only shows with a fault at one
certain call of a later walk, so random histories are not enough.
"""

_VARIANTS = {
    "a pending order counts as done": with_vendor(LyingIsDone),
    "the order is not looked for": with_vendor(NotLookedFor),
    "the order is looked for only before another is sent": Variant(_not_asking_at_once),
    "without a mark the order is not looked for": Variant(
        parts=((Observer, "look_later", _look_later_at_the_subscription),)
    ),
    "the idempotency key is the request id": Variant(
        parts=((orders, "idempotency_key", _request_id),)
    ),
    "a number that is used up is used again": Variant(
        parts=((orders, "order_number", _first_number),)
    ),
    "a suspended subscription counts as active": with_vendor(SuspendedIsActive),
    "a lock counts as a refusal": with_vendor(LockIsRefusal),
}
VARIANTS = {
    name: replace(variant, kinds=(Asking.ZUORA_ORDERS,)) for name, variant in _VARIANTS.items()
}
