"""Finding things at Zuora: the subscription that is asked for, and the order that we have left."""

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
"""Without blanks and case: APIs of Zuora's write them either way (docs/facts.md, Orders 9)."""

MOST_TURNS, MOST_PAGES, PAGE = 5, 5, 40
_GENERATED = re.compile(r"O-\d{8,10}", re.ASCII)


class Fate(Enum):
    """What becomes of an order, by its status."""

    NONE = "there is none that could have an effect"
    UNSEEN = "Zuora does not let us see whether there is one"
    UNFINISHED = "it lies there until somebody sees to it"
    ON_ITS_WAY = "Zuora is at work on it"
    DONE = "it is carried out, though the subscription may show it later"
    UNKNOWN = "its status is none that is known"


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
    """Ours, or of the shape of Zuora's own; empty for any other, which could be a name or a key."""
    status: str = ""
    """Zuora's own word; empty for an order that is not there."""
    key: str = field(default="", repr=False)
    """The number as it is, whatever its shape; empty for an order that is not there."""
    is_about_others: bool = False
    """Whether it names any subscription but the one that was asked for, or one without a number."""


async def subscription(zuora: ZuoraApi, cancellation: Cancellation) -> SubscriptionRecord | None:
    """The latest version of the subscription, by its number or by the id of any version.

    None if Zuora does not know it. Only an answer about the one that was asked for is believed,
    and of an older version only its number.
    """
    key, request_id = cancellation.subscription_id.text, cancellation.request_id
    found = await _subscription(zuora, key, request_id, may_be_id=True)
    if found is None or found.is_latest:
        return found
    latest = await _subscription(zuora, found.number, request_id, may_be_id=False)
    if latest is None or not latest.is_latest:
        message = "Zuora shows an older version of the subscription, and not its latest one."
        raise NotDone(message, cause=Cause.UNREADABLE)
    return latest


def status_of(found: SubscriptionRecord) -> SubscriptionStatus:
    """The status in this project's words; raises ``NotDone`` for one that is not known."""
    status = _STATUSES.get(plain(found.status))
    if status is None:
        raise NotDone(
            f"Zuora shows the subscription with {named_status(found.status)}, on which the"
            " extension does not act. Nothing is sent until it changes.",
            cause=Cause.UNKNOWN_STATUS,
        )
    return status


def fate_of(status: str) -> Fate:
    """What becomes of an order with this status."""
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
    """The order of an earlier attempt at the request.

    By its number, then by the text that it bears. A number whose order has ended without effect,
    or is about another subscription, is used up. A tenant may not let us read orders: if Zuora
    itself says so, and not a gateway, the subscription alone tells, unless ``must_read``.
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
        " had an effect. See to the subscription in Zuora, and settle the request in Connect."
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
        # The latest version has another id than the one that is asked for. That it is the same
        # subscription is known only where Zuora echoes our request.
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
        # That is how a number without an order may be answered as well (docs/facts.md, Orders 10).
        return None


async def _marked_order(
    zuora: ZuoraApi, subscription_number: str, request_id: str
) -> OurOrder | None:
    """The order that bears our text; a tenant may have given it a number of its own."""
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
    """Whether a note may name an order by its number: ours, or one of Zuora's own making."""
    ours = re.escape(orders.order_number(request_id))
    return bool(_GENERATED.fullmatch(number) or re.fullmatch(rf"{ours}(-[0-9a-f]+)*", number))


def _is_same(one: str, other: str) -> bool:
    """Whether Zuora could take two numbers, or ids, for one: the case of ASCII letters is all that
    may differ."""
    return one == other or ((one + other).isascii() and one.lower() == other.lower())


def _is_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{32}", text) is not None
