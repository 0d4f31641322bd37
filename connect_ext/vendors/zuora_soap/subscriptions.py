"""Reads subscriptions at Zuora."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo

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
from connect_ext.vendors.zuora_soap.dates import ZuoraDate, zone_of
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.exchange import Operation

_ACTIVE = "active"
_EXPIRED = "expired"
_STATUSES = {
    _ACTIVE: SubscriptionStatus.ACTIVE,
    # Zuora itself decides whether to cancel a suspended subscription.
    "suspended": SubscriptionStatus.ACTIVE,
    "cancelled": SubscriptionStatus.CANCELLED,
    "canceled": SubscriptionStatus.CANCELLED,
    "draft": SubscriptionStatus.NOT_STARTED,
    "pendingactivation": SubscriptionStatus.NOT_STARTED,
    "pendingacceptance": SubscriptionStatus.NOT_STARTED,
}


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with everything its cancellation, or taking that back, may need."""

    begins: ZuoraDate | None = None
    """The first day on which Zuora cancels it, if known."""
    term_ends: ZuoraDate | None = None
    """The last day on which Zuora cancels it, if known; evergreen ones have none."""
    previous_id: str = ""
    """The version that this one superseded."""
    account_id: str = field(default="", repr=False)


@dataclass(frozen=True)
class Catalogue:
    """A tenant's subscriptions, in a version of the WSDL."""

    endpoint: Endpoint = field(repr=False)
    version: float
    zone: tzinfo
    """The tenant's zone; up to version 68, days begin in Zuora's own."""

    async def look_up(self, subscription_id: SubscriptionId) -> Subscription:
        """Read the latest version of a subscription, by its number or the id of any version.

        This takes one query, or two for the id of a version that an amendment has superseded
        ("Expired", docs/facts.md, Zuora 2.1).
        """
        key = subscription_id.text
        if not zoql.can_be_asked_for(key):
            return Subscription(SubscriptionStatus.UNKNOWN_ID)
        if not zoql.is_id(key):
            return self._shown(await self._versions_of(key))
        found = await self._version(key.lower())
        if found and plain(found[0].status) == _EXPIRED:
            found = await self._versions_of(found[0].number)
        return self._shown(found)

    async def _version(self, version_id: str) -> list[SubscriptionVersion]:
        found = await self._query(zoql.subscription_by_id(version_id, self.version))
        return _only(found, [one for one in found if one.id.lower() == version_id])

    async def _versions_of(self, number: str) -> list[SubscriptionVersion]:
        found = await self._query(zoql.subscriptions_by_number(number, self.version))
        same = number.casefold()
        return _only(found, [one for one in found if one.number.casefold() == same])

    async def _query(self, question: str) -> tuple[SubscriptionVersion, ...]:
        build = envelopes.query(question)
        return await self.endpoint.ask(Operation("query", build, answers.subscription_versions))

    def _shown(self, versions: list[SubscriptionVersion]) -> Subscription:
        if not versions:
            return Subscription(SubscriptionStatus.UNKNOWN_ID)
        newest, status = _that_counts(versions)
        ends = newest.ends if status is SubscriptionStatus.CANCELLED else None
        return ShownSubscription(
            status,
            ends.begins(zone_of(self.version, self.zone)) if ends else None,
            newest.id,
            is_evergreen=newest.is_evergreen,
            begins=newest.begins,
            term_ends=None if newest.is_evergreen else newest.term_ends,
            previous_id=newest.previous_id,
            account_id=newest.account_id,
        )


def _only(
    found: tuple[SubscriptionVersion, ...], asked_for: list[SubscriptionVersion]
) -> list[SubscriptionVersion]:
    """Reject an answer that holds another customer's subscription.

    Zuora and we ignore case in numbers, but all versions of a subscription have the same spelling.
    """
    if len(asked_for) != len(found) or len({one.number for one in found}) > 1:
        message = "Zuora's answer holds a subscription that was not asked for."
        raise NotDone(message, cause=Cause.UNREADABLE)
    return asked_for


def _that_counts(
    versions: list[SubscriptionVersion],
) -> tuple[SubscriptionVersion, SubscriptionStatus]:
    """Choose the version whose status counts for the whole subscription."""
    newest = _newest(versions)
    status = _status_of(newest)
    if status is SubscriptionStatus.NOT_STARTED:
        # If an older version is active, an amendment is pending and the subscription is running.
        newest = _newest([one for one in versions if plain(one.status) == _ACTIVE] or versions)
        status = _status_of(newest)
    return newest, status


def _newest(versions: list[SubscriptionVersion]) -> SubscriptionVersion:
    return max(versions, key=lambda one: one.version)


def _status_of(version: SubscriptionVersion) -> SubscriptionStatus:
    status = _STATUSES.get(plain(version.status))
    if status is None:
        raise NotDone(
            f"Zuora shows the subscription with {named_status(version.status)}, which the "
            "extension does not handle. Nothing is sent until it changes.",
            cause=Cause.UNKNOWN_STATUS,
        )
    return status
