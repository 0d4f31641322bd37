"""Zuora's orders as a vendor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError, NotDone, OutcomeUnknown, Refused, UnknownId
from connect_ext.vendors.base import (
    Accepted,
    Act,
    Advice,
    Cancellation,
    Plan,
    PlannedCall,
    Subscription,
    SubscriptionStatus,
    VendorContext,
)
from connect_ext.vendors.zuora import api, dates, finding, orders, undoing
from connect_ext.vendors.zuora.answers import SubscriptionRecord
from connect_ext.vendors.zuora.api import Operation, ZuoraApi
from connect_ext.vendors.zuora.dates import Days
from connect_ext.vendors.zuora.finding import Fate
from connect_ext.vendors.zuora.ordering import Ordering
from connect_ext.vendors.zuora.previewing import NotPreviewedError, previewed
from connect_ext.vendors.zuora.settings import FINISHES_WITHIN_SECONDS, ZuoraSettings
from connect_ext.vendors.zuora.shown import ShownSubscription, on_its_way, unfinished

_ADVICE = Advice(
    address_of_cancellation="Check in Zuora that the subscription's invoice owner still exists.",
    cannot_be_asked="Check that the user of the OAuth client may read subscriptions.",
    no_status_in_answer="Check the subscription's orders in Zuora.",
    refusal="Check the subscription and the tenant's rules for orders in Zuora, and"
    " VENDOR_TIME_ZONE, ZUORA_GENERATE_INVOICE and ZUORA_PROCESS_PAYMENTS.",
    unknown_id="Check the id in the parameter, and that ZUORA_API_URL, ZUORA_ENTITY_ID and"
    " ZUORA_ORG_IDS lead to the tenant that holds the subscription.",
    suspended="Resume it in Zuora first.",
)

_ACTED_ON = {Act.CANCEL: SubscriptionStatus.ACTIVE, Act.UNDO: SubscriptionStatus.CANCELLED}


def connected(settings: ZuoraSettings, context: VendorContext) -> ZuoraVendor:
    """Make the vendor; nothing is sent yet."""
    return ZuoraVendor(settings, api.connected(settings, context))


class ZuoraVendor:
    """Cancels subscriptions by an order with one action, CancelSubscription."""

    advice = _ADVICE

    def __init__(self, settings: ZuoraSettings, zuora: ZuoraApi) -> None:
        self._settings, self._zuora = settings, zuora
        self._zone = ZoneInfo(settings.time_zone)

    @property
    def can_be_asked(self) -> bool:
        """Always."""
        return True

    @property
    def is_repeatable(self) -> bool:
        """Never: keys expire after a day and repeat failures (docs/facts.md, Orders 7)."""
        return False

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription.

        If it is active although an attempt may have been sent, also read that attempt's order.
        """
        found = await finding.subscription(self._zuora, cancellation)
        if found is None:
            return Subscription(SubscriptionStatus.UNKNOWN_ID)
        shown = self._shown(found, orders.order_number(cancellation.request_id))
        if shown.status is not SubscriptionStatus.ACTIVE or not cancellation.may_have_been_sent:
            return shown
        order = await finding.our_order(self._zuora, cancellation, found.number)
        match order.fate:
            case Fate.NONE:
                return replace(shown, order_number=order.number)
            case Fate.UNSEEN:
                return replace(shown, orders_unseen=True)
            case Fate.UNFINISHED:
                return unfinished(order.number, order.status)
            case Fate.DONE | Fate.ON_ITS_WAY:
                return on_its_way()
            case Fate.UNKNOWN:
                raise NotDone(
                    "Zuora shows this request's order with a status that the extension does not"
                    " handle. Nothing is sent until it changes: check it in Zuora.",
                    cause=Cause.UNKNOWN_STATUS,
                )

    def _shown(self, found: SubscriptionRecord, order_number: str) -> ShownSubscription:
        status = finding.status_of(found)
        ends_at = None
        if status is SubscriptionStatus.CANCELLED:
            ends = finding.end_of(found)
            ends_at = dates.midnight(ends, self._zone) if ends else None
        return ShownSubscription(
            status,
            ends_at,
            record=found,
            order_number=order_number,
            is_evergreen=found.is_evergreen,
        )

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Send an order to cancel the subscription that ``look_up`` has shown."""
        shown = await self._known(cancellation, subscription)
        if shown.status is not SubscriptionStatus.ACTIVE:
            return Accepted(shown)
        ordering, number, days = self._ordering(cancellation, shown)
        told = await self._told(ordering, days)
        try:
            accepted = await self._checked(cancellation, await ordering.ordered(number, days))
        except OutcomeUnknown as error:
            raise _patient(error) from None
        return replace(accepted, remarks=told.remarks, amounts=told.amounts)

    @property
    def can_take_back(self) -> bool:
        """Always; Zuora itself refuses once something is invoiced."""
        return True

    async def take_back(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Delete the order that cancelled the subscription, if it is this request's."""
        shown = await self._known(cancellation, subscription)
        if shown.status is not SubscriptionStatus.CANCELLED:
            return Accepted(shown)
        deletion = await undoing.deletion(self._zuora, cancellation, _record(shown))
        try:
            await undoing.delete(self._zuora, deletion, cancellation.request_id)
        except OutcomeUnknown as error:
            raise _patient(error) from None
        return Accepted()

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """Build the order with its preview, or the deletion of an order."""
        shown = await self._known(cancellation, subscription)
        if shown.status is not _ACTED_ON[cancellation.act]:
            raise Refused(hint=f"Zuora shows the subscription as {shown.status.value}.")
        if cancellation.act is Act.UNDO:
            deletion = await undoing.deletion(self._zuora, cancellation, _record(shown))
            return Plan((self._planned(deletion, cancellation),))
        ordering, number, days = self._ordering(cancellation, shown)
        told = await self._told(ordering, days)
        call = self._planned(ordering.operation(number, days), cancellation)
        return Plan((call,), days.effective, told.remarks, told.amounts)

    def _planned(self, operation: Operation[Any], cancellation: Cancellation) -> PlannedCall:
        return self._zuora.planned(operation, orders.track_id(cancellation.request_id))

    async def _known(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Subscription:
        shown = subscription or await self.look_up(cancellation)
        if shown.status is SubscriptionStatus.UNKNOWN_ID:
            raise UnknownId
        return shown

    def _ordering(
        self, cancellation: Cancellation, shown: Subscription
    ) -> tuple[Ordering, str, Days]:
        record = _record(shown)
        if not record.account_number:
            message = "Zuora shows no account in whose name the subscription could be cancelled."
            raise NotDone(message, cause=Cause.UNREADABLE)
        days = dates.days_of(
            cancellation.asked_at, self._zone, record.begins, record.term_ends, cancellation.when
        )
        number = shown.order_number if isinstance(shown, ShownSubscription) else ""
        ordering = Ordering(self._zuora, self._settings, self._zone, cancellation, record)
        return ordering, number, days

    async def _checked(self, cancellation: Cancellation, accepted: Accepted) -> Accepted:
        """Look again after an unfinished order: only the subscription shows whether it worked."""
        left = accepted.subscription
        if left is None or left.status is not SubscriptionStatus.UNFINISHED:
            return accepted
        try:
            shown = await self.look_up(replace(cancellation, may_have_been_sent=False))
        except CancellationError as error:
            raise OutcomeUnknown(error.message) from None
        return Accepted(shown if shown.status is SubscriptionStatus.CANCELLED else left)

    async def _told(self, ordering: Ordering, days: Days) -> Accepted:
        """Gather the remarks and the preview before the order is sent."""
        remarks, amounts, record = [], "", ordering.record
        if self._settings.preview:
            try:
                request_id = ordering.cancellation.request_id
                amounts = await previewed(self._zuora, request_id, record, days)
            except NotPreviewedError as why:
                remarks.append(str(why))
        if record.cancels_itself_on:
            planned = record.cancels_itself_on.isoformat()
            remarks.append(f"Zuora would have cancelled it anyway on {planned}.")
        return Accepted(remarks=tuple(remarks), amounts=amounts)


def _record(shown: Subscription) -> SubscriptionRecord:
    if not isinstance(shown, ShownSubscription):
        raise TypeError("The subscription comes from another vendor.")
    return shown.record


def _patient(error: OutcomeUnknown) -> OutcomeUnknown:
    """Allow extra time: whatever the answer, Zuora may still be working on the order."""
    error.retry_after = max(FINISHES_WITHIN_SECONDS, error.retry_after or 0.0)
    return error
