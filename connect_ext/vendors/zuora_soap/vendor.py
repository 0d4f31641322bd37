"""Zuora's SOAP API as a vendor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from connect_ext.errors import CancellationError, NotDone, UnknownId
from connect_ext.settings import ZuoraSettings
from connect_ext.vendors.base import Accepted, Cancellation, Subscription, SubscriptionStatus
from connect_ext.vendors.zuora_soap import answers, envelopes, generations, zoql
from connect_ext.vendors.zuora_soap.answers import AmendmentRecord, Preview, SubscriptionVersion
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.exchange import Operation
from connect_ext.vendors.zuora_soap.generations import EffectiveDate, Generation

_ACTIVE = "active"
_EXPIRED = "expired"
_STATUSES = {
    _ACTIVE: SubscriptionStatus.ACTIVE,
    # Whether a suspended subscription can be cancelled is Zuora's to say: it refuses, or does it.
    "suspended": SubscriptionStatus.ACTIVE,
    "cancelled": SubscriptionStatus.CANCELLED,
    "canceled": SubscriptionStatus.CANCELLED,
    "draft": SubscriptionStatus.NOT_STARTED,
    "pendingactivation": SubscriptionStatus.NOT_STARTED,
    "pendingacceptance": SubscriptionStatus.NOT_STARTED,
}
_OPEN_AMENDMENT = ("draft", "pendingactivation", "pendingacceptance")


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with the days between which Zuora cancels it, where the answer says them."""

    begins_at: datetime | None = None
    term_ends_at: datetime | None = None


class ZuoraSoapVendor:
    """Cancels subscriptions by an amendment of the type Cancellation."""

    def __init__(self, settings: ZuoraSettings, endpoint: Endpoint) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._generation = generations.generation_of(settings.version)

    @property
    def can_be_asked(self) -> bool:
        """Always: every generation has queries."""
        return True

    @property
    def is_repeatable(self) -> bool:
        """Never: SOAP knows no idempotency key, and a stale id is redirected to the latest version.

        (facts/zuora.md 2.2, 2.8)
        """
        return False

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the latest version of the subscription, by its number or the id of any version.

        One query; two for the id of a version that an amendment has superseded ("Expired",
        facts/zuora.md 2.1).
        """
        key = cancellation.subscription_id.strip()
        if not zoql.can_be_asked_for(key):
            return Subscription(SubscriptionStatus.UNKNOWN_ID)
        if not zoql.is_id(key):
            return _subscription(await self._versions_of(key))
        found = await self._version(key.lower())
        if found and found[0].status == _EXPIRED:
            found = await self._versions_of(found[0].number)
        return _subscription(found)

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Cancel the version that ``look_up`` has shown."""
        if subscription is None or not subscription.version_id:
            subscription = await self.look_up(cancellation)
            if subscription.status is SubscriptionStatus.UNKNOWN_ID:
                raise UnknownId
            if subscription.status is not SubscriptionStatus.ACTIVE:
                return Accepted(subscription)
        version_id = subscription.version_id
        date = self._date(cancellation, subscription)
        if self._generation is Generation.AMEND:
            return await self._amend(cancellation, version_id, date)
        return await self._create_or_complete(cancellation, version_id, date)

    def _date(self, cancellation: Cancellation, subscription: Subscription) -> EffectiveDate:
        version, asked_at = self._settings.version, cancellation.asked_at
        if not isinstance(subscription, ShownSubscription):
            return generations.effective_date(version, asked_at)
        days = subscription.begins_at, subscription.term_ends_at
        return generations.effective_date(version, asked_at, *days)

    async def _create_or_complete(
        self, cancellation: Cancellation, version_id: str, date: EffectiveDate
    ) -> Accepted:
        # Another delivery, or another process, may have died between the two halves.
        left_over = await self._left_over(cancellation, version_id)
        if left_over:
            return await self._complete(left_over.id, date, is_left_over=True)
        if self._generation is Generation.TWO_STEPS:
            draft = generations.draft(cancellation, version_id, date)
            amendment_id = await self._create(draft, single_transaction=False)
            return await self._complete(amendment_id, date, is_left_over=False)
        whole = generations.completed(cancellation, version_id, date)
        await self._create(whole, single_transaction=True)
        # The answer says that the amendment exists, not that it is completed: without the
        # transaction it would be a draft (facts/zuora.md 2.5). So the subscription is asked.
        return Accepted()

    async def _amend(
        self, cancellation: Cancellation, version_id: str, date: EffectiveDate
    ) -> Accepted:
        amendment = generations.completed(cancellation, version_id, date)
        options = generations.amend_options(self._settings)
        remarks = (await self._preview(amendment),) if self._settings.preview else ()
        build = envelopes.amend(amendment, options)
        made = await self._endpoint.ask(
            Operation("amend", build, answers.amendment_ids, changes=True)
        )
        # Success without an amendment would be a preview's.
        return Accepted(_cancelled(date.moment) if made else None, remarks)

    async def _preview(self, amendment: envelopes.Amendment) -> str:
        """What the cancellation would bill, as a sentence; a failure is a sentence too.

        One page of Zuora's does not list cancellations among what can be previewed, so that a
        failure means nothing (facts/zuora.md 2.6).
        """
        build = envelopes.amend(
            amendment,
            generations.amend_options(self._settings),
            generations.preview_options(self._settings),
        )
        label = "the preview (ZUORA_PREVIEW)"
        try:
            preview = await self._endpoint.ask(
                Operation("amend", build, answers.preview, label=label)
            )
        except CancellationError as error:
            return f"The preview failed, and the cancellation went on without it: {error.message}"
        return _sentence(preview)

    async def _create(self, amendment: envelopes.Amendment, *, single_transaction: bool) -> str:
        build = envelopes.create(amendment, single_transaction=single_transaction)
        return await self._endpoint.ask(Operation("create", build, answers.saved_id, changes=True))

    async def _complete(
        self, amendment_id: str, date: EffectiveDate, *, is_left_over: bool
    ) -> Accepted:
        completion = generations.completion(amendment_id, date, is_left_over=is_left_over)
        build = envelopes.update(completion)
        await self._endpoint.ask(Operation("update", build, answers.saved_id, changes=True))
        remark = "Completed the draft amendment that an earlier attempt had left."
        return Accepted(_cancelled(date.moment), (remark,) if is_left_over else ())

    async def _left_over(
        self, cancellation: Cancellation, version_id: str
    ) -> AmendmentRecord | None:
        """The amendment of an earlier attempt at the same request that still has no effect."""
        name = generations.amendment_name(cancellation.request_id)
        build = envelopes.query(zoql.amendments_by_name(name))
        found = await self._endpoint.ask(Operation("query", build, answers.amendments))
        ours = [
            amendment
            for amendment in found
            if amendment.name == name
            and amendment.type == generations.CANCELLATION
            and amendment.subscription_id == version_id
        ]
        if any(amendment.status == "completed" for amendment in ours):
            raise NotDone(
                "The amendment of this request is completed in Zuora, but the subscription does "
                "not show it yet."
            )
        drafts = [amendment for amendment in ours if amendment.status in _OPEN_AMENDMENT]
        # Two attempts at once may have left two: all that come later must take the same one.
        return min(drafts, key=lambda draft: draft.id, default=None)

    async def _version(self, version_id: str) -> list[SubscriptionVersion]:
        found = await self._query(zoql.subscription_by_id(version_id))
        return _only(found, [one for one in found if one.id.lower() == version_id])

    async def _versions_of(self, number: str) -> list[SubscriptionVersion]:
        found = await self._query(zoql.subscriptions_by_number(number))
        same = number.casefold()
        return _only(found, [one for one in found if one.number.casefold() == same])

    async def _query(self, question: str) -> tuple[SubscriptionVersion, ...]:
        build = envelopes.query(question)
        return await self._endpoint.ask(Operation("query", build, answers.subscription_versions))


def _only(
    found: tuple[SubscriptionVersion, ...], asked_for: list[SubscriptionVersion]
) -> list[SubscriptionVersion]:
    """Trust no answer that holds another customer's subscription."""
    if len(asked_for) != len(found):
        raise NotDone("Zuora's answer holds a subscription that was not asked for.")
    return asked_for


def _subscription(versions: list[SubscriptionVersion]) -> Subscription:
    """The latest version, which has the status of the whole."""
    if not versions:
        return Subscription(SubscriptionStatus.UNKNOWN_ID)
    newest = max(versions, key=lambda one: one.version)
    status = _STATUSES.get(newest.status)
    if status is SubscriptionStatus.NOT_STARTED:
        # What is pending then is an amendment, and not the subscription, which runs.
        active = [one for one in versions if one.status == _ACTIVE]
        newest = max(active, key=lambda one: one.version, default=newest)
        status = _STATUSES[newest.status]
    if status is None:
        raise NotDone(
            f"Zuora shows the subscription in {_shown(newest.status)}, which says neither that "
            "it is active nor that it is cancelled."
        )
    ends_at = newest.ends_at if status is SubscriptionStatus.CANCELLED else None
    return ShownSubscription(
        status, ends_at, newest.id, begins_at=newest.begins_at, term_ends_at=newest.term_ends_at
    )


def _shown(status: str) -> str:
    known = re.fullmatch(r"[a-z]{1,24}", status)
    return f"the status '{status}'" if known else "a status without a name"


def _cancelled(ends_at: datetime) -> Subscription:
    return Subscription(SubscriptionStatus.CANCELLED, ends_at)


def _sentence(preview: Preview) -> str:
    if not preview.items:
        return "Zuora's preview of the cancellation shows no charge and no credit."
    return (
        f"Zuora's preview of the cancellation shows {preview.charges:f} without tax and "
        f"{preview.taxes:f} of tax (items: {preview.items}); a negative amount is a credit to the "
        "customer."
    )
