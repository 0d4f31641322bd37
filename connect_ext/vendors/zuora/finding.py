"""Finds the requested subscription at Zuora, and the order of an earlier attempt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from urllib.parse import quote

from connect_ext.cause import Cause
from connect_ext.errors import NotConfigured, NotDone
from connect_ext.vendors.base import Cancellation, SubscriptionStatus, named_status
from connect_ext.vendors.zuora import answers, orders
from connect_ext.vendors.zuora.answers import (
    OrderRecord,
    SubscriptionRecord,
    UnreadableError,
    plain,
)
from connect_ext.vendors.zuora.api import Operation, Said, ZuoraApi
from connect_ext.vendors.zuora.errors import NotPermittedError, NotTakenError

CANCELLED = ("cancelled", "canceled")
_STATUSES = {
    "active": SubscriptionStatus.ACTIVE,
    **dict.fromkeys(CANCELLED, SubscriptionStatus.CANCELLED),
    "suspended": SubscriptionStatus.SUSPENDED,
    "draft": SubscriptionStatus.NOT_STARTED,
    "pending": SubscriptionStatus.NOT_STARTED,
    "pendingactivation": SubscriptionStatus.NOT_STARTED,
    "pendingacceptance": SubscriptionStatus.NOT_STARTED,
}
"""Without blanks and case: Zuora's APIs differ in both (docs/facts.md, Orders 9)."""

MOST_TURNS, MOST_PAGES, PAGE = 5, 5, 40
_GENERATED = re.compile(r"O-\d{8,10}", re.ASCII)


class Fate(Enum):
    """The fate of an order, from its status."""

    NONE = "no order can have an effect"
    UNSEEN = "Zuora does not let us see whether there is one"
    UNFINISHED = "it stays there until somebody deals with it"
    ON_ITS_WAY = "Zuora is working on it"
    DONE = "it is carried out, though the subscription may show it later"
    UNKNOWN = "its status is not known"


_FATES = {
    "completed": Fate.DONE,
    "executing": Fate.ON_ITS_WAY,
    "pending": Fate.UNFINISHED,
    "draft": Fate.UNFINISHED,
    "scheduled": Fate.UNFINISHED,
    "cancelled": Fate.NONE,
    "reverted": Fate.NONE,
    "failed": Fate.NONE,
}


@dataclass(frozen=True)
class OurOrder:
    """The order of an earlier attempt, or the number for the next one."""

    fate: Fate
    number: str
    """Only a number of our form or Zuora's; empty for any other, which could be a name or a key."""
    status: str = ""
    """Zuora's own term; empty if there is no order."""
    key: str = field(default="", repr=False)
    """The actual number, in any form; empty if there is no order."""
    is_about_others: bool = False
    """Whether it lists any other subscription, or one without a number."""


async def subscription(zuora: ZuoraApi, cancellation: Cancellation) -> SubscriptionRecord | None:
    """Find the latest version of the subscription by its number, or by the id of any version.

    None if Zuora does not know it. Only an answer about this subscription is believed, and of an
    older version only its number.
    """
    key, request_id = cancellation.subscription_id.text, cancellation.request_id
    found = await _subscription(zuora, key, request_id, may_be_id=True)
    if found is None or found.is_latest:
        return found
    latest = await _subscription(zuora, found.number, request_id, may_be_id=False)
    if latest is None or not latest.is_latest:
        message = "Zuora shows an older version of the subscription, not the latest one."
        raise NotDone(message, cause=Cause.UNREADABLE)
    return latest


def status_of(found: SubscriptionRecord) -> SubscriptionStatus:
    """The status in this project's terms; raises ``NotDone`` for an unknown one."""
    status = _STATUSES.get(plain(found.status))
    if status is None:
        raise NotDone(
            f"Zuora shows the subscription with {named_status(found.status)}, which the"
            " extension does not handle. Nothing is sent until it changes.",
            cause=Cause.UNKNOWN_STATUS,
        )
    return status


def fate_of(status: str) -> Fate:
    """The fate of an order with this status."""
    return _FATES.get(plain(status), Fate.UNKNOWN)


def end_of(found: SubscriptionRecord) -> date | None:
    """The first day without service of a cancelled subscription; raises ``NotDone``."""
    try:
        return answers.day(found.ends)
    except UnreadableError as why:
        message = f"The look-up of a cancelled subscription at Zuora {why}."
        raise NotDone(message, cause=Cause.UNREADABLE) from None


async def our_order(
    zuora: ZuoraApi,
    cancellation: Cancellation,
    subscription_number: str,
    *,
    must_read: bool = False,
) -> OurOrder:
    """Find the order of an earlier attempt at the request.

    It is searched by its number, then by its text. A number is used up if its order has ended
    without effect or is about another subscription. A tenant may not let us read orders: if Zuora
    itself says so, not a gateway, only the subscription's status counts, unless ``must_read``.
    """
    request_id = cancellation.request_id
    try:
        for turn in range(1, MOST_TURNS + 1):
            number = orders.order_number(request_id, turn)
            found = await _order(zuora, number, request_id)
            if found is None:
                marked = await _marked_order(zuora, subscription_number, request_id)
                return marked or OurOrder(Fate.NONE, number)
            if _is_about(found, subscription_number) and fate_of(found.status) is not Fate.NONE:
                return _ours(found, subscription_number, request_id)
    except NotPermittedError:
        if must_read:
            raise
        return OurOrder(Fate.UNSEEN, "")
    raise NotConfigured(
        f"Zuora has {MOST_TURNS} orders to cancel the subscription for this request, none of which"
        " had an effect. Check the subscription in Zuora, and settle the request in Connect."
    )


async def _subscription(
    zuora: ZuoraApi, key: str, request_id: str, *, may_be_id: bool
) -> SubscriptionRecord | None:
    operation = Operation(
        "the look-up of the subscription (ZUORA_API_URL)",
        f"/v1/subscriptions/{quote(key, safe='')}?exclude-rate-plans-with-no-charges=true",
        _reads_subscription(key, is_id=may_be_id and _is_id(key)),
    )
    return await zuora.find(operation, orders.track_id(request_id))


def _reads_subscription(key: str, *, is_id: bool) -> Callable[[Said], SubscriptionRecord]:
    def read(said: Said) -> SubscriptionRecord:
        found = answers.subscription(said.document)
        # The latest version has a different id from the requested one. Only Zuora's echo of our
        # track id proves that it is the same subscription.
        is_asked_for = is_id and (said.echoes or _is_same(key, found.id))
        if not is_asked_for and not _is_same(key, found.number):
            raise UnreadableError("is about another subscription")
        return found

    return read


async def _order(zuora: ZuoraApi, number: str, request_id: str) -> OrderRecord | None:
    operation = Operation(
        "the look-up of the order (ZUORA_API_URL)",
        f"/v1/orders/{number}",
        lambda said: answers.order(said.document, number),
    )
    try:
        return await zuora.find(operation, orders.track_id(request_id))
    except NotTakenError:
        # Zuora may also answer like this if the number has no order (docs/facts.md, Orders 10).
        return None


async def _marked_order(
    zuora: ZuoraApi, subscription_number: str, request_id: str
) -> OurOrder | None:
    """Find the order with our text; a tenant may have given it a different number."""
    path = f"/v1/orders/subscription/{quote(subscription_number, safe='')}"
    marker = orders.marker(request_id)

    def read(said: Said) -> tuple[OrderRecord | None, bool]:
        page = answers.order_page(said.document)
        ours = (one for one in page.orders if marker in one.texts)
        found = next((one for one in ours if fate_of(one.status) is not Fate.NONE), None)
        return found, page.has_more

    for page in range(1, MOST_PAGES + 1):
        operation = Operation(
            "the list of the subscription's orders (ZUORA_API_URL)",
            f"{path}?status=all&pageSize={PAGE}&page={page}",
            read,
        )
        found, has_more = await zuora.find(operation, orders.track_id(request_id)) or (None, False)
        if found:
            return _ours(found, subscription_number, request_id)
        if not has_more:
            return None
    return None


def _ours(found: OrderRecord, subscription_number: str, request_id: str) -> OurOrder:
    number = found.number if _is_shown(found.number, request_id) else ""
    others = bool(found.subscriptions - {subscription_number}) or not found.names_all
    return OurOrder(fate_of(found.status), number, found.status, found.number, others)


def _is_about(found: OrderRecord, subscription_number: str) -> bool:
    return not found.subscriptions or subscription_number in found.subscriptions


def _is_shown(number: str, request_id: str) -> bool:
    """Whether a note may show an order's number: ours, or one that Zuora generated."""
    ours = re.escape(orders.order_number(request_id))
    return bool(_GENERATED.fullmatch(number) or re.fullmatch(rf"{ours}(-[0-9a-f]+)*", number))


def _is_same(one: str, other: str) -> bool:
    """Whether two numbers or ids are the same to Zuora, which ignores the case of ASCII letters."""
    return one == other or ((one + other).isascii() and one.lower() == other.lower())


def _is_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{32}", text) is not None
