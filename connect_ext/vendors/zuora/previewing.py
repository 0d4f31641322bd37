"""Previews an order and describes the amounts in a sentence; a failure stops nothing."""

from __future__ import annotations

import asyncio

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError
from connect_ext.http.budget import current_budget
from connect_ext.vendors.amounts import in_words
from connect_ext.vendors.zuora import answers, orders
from connect_ext.vendors.zuora.answers import SubscriptionRecord
from connect_ext.vendors.zuora.api import Operation, ZuoraApi
from connect_ext.vendors.zuora.dates import Days
from connect_ext.vendors.zuora.settings import ORDER_SECONDS

PREVIEW_SECONDS = 30.0

# These causes do not concern the preview alone: the order would fail the same way.
_NOT_OF_THE_PREVIEW = (Cause.CREDENTIALS, Cause.BUSY, Cause.PAUSED)


class NotPreviewedError(Exception):
    """There are no amounts; the text says why, and partners may see it."""


async def previewed(
    zuora: ZuoraApi, request_id: str, record: SubscriptionRecord, days: Days
) -> str:
    """Describe the amounts that the cancellation would bill, in a sentence.

    Raises ``NotPreviewedError`` if there are none; that stops nothing.
    """
    if not _leaves_time_for_the_order():
        raise NotPreviewedError("There was no time left for a preview.")
    operation = Operation(
        "the preview (ZUORA_PREVIEW)",
        "/v1/orders/preview",
        lambda said: answers.preview(said.document),
        orders.preview(request_id, record, days),
        timeout_seconds=PREVIEW_SECONDS,
        # A tenant without previews can still cancel.
        counts=False,
    )
    try:
        shown = await zuora.ask(operation, orders.track_id(request_id))
    except CancellationError as error:
        if error.cause in _NOT_OF_THE_PREVIEW:
            raise
        # The advice is for readers of the log, not for partners.
        what, _, _ = error.message.partition(". ")
        raise NotPreviewedError(
            f"The preview failed, which stops nothing. {what.rstrip('.')}."
        ) from None
    words = in_words(shown.amount, shown.tax, record.currency, shown.period)
    return f"According to Zuora's preview, the cancellation {words}."


def _leaves_time_for_the_order() -> bool:
    budget = current_budget()
    if budget is None:
        return True
    left = budget.ends_at - asyncio.get_running_loop().time()
    return left >= PREVIEW_SECONDS + ORDER_SECONDS
