"""Cancellation amendments: checking, carrying out and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sandbox.zuora import charging, values
from sandbox.zuora.billing import Billing
from sandbox.zuora.charging import Line
from sandbox.zuora.fields import LAST_TWO_STEP
from sandbox.zuora.records import Amended, Amendment, Payment, Subscription
from sandbox.zuora.soap import RowError

Fields = Mapping[str, str | None]

AMENDMENT_STATUSES = ("Draft", "PendingActivation", "PendingAcceptance", "Completed", "Cancelled")
# No date may come before the one preceding it.
ORDERED_DAYS = ("contract_effective_date", "service_activation_date", "customer_acceptance_date")
DAYS = (*ORDERED_DAYS, "effective_date")


class Amending:
    """Amendments of a tenant's subscriptions. Refusals are raised as RowError."""

    def __init__(self, billing: Billing) -> None:
        self.billing = billing

    def create(self, version: float, fields: Fields, *, single_transaction: bool) -> Amendment:
        """The `create` of an amendment. A single transaction completes it if its status is
        Completed, or if it has both dates and no status; otherwise it becomes a draft.
        """
        amendment = self._new_amendment(version, fields)
        self._check_active(self._base(amendment))
        if version <= LAST_TWO_STEP:
            self._check_future(amendment, "effective_date")
        dated = amendment.contract_effective_date and amendment.effective_date
        status = fields.get("status") or ("Completed" if dated else "Draft")
        if single_transaction and status == "Completed":
            return self._settle(amendment)
        return self.billing.put(replace(amendment, status="Draft"))

    def update(self, version: float, identifier: str | None, fields: Fields) -> Amendment:
        """The `update` of an amendment that is not yet completed."""
        if not identifier:
            raise RowError("MISSING_REQUIRED_VALUE", "Missing required value: Id")
        known = self.billing.amendments.get(identifier)
        if known is None:
            raise RowError("INVALID_ID", f"Amendment with id {identifier} does not exist")
        if known.status in ("Completed", "Cancelled"):
            raise RowError("INVALID_VALUE", f"A {known.status} amendment cannot be updated")
        changed = self._changed(known, version, fields)
        if changed.status != "Completed":
            return self.billing.put(changed)
        self._demand_dates(changed)
        if version <= LAST_TWO_STEP:
            self._check_future(changed, "contract_effective_date", "effective_date")
        return self._settle(changed)

    def plan(self, version: float, fields: Fields) -> Amendment:
        """The amendment of an `amend`, checked but not stored. The id of an older version stands
        for the latest.
        """
        amendment = self._new_amendment(version, fields)
        name = self.billing.subscriptions[amendment.subscription_id].name
        amendment = replace(amendment, subscription_id=self.billing.latest(name).id)
        self._check(amendment)
        return amendment

    def check_payment(self, amendment: Amendment) -> None:
        """Check whether the account allows the payment that a cancellation would process."""
        base = self._base(amendment)
        if not base.autopay and base.balance > 0:
            raise RowError("INVALID_VALUE", "Cannot process payment")

    def lines(self, amendment: Amendment, through: date | None = None) -> list[Line]:
        """What a planned amendment would bill up to and including `through` (default: today)."""
        base, effective = self._base(amendment), self._day(amendment, "effective_date")
        if effective is None:
            return []
        charges = self.billing.all_charges(base)
        until = through or self.billing.today()
        return charging.lines(charges, effective, until, self.billing.tax_rate)

    def amend(
        self, amendment: Amendment, *, invoice: bool, payment: bool, through: date | None = None
    ) -> Amended:
        """Carry out a planned amendment; an invoice covers the days up to `through`, or today."""
        base, lines = self._base(amendment), self.lines(amendment, through)
        settled = self._settle(amendment) if amendment.status == "Completed" else amendment
        if settled.status != "Completed":
            return Amended(self.billing.put(settled), base)
        settled = self.billing.put(replace(settled, invoiced=invoice))
        amended = Amended(settled, self.billing.latest(base.name))
        return self._invoiced(amended, lines, payment=payment) if invoice else amended

    def delete(self, identifier: str) -> None:
        """Delete an amendment. A completed amendment must be the last of its subscription and not
        invoiced; the version before it becomes the latest again.
        """
        amendment = self.billing.amendments.get(identifier)
        if amendment is None:
            raise RowError("INVALID_ID", f"Amendment with id {identifier} does not exist")
        if amendment.status == "Completed":
            self._undo(amendment)
        del self.billing.amendments[identifier]

    def _undo(self, amendment: Amendment) -> None:
        base = self._base(amendment)
        latest = self.billing.latest(base.name)
        if latest.previous_subscription_id != base.id:
            raise RowError("CANNOT_DELETE", "Only the last amendment can be deleted.")
        if amendment.invoiced:
            raise RowError("CANNOT_DELETE", "An amendment that was invoiced cannot be deleted.")
        if amendment.type == "Cancellation":
            self.billing.roll_back(base.name, "Active")
            self.billing.undone[base.name] += 1
        else:
            self.billing.roll_back(base.name, latest.status)

    def _new_amendment(self, version: float, fields: Fields) -> Amendment:
        for name in ("name", "subscription_id", "type"):
            if not fields.get(name):
                raise _missing(name)
        if fields["type"] != "Cancellation":
            raise RowError("INVALID_VALUE", "The sandbox supports only cancellation amendments")
        subscription_id = str(fields["subscription_id"])
        if subscription_id not in self.billing.subscriptions:
            raise RowError("INVALID_VALUE", "Can't find the Subscription by SubscriptionId.")
        draft = Amendment(
            id=self.billing.new_id(),
            code=self.billing.new_number("A-AM"),
            subscription_id=subscription_id,
            name=str(fields["name"]),
            created_date=self.billing.now(),
        )
        return self._changed(draft, version, fields)

    def _changed(self, amendment: Amendment, version: float, fields: Fields) -> Amendment:
        """The amendment with the call's fields. Raises RowError."""
        for name in ("subscription_id", "type"):
            if name in fields and fields[name] != getattr(amendment, name):
                raise RowError("INVALID_VALUE", f"The {name} of an amendment cannot be changed")
        changes: dict[str, Any] = {
            name: text and values.moment(version, text, self.billing.zone)
            for name, text in fields.items()
            if name in DAYS
        }
        if fields.get("status"):
            changes["status"] = fields["status"]
        changes.update({k: fields[k] for k in ("name", "description") if k in fields})
        changed = replace(amendment, **changes)
        _check_texts(changed)
        return changed

    def _settle(self, amendment: Amendment) -> Amendment:
        """Complete an amendment; it stays pending without a date that the tenant requires."""
        self._check(amendment)
        if self.billing.require_activation and amendment.service_activation_date is None:
            return self.billing.put(replace(amendment, status="PendingActivation"))
        if self.billing.require_acceptance and amendment.customer_acceptance_date is None:
            return self.billing.put(replace(amendment, status="PendingAcceptance"))
        base = self._base(amendment)
        day = self._day(amendment, "effective_date")
        changes = {"status": "Cancelled", "cancelled_date": day, "subscription_end_date": day}
        self.billing.new_version(base.name, **changes)
        self.billing.cancellations[base.name] += 1
        return self.billing.put(replace(amendment, status="Completed"))

    def _check(self, amendment: Amendment) -> None:
        base = self._base(amendment)
        self._check_active(base)
        if base.refusal is not None:
            raise RowError("INVALID_VALUE", base.refusal)
        effective = self._day(amendment, "effective_date")
        self._demand(amendment, "contract_effective_date")
        if effective is None:
            raise _missing("effective_date")
        self._check_days(amendment, base, effective)

    def _check_active(self, subscription: Subscription) -> None:
        if subscription.status == "Draft":
            raise RowError("INVALID_VALUE", "A draft subscription cannot be canceled.")
        if subscription.status != "Active":
            message = f"Only an active subscription can be canceled, not {subscription.status}."
            raise RowError("INVALID_VALUE", message)

    def _check_days(self, amendment: Amendment, base: Subscription, effective: date) -> None:
        ordered = [day for day in (self._day(amendment, name) for name in ORDERED_DAYS) if day]
        if ordered != sorted(ordered):
            message = "The dates of contract, activation and acceptance are out of order."
            raise RowError("INVALID_VALUE", message)
        if min(*ordered, effective) < base.contract_effective_date:
            message = "The date is before the subscription's contract effective date."
            raise RowError("INVALID_VALUE", message)
        if base.term_end_date is not None and effective > base.term_end_date:
            raise RowError("INVALID_VALUE", "The cancellation date is after the end of the term.")
        if self.billing.closed_through is not None and effective <= self.billing.closed_through:
            raise RowError("ACCOUNTING_PERIOD_CLOSED", "The accounting period is closed.")

    def _check_future(self, amendment: Amendment, *names: str) -> None:
        for name in names:
            moment = getattr(amendment, name)
            if moment is not None and moment <= self.billing.now():
                raise RowError("INVALID_VALUE", f"The {name} must be in the future.")

    def _demand_dates(self, amendment: Amendment) -> None:
        if self.billing.require_activation:
            self._demand(amendment, "service_activation_date")
        if self.billing.require_acceptance:
            self._demand(amendment, "customer_acceptance_date")

    def _demand(self, amendment: Amendment, name: str) -> None:
        if getattr(amendment, name) is None:
            raise _missing(name)

    def _invoiced(self, amended: Amended, lines: list[Line], *, payment: bool) -> Amended:
        latest = amended.subscription
        invoiced, end = latest.invoiced_through, latest.cancelled_date
        through = min(invoiced, end) if invoiced and end else None
        invoice = self.billing.bill(latest, lines, through)
        if not payment:
            return replace(amended, invoice=invoice)
        number = self.billing.new_number("P-")
        paid = Payment(self.billing.new_id(), number, invoice.id, invoice.amount)
        self.billing.payments.append(paid)
        return replace(amended, invoice=invoice, payment=paid)

    def _base(self, amendment: Amendment) -> Subscription:
        return self.billing.subscriptions[amendment.subscription_id]

    def _day(self, amendment: Amendment, name: str) -> date | None:
        moment: datetime | None = getattr(amendment, name)
        return values.day_of(moment, self.billing.zone) if moment else None


def _missing(name: str) -> RowError:
    title = "".join(word.title() for word in name.split("_"))
    return RowError("MISSING_REQUIRED_VALUE", f"Missing required value: {title}")


def _check_texts(amendment: Amendment) -> None:
    if not amendment.name:
        raise RowError("MISSING_REQUIRED_VALUE", "Missing required value: Name")
    if len(amendment.name) > 100 or len(amendment.description or "") > 500:
        raise RowError("INVALID_VALUE", "The name or the description is too long.")
    if amendment.status not in AMENDMENT_STATUSES:
        raise RowError("INVALID_VALUE", f"Invalid value for field Status: {amendment.status}")
