"""Describes what a cancellation would bill, according to Zuora's preview."""

from __future__ import annotations

from dataclasses import dataclass

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError
from connect_ext.vendors.amounts import in_words
from connect_ext.vendors.base import Subscription
from connect_ext.vendors.zuora_soap import answers, envelopes, generations, zoql
from connect_ext.vendors.zuora_soap.answers import Reply
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.envelopes import Amendment
from connect_ext.vendors.zuora_soap.exchange import Operation
from connect_ext.vendors.zuora_soap.nodes import text
from connect_ext.vendors.zuora_soap.settings import ZuoraSettings
from connect_ext.vendors.zuora_soap.subscriptions import ShownSubscription

# These causes do not concern the preview alone: the amendment would fail the same way.
_NOT_OF_THE_PREVIEW = (Cause.CREDENTIALS, Cause.BUSY, Cause.PAUSED, Cause.DEADLINE)


@dataclass(frozen=True)
class Previewed:
    """The amounts as a sentence, or why there are none."""

    amounts: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Account:
    """A customer's account."""

    id: str
    currency: str


async def previewed(
    settings: ZuoraSettings, endpoint: Endpoint, amendment: Amendment, subscription: Subscription
) -> Previewed:
    """Preview an amendment; change nothing.

    A failure means nothing: one of Zuora's pages does not list cancellations among the amendments
    that can be previewed (docs/facts.md, Zuora 2.6).
    """
    options = generations.amend_options(settings), generations.preview_options(settings)
    build = envelopes.amend(amendment, *options)
    label = "the preview (ZUORA_PREVIEW)"
    try:
        preview = await endpoint.ask(Operation("amend", build, answers.preview, label=label))
    except CancellationError as error:
        if error.cause in _NOT_OF_THE_PREVIEW:
            raise
        return Previewed(failure=error.message)
    amount = preview.charges + preview.taxes
    currency = await _currency(endpoint, subscription) if amount else ""
    words = in_words(amount, preview.taxes, currency, preview.period)
    return Previewed(f"According to Zuora's preview, the cancellation {words}.")


async def _currency(endpoint: Endpoint, subscription: Subscription) -> str:
    """Read the currency of the subscription's account; empty if it cannot be found."""
    account_id = subscription.account_id if isinstance(subscription, ShownSubscription) else ""
    if not zoql.is_id(account_id):
        return ""
    build = envelopes.query(zoql.account_by_id(account_id))
    try:
        found = await endpoint.ask(Operation("query", build, _read_accounts))
    except CancellationError:
        return ""
    same = all(account.id.lower() == account_id.lower() for account in found)
    currencies = {account.currency for account in found}
    return currencies.pop() if same and len(currencies) == 1 else ""


def _read_accounts(reply: Reply) -> tuple[Account, ...]:
    found = answers.records(reply)
    return tuple(Account(text(each, "Id"), _code(text(each, "Currency"))) for each in found)


def _code(currency: str) -> str:
    """A currency's code; empty for any other text, which could be anything."""
    is_code = len(currency) == 3 and currency.isascii() and currency.isalpha()
    return currency.upper() if is_code else ""
