"""The generations of Zuora's SOAP API, which cancel subscriptions in different ways.

The WSDL version at the end of the URL determines the generation (docs/facts.md, Zuora 0.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from enum import Enum
from typing import Any

from connect_ext.vendors.base import Cancellation
from connect_ext.vendors.zuora_soap.dates import (
    LAST_WITH_MOMENTS,
    PACIFIC,
    ZuoraDate,
    midnight,
)
from connect_ext.vendors.zuora_soap.envelopes import Amendment, AmendOptions, PreviewOptions
from connect_ext.vendors.zuora_soap.settings import ZuoraSettings

CANCELLATION = "Cancellation"
MAX_NAME_LENGTH = 100

# Up to 24.0, dates "must be in the future", and Zuora keeps days, not moments, in its own time
# zone. 25 hours from now is tomorrow in every zone, even on the longest day of the year. With a
# date a few minutes too early, Zuora would refuse every cancellation; one too late costs a day.
_AHEAD = timedelta(hours=25)

# The time zone furthest behind UTC: a day that has ended there has ended everywhere.
_WEST = timezone(timedelta(hours=-12))


class Generation(Enum):
    """The way a subscription is cancelled."""

    TWO_STEPS = "create a draft, then update it"
    ONE_CREATE = "create it completed, in one transaction"
    AMEND = "amend"


@dataclass(frozen=True)
class EffectiveDate:
    """The date of a cancellation as it is sent."""

    text: str
    moment: datetime
    """When it begins."""
    day: date
    """The first day without service, in the tenant's time zone."""


def generation_of(version: float) -> Generation:
    """The generation of a WSDL version."""
    if version < 25:
        return Generation.TWO_STEPS
    return Generation.ONE_CREATE if version < 28 else Generation.AMEND


def effective_date(
    version: float,
    asked_at: datetime,
    wanted: ZuoraDate | None = None,
    bounds: tuple[ZuoraDate | None, ZuoraDate | None] = (None, None),
    zone: tzinfo = timezone.utc,
) -> EffectiveDate:
    """The date of a cancellation: the requested one, or as soon as Zuora allows.

    It is never before the first bound, the subscription's first day, or after the second, its last:
    nothing is renewed just to be cancelled later. It is never before today in the tenant's zone.
    Up to version 68, where Zuora converts moments to Pacific time, it is never before now.
    """
    today = asked_at.astimezone(zone).date()
    if version > LAST_WITH_MOMENTS:
        chosen = _within(_latest(_day, ZuoraDate(today), wanted), bounds, asked_at, _day)
        return EffectiveDate(chosen.day.isoformat(), midnight(chosen.day, zone), chosen.day)
    moment = asked_at.astimezone(timezone.utc).replace(microsecond=0) + _ahead(version)
    soonest = ZuoraDate(moment.astimezone(zone).date(), moment)
    chosen = _within(_latest(_moment, soonest, wanted), bounds, asked_at, _moment)
    moment = _moment(chosen).astimezone(timezone.utc)
    return EffectiveDate(moment.isoformat(), moment, chosen.day)


def _within(
    wanted: ZuoraDate,
    bounds: tuple[ZuoraDate | None, ZuoraDate | None],
    asked_at: datetime,
    order: Callable[[ZuoraDate], Any],
) -> ZuoraDate:
    """The requested date, or the nearest one within the bounds.

    The last day stops counting once it has ended in every zone: then Zuora's refusal is justified.
    Until then it counts, since the tenant's zone may be unknown.
    """
    first, last = bounds
    chosen = _latest(order, wanted, first)
    if last and last.day >= asked_at.astimezone(_WEST).date():
        return min(chosen, last, key=order)
    return chosen


def _latest(
    order: Callable[[ZuoraDate], Any], one: ZuoraDate, other: ZuoraDate | None
) -> ZuoraDate:
    return max(one, other, key=order) if other else one


def _day(written: ZuoraDate) -> date:
    return written.day


def _moment(written: ZuoraDate) -> datetime:
    return written.begins(PACIFIC)


def _ahead(version: float) -> timedelta:
    return _AHEAD if generation_of(version) is Generation.TWO_STEPS else timedelta()


def amendment_name(request_id: str) -> str:
    """The name by which later attempts find the amendment of a cancel request."""
    readable = "".join(letter for letter in request_id if letter.isprintable())
    return f"Cancel request {readable}"[:MAX_NAME_LENGTH]


def draft(cancellation: Cancellation, version_id: str, date: EffectiveDate) -> Amendment:
    """Make the first of two steps: an amendment without effect yet."""
    return Amendment(
        description="Cancels the subscription at the customer's request.",
        effective_date=date.text,
        name=amendment_name(cancellation.request_id),
        status="Draft",
        subscription_id=version_id,
        type=CANCELLATION,
    )


def completion(amendment_id: str, date: EffectiveDate, *, is_left_over: bool) -> Amendment:
    """Make the second of two steps: it adds dates that a tenant may require, and takes effect.

    A draft left by an earlier attempt gets a new effective date, since the old one may have passed.
    """
    return Amendment(
        id=amendment_id,
        contract_effective_date=date.text,
        customer_acceptance_date=date.text,
        effective_date=date.text if is_left_over else "",
        service_activation_date=date.text,
        status="Completed",
    )


def completed(cancellation: Cancellation, version_id: str, date: EffectiveDate) -> Amendment:
    """Make the whole amendment in one step.

    Activation must not precede the contract, nor acceptance the activation (docs/facts.md, Zuora
    2.2), so all have the same date.
    """
    return Amendment(
        contract_effective_date=date.text,
        customer_acceptance_date=date.text,
        description="Cancels the subscription at the customer's request.",
        effective_date=date.text,
        name=amendment_name(cancellation.request_id),
        service_activation_date=date.text,
        status="Completed",
        subscription_id=version_id,
        type=CANCELLATION,
    )


def amend_options(settings: ZuoraSettings) -> AmendOptions | None:
    """State the billing explicitly; 28 and 29 have no options for it (docs/facts.md, Zuora 1.4)."""
    if settings.version < 30:
        return None
    return AmendOptions(settings.generate_invoice, settings.process_payments)


def preview_options(settings: ZuoraSettings) -> PreviewOptions:
    """Choose to preview only this amendment, if the version can."""
    return PreviewOptions(can_leave_drafts_out=settings.version >= 72)
