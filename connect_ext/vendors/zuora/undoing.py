"""Takes a cancellation back by deleting the order that cancelled the subscription.

This restores the subscription as it was before (docs/facts.md, Orders 11).
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from connect_ext.cause import Cause
from connect_ext.errors import NotDone, OutcomeUnknown, Refused, UnknownId
from connect_ext.portal.segments import leads_up
from connect_ext.vendors.base import Cancellation
from connect_ext.vendors.zuora import answers, finding, orders
from connect_ext.vendors.zuora.answers import SubscriptionRecord
from connect_ext.vendors.zuora.api import Operation, ZuoraApi
from connect_ext.vendors.zuora.finding import Fate
from connect_ext.vendors.zuora.settings import ORDER_SECONDS


async def deletion(
    zuora: ZuoraApi, cancellation: Cancellation, record: SubscriptionRecord
) -> Operation[bool]:
    """Build the deletion of this request's order, possible until any of it is invoiced.

    Raises ``Refused`` if this request did not make the cancellation.
    """
    ours = orders.marker(cancellation.request_id)
    if record.cancel_reason and record.cancel_reason != ours:
        raise Refused(hint="Zuora shows that it was not this request's order that cancelled it.")
    order = await finding.our_order(zuora, cancellation, record.number, must_read=True)
    if order.fate in (Fate.NONE, Fate.UNFINISHED):
        raise Refused(hint="Zuora has no order of this request that cancelled it.")
    if order.fate is not Fate.DONE:
        message = "Zuora has not finished the order to cancel; it can be deleted only then."
        raise NotDone(message, cause=Cause.ON_ITS_WAY)
    if order.is_about_others:
        raise Refused(hint="Zuora shows that the order also concerns other subscriptions.")
    if not _is_number(order.key):
        message = "Zuora shows the order to cancel with an invalid number."
        raise NotDone(message, cause=Cause.UNREADABLE)
    return Operation(
        "the deletion of the order (ZUORA_API_URL)",
        f"/v1/orders/{quote(order.key, safe='')}",
        lambda said: answers.is_deleted(said.document, order.key),
        method="DELETE",
        changes=True,
        timeout_seconds=ORDER_SECONDS,
    )


async def delete(zuora: ZuoraApi, operation: Operation[bool], request_id: str) -> None:
    """Delete the order; if it is gone, an earlier call may have deleted it."""
    try:
        await zuora.ask(operation, orders.track_id(request_id))
    except UnknownId:
        raise OutcomeUnknown("Zuora does not know the order to delete.") from None


def _is_number(text: str) -> bool:
    """Whether it can be an order's number (docs/facts.md, Orders 3) and is safe in a path.

    The number comes from the vendor's answer and is about to be used in a deletion.
    """
    return text.isprintable() and not set("#?/\\") & set(unquote(text)) and not leads_up(text)
