"""Zuora's SOAP API as a vendor."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError, OutcomeUnknown, UnknownId
from connect_ext.vendors.base import (
    Accepted,
    Advice,
    Cancellation,
    Subscription,
    SubscriptionStatus,
    VendorContext,
)
from connect_ext.vendors.zuora_soap import answers, envelopes, generations, subscriptions, zoql
from connect_ext.vendors.zuora_soap.answers import AmendmentRecord, Preview, plain
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.exchange import Operation
from connect_ext.vendors.zuora_soap.generations import EffectiveDate, Generation
from connect_ext.vendors.zuora_soap.session import Credentials, Sessions
from connect_ext.vendors.zuora_soap.settings import ZuoraSettings

_OPEN_AMENDMENT = ("draft", "pendingactivation", "pendingacceptance")

_ADVICE = Advice(
    address_of_cancellation="Check that ZUORA_SOAP_URL leads to the tenant that holds the "
    "subscription.",
    cannot_be_asked="Check that the API user of ZUORA_USERNAME may query subscriptions.",
    no_status_in_answer="Check the subscription's amendments in Zuora.",
    refusal="Check the subscription and the tenant's rules for amendments in Zuora, and "
    "ZUORA_SOAP_URL, ZUORA_GENERATE_INVOICE and ZUORA_PROCESS_PAYMENTS.",
)

# With these the preview says nothing of its own: the amendment would fail the same way.
_NOT_OF_THE_PREVIEW = (Cause.CREDENTIALS, Cause.BUSY, Cause.PAUSED, Cause.DEADLINE)


def connected(settings: ZuoraSettings, context: VendorContext) -> ZuoraSoapVendor:
    """Make the vendor with the sessions of the process; nothing is sent yet."""
    sessions = context.shared("zuora-soap sessions", Sessions)
    credentials = Credentials(settings.url, settings.username, settings.password)
    endpoint = Endpoint(credentials, context.http, sessions, context.keep_secret)
    return ZuoraSoapVendor(settings, endpoint)


class ZuoraSoapVendor:
    """Cancels subscriptions by an amendment of the type Cancellation."""

    def __init__(self, settings: ZuoraSettings, endpoint: Endpoint) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._zone = ZoneInfo(settings.time_zone)
        self._generation = generations.generation_of(settings.version)

    @property
    def can_be_asked(self) -> bool:
        """Always: every generation has queries."""
        return True

    @property
    def is_repeatable(self) -> bool:
        """Never: SOAP has no idempotency key, and redirects a stale id to the latest version.

        (docs/facts.md, Zuora 2.2, 2.8)
        """
        return False

    @property
    def advice(self) -> Advice:
        """Sentences that name Zuora's variables."""
        return _ADVICE

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the latest version of the subscription."""
        return await subscriptions.look_up(self._endpoint, cancellation.subscription_id)

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
        if not isinstance(subscription, subscriptions.ShownSubscription):
            return generations.effective_date(version, asked_at, zone=self._zone)
        days = subscription.begins_at, subscription.term_ends_at
        return generations.effective_date(version, asked_at, *days, zone=self._zone)

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
        # Only a preview succeeds without an amendment.
        return Accepted(_cancelled(date.moment) if made else None, remarks)

    async def _preview(self, amendment: envelopes.Amendment) -> str:
        """The amounts that the cancellation would bill, as a sentence; so is a failure.

        A failure means nothing: a page of Zuora's does not list cancellations among the amendments
        that can be previewed (docs/facts.md, Zuora 2.6).
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
            if error.cause in _NOT_OF_THE_PREVIEW:
                raise
            return f"The preview failed, and the cancellation went on without it: {error.message}"
        return _sentence(preview)

    async def _create_or_complete(
        self, cancellation: Cancellation, version_id: str, date: EffectiveDate
    ) -> Accepted:
        # An earlier attempt may have died between the two steps.
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
        # transaction it would be a draft (docs/facts.md, Zuora 2.5). Only a look will tell.
        return Accepted()

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
        """The amendment of an earlier attempt at the same request that has no effect yet."""
        name = generations.amendment_name(cancellation.request_id)
        build = envelopes.query(zoql.amendments_by_name(name))
        found = await self._endpoint.ask(Operation("query", build, answers.amendments))
        ours = [one for one in found if _is_ours(one, name, version_id)]
        if any(plain(one.status) == "completed" for one in ours):
            raise OutcomeUnknown("Zuora shows the amendment of this request as completed.")
        drafts = [one for one in ours if plain(one.status) in _OPEN_AMENDMENT]
        # Two attempts at once may have left two drafts; every later one must take the same.
        return min(drafts, key=lambda draft: draft.id, default=None)


def _is_ours(amendment: AmendmentRecord, name: str, version_id: str) -> bool:
    is_cancellation = amendment.type == generations.CANCELLATION
    return is_cancellation and amendment.name == name and amendment.subscription_id == version_id


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
