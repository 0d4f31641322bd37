"""Orders one cancellation: sends the order and reads its result."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connect_ext.errors import NotConfigured, OutcomeUnknown, Refused
from connect_ext.vendors.base import Accepted, Cancellation, Subscription, SubscriptionStatus
from connect_ext.vendors.zuora import answers, dates, finding, orders
from connect_ext.vendors.zuora.answers import OrderResult, SubscriptionRecord, plain
from connect_ext.vendors.zuora.api import Operation, ZuoraApi
from connect_ext.vendors.zuora.dates import Days
from connect_ext.vendors.zuora.finding import Fate
from connect_ext.vendors.zuora.settings import ORDER_SECONDS, ZuoraSettings
from connect_ext.vendors.zuora.shown import on_its_way, unfinished


@dataclass(frozen=True)
class Ordering:
    """One cancellation of a subscription that was shown as active."""

    zuora: ZuoraApi
    settings: ZuoraSettings
    zone: ZoneInfo
    cancellation: Cancellation
    record: SubscriptionRecord

    async def ordered(self, number: str, days: Days) -> Accepted:
        """Send the order; send it once more if the refusal may be our own fault.

        Raises ``Refused``, and ``NotConfigured`` for a refusal that cannot be believed.
        """
        try:
            return await self._sent(number, days)
        except Refused as refusal:
            order = await self._order_after(refusal)
            if order.fate is Fate.UNFINISHED:
                return Accepted(unfinished(order.number, order.status))
            if order.fate is not Fate.NONE:
                message = "Zuora refuses the order, and already has one of ours."
                raise OutcomeUnknown(message) from None
            again = self._another(number, order.number), self._begun_everywhere(days)
            if again == (number, days) or not await self._is_still_active():
                raise
        return await self._sent(*again)

    def operation(self, number: str, days: Days) -> Operation[OrderResult]:
        """Build the order as it is sent."""
        cancellation, record = self.cancellation, self.record
        request_id = cancellation.request_id
        return Operation(
            "the order (ZUORA_API_URL)",
            "/v1/orders",
            lambda said: answers.order_result(said.document, number, record.number),
            orders.cancellation(request_id, number, record, days, self.settings),
            changes=True,
            key_of=lambda content: orders.idempotency_key(
                request_id, cancellation.attempt, content
            ),
            timeout_seconds=ORDER_SECONDS,
        )

    async def _sent(self, number: str, days: Days) -> Accepted:
        track_id = orders.track_id(self.cancellation.request_id)
        result = await self.zuora.ask(self.operation(number, days), track_id)
        return self._accepted(result, days)

    def _accepted(self, result: OrderResult, days: Days) -> Accepted:
        """Read the stored order; only a completed one shows a cancelled subscription."""
        match finding.fate_of(result.status):
            case Fate.DONE if plain(result.subscription_status) in finding.CANCELLED:
                if days.named is None:
                    # The answer has no date; the subscription does.
                    return Accepted()
                ends_at = dates.midnight(days.named, self.zone)
                return Accepted(Subscription(SubscriptionStatus.CANCELLED, ends_at))
            case Fate.UNFINISHED:
                return Accepted(unfinished(result.number, result.status))
            case Fate.NONE:
                raise OutcomeUnknown("Zuora accepted the order, but ended it without effect.")
            case Fate.ON_ITS_WAY:
                return Accepted(on_its_way())
            case _:
                return Accepted()

    async def _order_after(self, refusal: Refused) -> finding.OurOrder:
        """Find an order of ours that may explain why another is refused."""
        # A tenant without orders may refuse ours, too, and does not let us read orders.
        try:
            return await finding.our_order(
                self.zuora, self.cancellation, self.record.number, must_read=True
            )
        except NotConfigured as error:
            what = "Zuora refuses the order, and does not say whether it already has one of ours."
            raise NotConfigured(
                f"{what} {error.message}", cause=error.cause, vendor_text=refusal.reason
            ) from None

    async def _is_still_active(self) -> bool:
        """Look again: nothing is sent without a look before it."""
        found = await finding.subscription(self.zuora, self.cancellation)
        return found is not None and finding.status_of(found) is SubscriptionStatus.ACTIVE

    def _another(self, number: str, free: str) -> str:
        """The number for one more try: a new one if this one may be taken."""
        if free == number and self.cancellation.may_have_been_sent:
            # Somebody may have deleted the stored order; the number may still be taken.
            return orders.number_of_attempt(self.cancellation.request_id, self.cancellation.attempt)
        return free

    def _begun_everywhere(self, days: Days) -> Days:
        """The days for one more try: in a wrong time zone, the first may have been tomorrow."""
        return dates.begun_everywhere(days, self.cancellation.asked_at, self.record.begins)
