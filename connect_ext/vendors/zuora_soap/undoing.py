"""Takes a cancellation back by deleting its amendment (docs/facts.md, Zuora 2.4)."""

from __future__ import annotations

from connect_ext.errors import Refused
from connect_ext.vendors.base import Cancellation, Subscription
from connect_ext.vendors.zuora_soap import answers, envelopes, zoql
from connect_ext.vendors.zuora_soap.answers import AmendmentRecord, Reply, plain
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.exchange import Operation
from connect_ext.vendors.zuora_soap.faults import DELETE
from connect_ext.vendors.zuora_soap.nodes import UnreadableError
from connect_ext.vendors.zuora_soap.subscriptions import ShownSubscription
from connect_ext.vendors.zuora_soap.ways import cancellations_of


async def undoing(
    endpoint: Endpoint, cancellation: Cancellation, subscription: Subscription
) -> Operation[str]:
    """Build the call that takes this request's cancellation back; only queries are sent.

    Raises ``Refused`` if there is none: Zuora deletes only the last amendment, and only this
    request's own amendment may be deleted.
    """
    found = await cancellations_of(endpoint, cancellation.request_id)
    ours = [one for one in found if plain(one.status) == "completed" and zoql.is_id(one.id)]
    if not ours:
        raise Refused(hint="Zuora has no amendment of this request that cancelled it.")
    last = {one.id for one in ours if _is_of(one, _previous_version(subscription))}
    if not last:
        raise Refused(
            hint="Zuora has a later amendment, and only the last one of a subscription can be"
            " deleted."
        )
    if len(last) > 1:
        raise Refused(hint="Zuora shows several amendments of this request for one version.")
    return _deletion(last.pop())


def _previous_version(subscription: Subscription) -> str:
    """The version that the last amendment superseded."""
    previous = subscription.previous_id if isinstance(subscription, ShownSubscription) else ""
    if not previous:
        raise Refused(hint="Zuora does not show which version the last amendment superseded.")
    return previous


def _is_of(amendment: AmendmentRecord, version_id: str) -> bool:
    return amendment.subscription_id.lower() == version_id.lower()


def _deletion(amendment_id: str) -> Operation[str]:
    def read(reply: Reply) -> str:
        deleted = answers.deleted_id(reply)
        if deleted and deleted.lower() != amendment_id.lower():
            raise UnreadableError("is about another amendment")
        return amendment_id

    return Operation("delete", envelopes.delete(amendment_id), read, changes=True, label=DELETE)
