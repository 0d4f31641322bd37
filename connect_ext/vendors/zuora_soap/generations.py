"""The generations of Zuora's SOAP API: what each sends to cancel a subscription.

The WSDL version at the end of the URL picks it (facts/zuora.md 0.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

from connect_ext.settings import ZuoraSettings
from connect_ext.vendors.base import Cancellation
from connect_ext.vendors.zuora_soap.envelopes import Amendment, AmendOptions, PreviewOptions

CANCELLATION = "Cancellation"
MAX_NAME_LENGTH = 100

# Up to 24.0 the dates "must be in the future", and Zuora keeps days rather than moments, in a time
# zone of its own. 25 hours ahead is tomorrow in every zone, on the longest day of the year too. A
# date that is a few minutes too early would turn every customer's cancellation down; one that is
# too late costs a day.
_AHEAD = timedelta(hours=25)

# The time zones that are furthest from UTC: what day it is, somewhere, lies between them.
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
) -> EffectiveDate:
    """When a cancellation that is asked for now takes effect: now, or as soon as may be.

    Zuora refuses a day before the subscription's first or after its term's last. Which day is
    today, only the tenant knows: from version 69 on a date has no time, and it is today in UTC;
    up to 68 Zuora makes Pacific time of a moment, whatever the tenant's zone (its page "Actions
    before changing time zone"). So the first day, or the last, is taken where it is today in some
    zone; where it is today nowhere, Zuora's refusal is a real one.
    """
    now = asked_at.astimezone(timezone.utc).replace(microsecond=0)
    moment = now + _AHEAD if generation_of(version) is Generation.TWO_STEPS else now
    # Zuora writes a day as midnight in a zone of its own: the day that counts is the written one.
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
    """The name by which a later delivery finds the amendment of a cancel request."""
    readable = "".join(letter for letter in request_id if letter.isprintable())
    return f"Cancel request {readable}"[:MAX_NAME_LENGTH]


def draft(cancellation: Cancellation, version_id: str, date: EffectiveDate) -> Amendment:
    """The first half of two: an amendment without an effect."""
    return Amendment(
        description="Cancels the subscription at the customer's request.",
        effective_date=date.text,
        name=amendment_name(cancellation.request_id),
        status="Draft",
        subscription_id=version_id,
        type=CANCELLATION,
    )


def completion(amendment_id: str, date: EffectiveDate, *, is_left_over: bool) -> Amendment:
    """The second half of two: the dates that a tenant may demand, and the effect.

    A draft that an earlier attempt has left over gets its effective date anew, since the old one
    may have passed.
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

    The dates must not go down from contract to activation to acceptance (facts/zuora.md 2.2), and
    are all the same.
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
    """What to bill, in words; versions 28 and 29 have no words for it (facts/zuora.md 1.4)."""
    if settings.version < 30:
        return None
    return AmendOptions(settings.generate_invoice, settings.process_payments)


def preview_options(settings: ZuoraSettings) -> PreviewOptions:
    """How to preview: this amendment alone, where the version can."""
    return PreviewOptions(can_leave_drafts_out=settings.version >= 72)
