"""The answer to a query: the records it finds and the fields it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from sandbox.zuora import soap, zoql
from sandbox.zuora.billing import Billing
from sandbox.zuora.fields import QUERIED
from sandbox.zuora.records import RatePlan, RatePlanCharge, Subscription
from sandbox.zuora.soap import Part
from sandbox.zuora.zoql import Query

MAX_ROWS = 2000
Kept = TypeVar("Kept")


def answered(
    billing: Billing, query: Query, version: float, *, nil_unset: bool = False
) -> list[Part]:
    """The result of a query; with `nil_unset`, fields without a value are nil."""
    zone = billing.zone
    found = [each for each in _table(billing, query) if query.wants(each, zone)][:MAX_ROWS]
    fields = [field for field in QUERIED[query.kind].at(version) if field in query.fields]

    def shown(record: object) -> Iterator[Part]:
        for wanted in fields:
            part = zoql.rendered(version, wanted, record, zone)
            if part is not None or nil_unset:
                yield part or (wanted.name, None)

    rows = [soap.record(query.kind, list(shown(record))) for record in found]
    # An empty result holds one nil record.
    records: list[Part] = rows or [("records", None)]
    return [("done", "true"), ("queryLocator", None), *records, ("size", str(len(rows)))]


def _table(billing: Billing, query: Query) -> Iterable[object]:
    """The records that the query may find, leaving out most that it cannot."""
    if query.kind == "Subscription":
        return _subscriptions(billing, query.only("Name"))
    if query.kind == "RatePlan":
        return _plans(billing, query.only("SubscriptionId"))
    if query.kind == "RatePlanCharge":
        return _charges(billing, query.only("RatePlanId"))
    return billing.accounts.values() if query.kind == "Account" else billing.amendments.values()


def _subscriptions(billing: Billing, names: set[str] | None) -> Iterable[Subscription]:
    if names is None:
        return billing.subscriptions.values()
    known = [name for name in sorted(names) if billing.name_of(name) == name]
    return [each for name in known for each in billing.versions(name)]


def _plans(billing: Billing, subscriptions: set[str] | None) -> Iterable[RatePlan]:
    if subscriptions is None:
        return billing.rate_plans.values()
    return [plan for each in sorted(subscriptions) for plan in billing.plans_of(each)]


def _charges(billing: Billing, plans: set[str] | None) -> Iterator[RatePlanCharge]:
    for plan in _picked(billing.rate_plans, plans):
        yield from billing.charges_of(plan)


def _picked(kept: Mapping[str, Kept], ids: set[str] | None) -> Iterable[Kept]:
    return kept.values() if ids is None else [kept[each] for each in sorted(ids) if each in kept]
