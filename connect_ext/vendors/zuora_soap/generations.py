"""The generations of Zuora's SOAP API, each with its own way to cancel a subscription.

The WSDL version at the end of the URL picks it (docs/facts.md, Zuora 0.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from enum import Enum

from connect_ext.vendors.base import Cancellation
from connect_ext.vendors.zuora_soap.envelopes import Amendment, AmendOptions, PreviewOptions
from connect_ext.vendors.zuora_soap.settings import ZuoraSettings

CANCELLATION = "Cancellation"
MAX_NAME_LENGTH = 100

# Up to 24.0 the dates "must be in the future", and Zuora keeps days, not moments, in its own time
# zone. 25 hours from now is tomorrow in every zone, even on the longest day of the year. A date
# a few minutes too early would get every cancellation refused; one too late costs a day.
_AHEAD = timedelta(hours=25)

# The time zones furthest from UTC: today's date anywhere on earth lies between them.
_EAST, _WEST = timedelta(hours=14), timedelta(hours=-12)


class Generation(Enum):
    """How a subscription is cancelled."""

    TWO_STEPS = "create a draft, then update it"
    ONE_CREATE = "create it completed, in one transaction"
    AMEND = "amend"


@dataclass(frozen=True)
class EffectiveDate:
    """The date of a cancellation, as it is sent and as a moment."""

    text: str
    moment: datetime


def generation_of(version: float) -> Generation:
    """The generation of a WSDL version."""
    if version < 25:
        return Generation.TWO_STEPS
    return Generation.ONE_CREATE if version < 28 else Generation.AMEND


def effective_date(
    version: float,
    asked_at: datetime,
    begins_at: datetime | None = None,
    term_ends_at: datetime | None = None,
    zone: tzinfo = timezone.utc,
) -> EffectiveDate:
    """The date of a cancellation that is asked for now: now, or as soon as Zuora allows.

    Zuora refuses any day before the subscription's first or after its term's last. Only the tenant
    knows which day is today: from version 69 on a date has no time, and we send today's in
    ``zone``; up to 68 Zuora converts a moment to Pacific time, whatever the tenant's zone (its page
    "Actions before changing time zone"). So we send the first or the last day if it is today in any
    zone; if it is today nowhere, Zuora's refusal is justified.
    """
    now = asked_at.astimezone(timezone.utc).replace(microsecond=0)
    ahead = _AHEAD if generation_of(version) is Generation.TWO_STEPS else timedelta()
    moment = (now + ahead).astimezone(zone)
    # Zuora writes a day as midnight in its own zone; the day as written is the one that counts.
    if begins_at and moment < begins_at and begins_at.date() <= (now + _EAST).date():
        moment = begins_at
    if term_ends_at and moment > term_ends_at and term_ends_at.date() >= (now + _WEST).date():
        moment = term_ends_at
    if version < 69:
        moment = moment.astimezone(timezone.utc)
        return EffectiveDate(moment.isoformat(), moment)
    midnight = moment.replace(hour=0, minute=0, second=0)
    return EffectiveDate(midnight.date().isoformat(), midnight)


def amendment_name(request_id: str) -> str:
    """The name by which a later attempt finds the amendment of a cancel request."""
    readable = "".join(letter for letter in request_id if letter.isprintable())
    return f"Cancel request {readable}"[:MAX_NAME_LENGTH]


def draft(cancellation: Cancellation, version_id: str, date: EffectiveDate) -> Amendment:
    """The first of two steps: an amendment that has no effect yet."""
    return Amendment(
        description="Cancels the subscription at the customer's request.",
        effective_date=date.text,
        name=amendment_name(cancellation.request_id),
        status="Draft",
        subscription_id=version_id,
        type=CANCELLATION,
    )


def completion(amendment_id: str, date: EffectiveDate, *, is_left_over: bool) -> Amendment:
    """The second of two steps: the dates that a tenant may demand, and the effect.

    A draft left over by an earlier attempt gets a new effective date, since the old one may have
    passed.
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
    """The whole amendment at once.

    The activation must not come before the contract, nor the acceptance before the activation
    (docs/facts.md, Zuora 2.2); all have the same date.
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
    """The billing, in so many words; 28 and 29 have none for it (docs/facts.md, Zuora 1.4)."""
    if settings.version < 30:
        return None
    return AmendOptions(settings.generate_invoice, settings.process_payments)


def preview_options(settings: ZuoraSettings) -> PreviewOptions:
    """How to preview: this amendment alone, if the version can."""
    return PreviewOptions(can_leave_drafts_out=settings.version >= 72)
