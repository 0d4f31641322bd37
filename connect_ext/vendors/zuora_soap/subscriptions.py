"""Subscriptions as Zuora shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connect_ext.cause import Cause
from connect_ext.errors import NotDone
from connect_ext.vendors.base import (
    Subscription,
    SubscriptionId,
    SubscriptionStatus,
    named_status,
)
from connect_ext.vendors.zuora_soap import answers, envelopes, zoql
from connect_ext.vendors.zuora_soap.answers import SubscriptionVersion, plain
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.exchange import Operation

_ACTIVE = "active"
_EXPIRED = "expired"
_STATUSES = {
    _ACTIVE: SubscriptionStatus.ACTIVE,
    # Zuora itself decides whether to cancel a suspended subscription or to refuse.
    "suspended": SubscriptionStatus.ACTIVE,
    "cancelled": SubscriptionStatus.CANCELLED,
    "canceled": SubscriptionStatus.CANCELLED,
    "draft": SubscriptionStatus.NOT_STARTED,
    "pendingactivation": SubscriptionStatus.NOT_STARTED,
    "pendingacceptance": SubscriptionStatus.NOT_STARTED,
}


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with the first and the last day on which Zuora cancels it, if known."""

    begins_at: datetime | None = None
    term_ends_at: datetime | None = None


async def look_up(endpoint: Endpoint, subscription_id: SubscriptionId) -> Subscription:
    """Read the latest version of a subscription, by its number or the id of any version.

    One query; two for the id of a version that an amendment has superseded ("Expired",
    docs/facts.md, Zuora 2.1).
    """
    key = subscription_id.text
    if not zoql.can_be_asked_for(key):
        return Subscription(SubscriptionStatus.UNKNOWN_ID)
    if not zoql.is_id(key):
        return _shown(await _versions_of(endpoint, key))
    found = await _version(endpoint, key.lower())
    if found and plain(found[0].status) == _EXPIRED:
        found = await _versions_of(endpoint, found[0].number)
    return _shown(found)


async def _version(endpoint: Endpoint, version_id: str) -> list[SubscriptionVersion]:
    found = await _query(endpoint, zoql.subscription_by_id(version_id))
    return _only(found, [one for one in found if one.id.lower() == version_id])


async def _versions_of(endpoint: Endpoint, number: str) -> list[SubscriptionVersion]:
    found = await _query(endpoint, zoql.subscriptions_by_number(number))
    same = number.casefold()
    return _only(found, [one for one in found if one.number.casefold() == same])


async def _query(endpoint: Endpoint, question: str) -> tuple[SubscriptionVersion, ...]:
    build = envelopes.query(question)
    return await endpoint.ask(Operation("query", build, answers.subscription_versions))


def _only(
    found: tuple[SubscriptionVersion, ...], asked_for: list[SubscriptionVersion]
) -> list[SubscriptionVersion]:
    """Trust no answer that holds another customer's subscription.

    Zuora and we compare numbers without case, but the versions of one subscription share one.
    """
    if len(asked_for) != len(found) or len({one.number for one in found}) > 1:
        message = "Zuora's answer holds a subscription that was not asked for."
        raise NotDone(message, cause=Cause.UNREADABLE)
    return asked_for


def _shown(versions: list[SubscriptionVersion]) -> Subscription:
    """The version whose status counts for the whole subscription."""
    if not versions:
        return Subscription(SubscriptionStatus.UNKNOWN_ID)
    newest = _newest(versions)
    status = _status_of(newest)
    if status is SubscriptionStatus.NOT_STARTED:
        # If an older version is active, an amendment is pending, and the subscription runs.
        newest = _newest([one for one in versions if plain(one.status) == _ACTIVE] or versions)
        status = _status_of(newest)
    ends_at = newest.ends_at if status is SubscriptionStatus.CANCELLED else None
    return ShownSubscription(
        status, ends_at, newest.id, begins_at=newest.begins_at, term_ends_at=newest.term_ends_at
    )


def _newest(versions: list[SubscriptionVersion]) -> SubscriptionVersion:
    return max(versions, key=lambda one: one.version)


def _status_of(version: SubscriptionVersion) -> SubscriptionStatus:
    status = _STATUSES.get(plain(version.status))
    if status is None:
        raise NotDone(
            f"Zuora shows the subscription with {named_status(version.status)}, which the "
            "extension does not know. Nothing is sent until it changes.",
            cause=Cause.UNKNOWN_STATUS,
        )
    return status
