"""Finds the end of a subscription's invoiced period from its charges.

SOAP has no policy for it, and ZOQL has no joins: the charges are queried by rate plan
(docs/facts.md, Zuora 2.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from connect_ext.cause import Cause
from connect_ext.errors import NotDone
from connect_ext.vendors.zuora_soap import answers, envelopes, zoql
from connect_ext.vendors.zuora_soap.answers import Reply
from connect_ext.vendors.zuora_soap.dates import ZuoraDate
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.exchange import Operation
from connect_ext.vendors.zuora_soap.nodes import text

MOST_RATE_PLANS = 2000
"""An answer holds at most this many."""


@dataclass(frozen=True)
class RatePlan:
    """A rate plan of one version of a subscription."""

    id: str
    version_id: str


@dataclass(frozen=True)
class Charge:
    """A charge of a rate plan."""

    rate_plan_id: str
    charged_through: ZuoraDate | None
    """The first day not yet invoiced; None if nothing was invoiced."""


async def charged_through(endpoint: Endpoint, version_id: str) -> ZuoraDate | None:
    """Find the latest day to which any charge of this version is invoiced; None if none is."""
    plans = await _rate_plans(endpoint, version_id)
    found: list[Charge] = []
    for start in range(0, len(plans), zoql.MOST_CONDITIONS):
        found += await _charges(endpoint, plans[start : start + zoql.MOST_CONDITIONS])
    days = [charge.charged_through for charge in found if charge.charged_through]
    return max(days, key=lambda each: each.day, default=None)


async def _rate_plans(endpoint: Endpoint, version_id: str) -> list[str]:
    build = envelopes.query(zoql.rate_plans_of(version_id))
    found = await endpoint.ask(Operation("query", build, _read_rate_plans))
    if len(found) > MOST_RATE_PLANS:
        raise _unreadable("has more rate plans than Zuora ever returns")
    for plan in found:
        if plan.version_id.lower() != version_id.lower() or not zoql.is_id(plan.id):
            raise _unreadable("holds a rate plan that was not asked for")
    return sorted({plan.id for plan in found})


async def _charges(endpoint: Endpoint, plans: list[str]) -> tuple[Charge, ...]:
    build = envelopes.query(zoql.charges_of(plans))
    found = await endpoint.ask(Operation("query", build, _read_charges))
    if {charge.rate_plan_id for charge in found} - set(plans):
        raise _unreadable("holds a charge that was not asked for")
    return found


def _read_rate_plans(reply: Reply) -> tuple[RatePlan, ...]:
    found = answers.records(reply)
    return tuple(RatePlan(text(each, "Id"), text(each, "SubscriptionId")) for each in found)


def _read_charges(reply: Reply) -> tuple[Charge, ...]:
    return tuple(
        Charge(text(each, "RatePlanId"), answers.date_of(text(each, "ChargedThroughDate")))
        for each in answers.records(reply)
    )


def _unreadable(what: str) -> NotDone:
    return NotDone(f"Zuora's answer {what}. Nothing is sent.", cause=Cause.UNREADABLE)
