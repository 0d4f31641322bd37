"""Prepares the calls that cancel one subscription, before any is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connect_ext.cause import Cause
from connect_ext.errors import NotDone, OutcomeUnknown
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Cancellation, Subscription
from connect_ext.vendors.zuora_soap import answers, envelopes, generations, zoql
from connect_ext.vendors.zuora_soap.answers import AmendmentRecord, Reply, plain
from connect_ext.vendors.zuora_soap.charges import charged_through
from connect_ext.vendors.zuora_soap.dates import ZuoraDate
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.envelopes import Amendment
from connect_ext.vendors.zuora_soap.exchange import Operation
from connect_ext.vendors.zuora_soap.generations import EffectiveDate, Generation
from connect_ext.vendors.zuora_soap.settings import ZuoraSettings
from connect_ext.vendors.zuora_soap.subscriptions import Catalogue, ShownSubscription

_OPEN_AMENDMENT = ("draft", "pendingactivation", "pendingacceptance")
_COMPLETED = "Completed the draft amendment that an earlier attempt had left."


@dataclass(frozen=True)
class Way:
    """The calls, in order; each one's answer is the id of the amendment."""

    date: EffectiveDate
    call: Operation[str]
    then: Callable[[str], Operation[str]] | None = None
    """Makes the second call from the id in the first one's answer."""
    is_confirmed: bool = True
    """Whether an id in the last answer proves that the subscription is cancelled."""
    amendment: Amendment | None = None
    """The amendment to preview, if that is possible."""
    remarks: tuple[str, ...] = ()


async def way_of(
    settings: ZuoraSettings,
    catalogue: Catalogue,
    cancellation: Cancellation,
    subscription: Subscription,
) -> Way:
    """Choose the generation's way, for the requested date; only queries are sent."""
    endpoint, version_id = catalogue.endpoint, subscription.version_id
    wanted = await _wanted(endpoint, cancellation, subscription)
    date = generations.effective_date(
        settings.version, cancellation.asked_at, wanted, _bounds(subscription), catalogue.zone
    )
    generation = generations.generation_of(settings.version)
    if generation is Generation.AMEND:
        return _amend(settings, generations.completed(cancellation, version_id, date), date)
    # An earlier attempt may have stopped between the two steps.
    left_over = await _left_over(endpoint, cancellation, version_id)
    if left_over:
        return Way(date, _completion(left_over.id, date, is_left_over=True), remarks=(_COMPLETED,))
    if generation is Generation.TWO_STEPS:
        draft = generations.draft(cancellation, version_id, date)
        return Way(
            date,
            _creation(draft, single_transaction=False),
            lambda made: _completion(made, date, is_left_over=False),
        )
    whole = generations.completed(cancellation, version_id, date)
    # The answer shows that the amendment exists, not that it is completed: without the
    # transaction it would be a draft (docs/facts.md, Zuora 2.5). Only a look can tell.
    return Way(date, _creation(whole, single_transaction=True), is_confirmed=False)


async def _wanted(
    endpoint: Endpoint, cancellation: Cancellation, subscription: Subscription
) -> ZuoraDate | None:
    match cancellation.when:
        case CancellationDate.IMMEDIATE:
            return None
        case CancellationDate.END_OF_INVOICED_PERIOD:
            return await charged_through(endpoint, subscription.version_id)
        case CancellationDate.END_OF_TERM:
            _, last = _bounds(subscription)
            if last is None:
                message = "Zuora does not show when the subscription's term ends. Nothing is sent."
                raise NotDone(message, cause=Cause.UNREADABLE)
            return last


def _bounds(subscription: Subscription) -> tuple[ZuoraDate | None, ZuoraDate | None]:
    if isinstance(subscription, ShownSubscription):
        return subscription.begins, subscription.term_ends
    return None, None


def _amend(settings: ZuoraSettings, amendment: Amendment, date: EffectiveDate) -> Way:
    build = envelopes.amend(amendment, generations.amend_options(settings))
    # Only a preview can succeed without an amendment.
    call = Operation("amend", build, _first_id, changes=True)
    return Way(date, call, amendment=amendment)


def _first_id(reply: Reply) -> str:
    return next(iter(answers.amendment_ids(reply)), "")


def _creation(amendment: Amendment, *, single_transaction: bool) -> Operation[str]:
    build = envelopes.create(amendment, single_transaction=single_transaction)
    return Operation("create", build, answers.saved_id, changes=True)


def _completion(amendment_id: str, date: EffectiveDate, *, is_left_over: bool) -> Operation[str]:
    completion = generations.completion(amendment_id, date, is_left_over=is_left_over)
    return Operation("update", envelopes.update(completion), answers.saved_id, changes=True)


async def _left_over(
    endpoint: Endpoint, cancellation: Cancellation, version_id: str
) -> AmendmentRecord | None:
    """Find an earlier attempt's amendment for the same request that has no effect yet."""
    found = await cancellations_of(endpoint, cancellation.request_id)
    ours = [one for one in found if one.subscription_id == version_id]
    if any(plain(one.status) == "completed" for one in ours):
        raise OutcomeUnknown("Zuora shows the amendment of this request as completed.")
    drafts = [one for one in ours if plain(one.status) in _OPEN_AMENDMENT]
    # Two simultaneous attempts may have left two drafts; all later ones must choose the same.
    return min(drafts, key=lambda draft: draft.id, default=None)


async def cancellations_of(endpoint: Endpoint, request_id: str) -> list[AmendmentRecord]:
    """Find the amendments with which attempts at this request have cancelled, or will cancel."""
    name = generations.amendment_name(request_id)
    build = envelopes.query(zoql.amendments_by_name(name))
    found = await endpoint.ask(Operation("query", build, answers.amendments))
    return [one for one in found if (one.type, one.name) == (generations.CANCELLATION, name)]
