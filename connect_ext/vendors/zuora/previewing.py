"""The preview of an order: what it would bill, as a sentence. Its failure stops nothing."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError
from connect_ext.http.budget import current_budget
from connect_ext.vendors.zuora import answers, orders
from connect_ext.vendors.zuora.answers import Preview, SubscriptionRecord
from connect_ext.vendors.zuora.api import Operation, ZuoraApi
from connect_ext.vendors.zuora.dates import Days
from connect_ext.vendors.zuora.settings import ORDER_SECONDS

PREVIEW_SECONDS = 30.0

# With these the preview says nothing of its own: the order would fail the same way.
_NOT_OF_THE_PREVIEW = (Cause.CREDENTIALS, Cause.BUSY, Cause.PAUSED)


async def previewed(
    zuora: ZuoraApi, request_id: str, record: SubscriptionRecord, days: Days
) -> str:
    """The amounts that the cancellation would bill, as a sentence; so is a failure."""
    if not _leaves_time_for_the_order():
        return "There was no time left for a preview."
    operation = Operation(
        "the preview (ZUORA_PREVIEW)",
        "/v1/orders/preview",
        lambda said: answers.preview(said.document),
        orders.preview(request_id, record, days),
        timeout_seconds=PREVIEW_SECONDS,
        # A tenant that cannot preview may cancel all the same.
        counts=False,
    )
    try:
        shown = await zuora.ask(operation, orders.track_id(request_id))
    except CancellationError as error:
        if error.cause in _NOT_OF_THE_PREVIEW:
            raise
        # What to do about it is for those who read the log, not for partners.
        what, _, _ = error.message.partition(". ")
        return f"The preview failed, and the cancellation went on without it. {what.rstrip('.')}."
    return _sentence(shown, record.currency)


def _leaves_time_for_the_order() -> bool:
    budget = current_budget()
    if budget is None:
        return True
    left = budget.ends_at - asyncio.get_running_loop().time()
    return left >= PREVIEW_SECONDS + ORDER_SECONDS


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
