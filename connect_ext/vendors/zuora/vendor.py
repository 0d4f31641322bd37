"""Zuora's orders as a vendor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError, NotDone, OutcomeUnknown, Refused, UnknownId
from connect_ext.vendors.base import (
    Accepted,
    Advice,
    Cancellation,
    Subscription,
    SubscriptionStatus,
    VendorContext,
)
from connect_ext.vendors.zuora import answers, api, dates, finding, orders
from connect_ext.vendors.zuora.answers import Preview, SubscriptionRecord, plain
from connect_ext.vendors.zuora.api import Operation, ZuoraApi
from connect_ext.vendors.zuora.dates import Days
from connect_ext.vendors.zuora.finding import Fate
from connect_ext.vendors.zuora.settings import (
    FINISHES_WITHIN_SECONDS,
    ORDER_SECONDS,
    ZuoraSettings,
)

PREVIEW_SECONDS = 30.0
"""A slow preview must leave time for the order."""

_ADVICE = Advice(
    address_of_cancellation="Check in Zuora that the subscription's invoice owner is still there.",
    cannot_be_asked="Check that the user of the OAuth client may read subscriptions.",
    no_status_in_answer="Check the subscription's orders in Zuora.",
    refusal="Check the subscription and the tenant's rules for orders in Zuora, and"
    " VENDOR_TIME_ZONE, ZUORA_GENERATE_INVOICE and ZUORA_PROCESS_PAYMENTS.",
    suspended="Resume it first in Zuora.",
)

# With these the preview says nothing of its own: the order would fail the same way.
_NOT_OF_THE_PREVIEW = (Cause.CREDENTIALS, Cause.BUSY, Cause.PAUSED, Cause.DEADLINE)


@dataclass(frozen=True)
class ShownSubscription(Subscription):
    """A subscription with what an order about it needs."""

    record: SubscriptionRecord = field(kw_only=True)
    order_number: str = field(kw_only=True)
    """For the next order: a number that none of ours has used up, as far as is known."""


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
        """Never: a key is forgotten after a day, and repeats failures (docs/facts.md, Orders 7)."""
        return False

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription and, after an attempt that may have been sent, its order.

        Also while the subscription is still active: the order may be pending, or not shown yet.
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
            case Fate.UNFINISHED:
                return _unfinished(order.number, order.status)
            case Fate.DONE | Fate.ON_ITS_WAY:
                return Subscription(SubscriptionStatus.CANCELLING)

    def _shown(self, found: SubscriptionRecord, order_number: str) -> ShownSubscription:
        status = finding.status_of(found)
        ends_at = None
        if status is SubscriptionStatus.CANCELLED and found.ends:
            ends_at = dates.midnight(found.ends, self._zone)
        return ShownSubscription(status, ends_at, record=found, order_number=order_number)

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Order the cancellation of the subscription that ``look_up`` has shown."""
        shown = subscription or await self.look_up(cancellation)
        if shown.status is SubscriptionStatus.UNKNOWN_ID:
            raise UnknownId
        if shown.status is not SubscriptionStatus.ACTIVE:
            return Accepted(shown)
        if not isinstance(shown, ShownSubscription):
            raise TypeError("The subscription was shown by another vendor.")
        return await self._cancel(cancellation, shown)

    async def _cancel(self, cancellation: Cancellation, shown: ShownSubscription) -> Accepted:
        record = shown.record
        if not record.account_number:
            message = "Zuora shows no account that could order for the subscription."
            raise NotDone(message, cause=Cause.UNREADABLE)
        days = dates.days_of(cancellation.asked_at, self._zone, record.begins, record.term_ends)
        remarks = await self._remarks(cancellation, record, days)
        try:
            accepted = await self._order(cancellation, shown, days)
        except Refused as refusal:
            # Perhaps because its number is taken.
            found = await self._after_refusal(cancellation, shown, refusal)
            if isinstance(found, ShownSubscription):
                accepted = await self._order(cancellation, found, days)
            else:
                accepted = Accepted(found)
        return replace(accepted, remarks=remarks)

    async def _order(
        self, cancellation: Cancellation, shown: ShownSubscription, days: Days
    ) -> Accepted:
        request_id, record, number = cancellation.request_id, shown.record, shown.order_number
        operation = Operation(
            "the order (ZUORA_API_URL)",
            "/v1/orders",
            lambda said: finding.ours(answers.order_result(said.document, record.number), number),
            orders.cancellation(request_id, number, record, days, self._settings),
            changes=True,
            key_of=lambda content: orders.idempotency_key(
                request_id, cancellation.attempt, content
            ),
            timeout_seconds=ORDER_SECONDS,
        )
        try:
            result = await self._zuora.ask(operation, orders.track_id(request_id))
        except OutcomeUnknown as error:
            error.retry_after = max(FINISHES_WITHIN_SECONDS, error.retry_after or 0.0)
            raise
        fate = finding.fate_of(result.status)
        if fate is Fate.UNFINISHED:
            return await self._left_lying(cancellation, number, result.status)
        if fate is Fate.DONE and plain(result.subscription_status) in finding.CANCELLED:
            ends_at = dates.midnight(days.effective, self._zone)
            return Accepted(Subscription(SubscriptionStatus.CANCELLED, ends_at))
        return Accepted()

    async def _left_lying(self, cancellation: Cancellation, number: str, status: str) -> Accepted:
        """Zuora has stored the order and not carried it out, unless the subscription says so."""
        try:
            shown = await self.look_up(cancellation)
        except CancellationError as error:
            raise OutcomeUnknown(error.message, FINISHES_WITHIN_SECONDS) from None
        if shown.status is SubscriptionStatus.CANCELLED:
            return Accepted(shown)
        return Accepted(_unfinished(number, status))

    async def _after_refusal(
        self, cancellation: Cancellation, shown: ShownSubscription, refusal: Refused
    ) -> Subscription:
        """The subscription with another number for the order, or as our own order has left it.

        Raises the refusal if it cannot be because of the number.
        """
        # A tenant without orders may refuse them as well, and does not let us read them either.
        order = await finding.our_order(
            self._zuora, cancellation, shown.record.number, must_read=True
        )
        match order.fate:
            case Fate.NONE if order.number != shown.order_number:
                return replace(shown, order_number=order.number)
            case Fate.NONE if cancellation.may_have_been_sent:
                # Perhaps it was stored, and deleted by somebody; nobody knows whether the number
                # is free then.
                number = orders.number_of_attempt(cancellation.request_id, cancellation.attempt)
                return replace(shown, order_number=number)
            case Fate.NONE:
                raise refusal
            case Fate.UNFINISHED:
                return _unfinished(order.number, order.status)
            case Fate.DONE | Fate.ON_ITS_WAY:
                message = "Zuora refuses the order, and has one of ours already."
                raise OutcomeUnknown(message, FINISHES_WITHIN_SECONDS) from None

    async def _remarks(
        self, cancellation: Cancellation, record: SubscriptionRecord, days: Days
    ) -> tuple[str, ...]:
        remarks = (
            [await self._preview(cancellation, record, days)] if self._settings.preview else []
        )
        if record.is_to_be_cancelled:
            planned = record.is_to_be_cancelled.isoformat()
            remarks.append(f"Zuora would have cancelled it by itself on {planned}.")
        return tuple(remarks)

    async def _preview(
        self, cancellation: Cancellation, record: SubscriptionRecord, days: Days
    ) -> str:
        """The amounts that the cancellation would bill, as a sentence; so is a failure."""
        operation = Operation(
            "the preview (ZUORA_PREVIEW)",
            "/v1/orders/preview",
            lambda said: answers.preview(said.document),
            orders.preview(cancellation.request_id, record, days),
            timeout_seconds=PREVIEW_SECONDS,
        )
        try:
            shown = await self._zuora.ask(operation, orders.track_id(cancellation.request_id))
        except CancellationError as error:
            if error.cause in _NOT_OF_THE_PREVIEW:
                raise
            return f"The preview failed, and the cancellation went on without it: {error.message}"
        return _sentence(shown, record.currency)


def _unfinished(number: str, status: str) -> Subscription:
    which = f"the order {number}" if number else "an order of this request's"
    what = f"Zuora has {which} to cancel the subscription, and has left it"
    do = "See to it in Zuora: let it be carried out, or delete it; then resubmit the task."
    detail = f"{what} {plain(status)}. No other is sent. {do}"
    return Subscription(SubscriptionStatus.UNFINISHED, detail=detail)


def _sentence(shown: Preview, currency: str) -> str:
    if not shown.documents:
        return "Zuora's preview of the cancellation shows no invoice and no credit memo."
    net = shown.invoices - shown.credit_memos
    return (
        f"Zuora's preview of the cancellation shows about {_amount(net, currency)} (invoices"
        f" {_amount(shown.invoices, currency)}, credit memos"
        f" {_amount(shown.credit_memos, currency)}); a negative amount is a credit to the customer."
    )


def _amount(amount: Decimal, currency: str) -> str:
    whole = amount == amount.to_integral_value()
    shown = f"{amount:.0f}" if whole else f"{amount:.2f}"
    return f"{shown} {currency}".rstrip()
