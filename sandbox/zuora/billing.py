"""The tenant's subscriptions and amendments, and the rules of cancelling."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.zuora import values
from sandbox.zuora.fields import LAST_TWO_STEP
from sandbox.zuora.records import Amended, Amendment, Invoice, Payment, Subscription
from sandbox.zuora.soap import RowError

Fields = Mapping[str, str | None]

STATUSES = (
    "Draft",
    "PendingActivation",
    "PendingAcceptance",
    "Active",
    "Cancelled",
    "Expired",
    "Suspended",
)
AMENDMENT_STATUSES = ("Draft", "PendingActivation", "PendingAcceptance", "Completed", "Cancelled")
# None may come before the one in front of it.
ORDERED_DAYS = ("contract_effective_date", "service_activation_date", "customer_acceptance_date")
DAYS = (*ORDERED_DAYS, "effective_date")
# Zuora reads dates with a time in Pacific time; here it is always winter time.
PACIFIC = timezone(timedelta(hours=-8))
CENT = Decimal("0.01")


class Billing:
    """The tenant's data. Refusals are raised as RowError."""

    def __init__(self, *, zone: tzinfo = PACIFIC, seed: int = 0) -> None:
        self.zone = zone
        self.now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
        self.require_activation = False
        self.require_acceptance = False
        self.closed_through: date | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.amendments: dict[str, Amendment] = {}
        self.invoices: list[Invoice] = []
        self.payments: list[Payment] = []
        self.cancellations: Counter[str] = Counter()
        self._versions: dict[str, list[str]] = {}
        self._random = random.Random(seed)
        self._numbers = count(1)

    def today(self) -> date:
        """The day in the tenant's zone."""
        return self.now().astimezone(self.zone).date()

    def add(self, name: str | None, status: str, fields: Mapping[str, Any]) -> Subscription:
        """A new subscription, two months into a term of a year unless the fields say otherwise."""
        if status not in STATUSES:
            raise ValueError(f"no such status: {status}")
        name = name or f"A-S{next(self._numbers):08d}"
        if name in self._versions:
            raise ValueError(f"{name} is there already")
        start = fields.get("contract_effective_date") or self.today() - timedelta(days=60)
        evergreen = fields.get("term_type") == "EVERGREEN"
        end = None if evergreen else fields.get("term_end_date", start + timedelta(days=365))
        defaults: dict[str, Any] = {
            "contract_effective_date": start,
            "service_activation_date": start,
            "contract_acceptance_date": start,
            "subscription_start_date": start,
            "term_start_date": start,
            "term_end_date": end,
            "subscription_end_date": end,
            "invoiced_through": self.today() + timedelta(days=30),
            "created_date": self.now(),
        }
        if status == "Cancelled":
            defaults["cancelled_date"] = defaults["subscription_end_date"] = self.today()
        identifier = self._new_id()
        given = {"original_id": identifier, **defaults, **fields}
        return self._keep(Subscription(id=identifier, name=name, status=status, **given))

    def new_version(self, name: str, **fields: Any) -> Subscription:
        """A new version, as another kind of amendment makes it; the older one expires."""
        base = self.latest(name)
        base.status, base.is_latest_version, status = "Expired", False, base.status
        changed = {
            "id": self._new_id(),
            "version": base.version + 1,
            "previous_subscription_id": base.id,
            "status": status,
            "is_latest_version": True,
            "created_date": self.now(),
        }
        return self._keep(replace(base, **{**changed, **fields}))

    def latest(self, name: str) -> Subscription:
        """The latest version. Raises KeyError."""
        return self.subscriptions[self._versions[name][-1]]

    def versions(self, name: str) -> list[Subscription]:
        """Every version, the oldest first. Raises KeyError."""
        return [self.subscriptions[identifier] for identifier in self._versions[name]]

    def amendments_of(self, name: str) -> list[Amendment]:
        """The amendments of all versions, the oldest first."""
        versions = self._versions[name]
        return [a for a in self.amendments.values() if a.subscription_id in versions]

    def name_of(self, key: str) -> str | None:
        """The subscription that has this name, or a version or an amendment with this id."""
        if key in self.amendments:
            key = self.amendments[key].subscription_id
        if key in self.subscriptions:
            return self.subscriptions[key].name
        return key if key in self._versions else None

    def create(self, version: float, fields: Fields, *, single_transaction: bool) -> Amendment:
        """The `create` of an amendment. A single transaction completes it if its status is
        Completed, or if it has none and both its dates; otherwise it becomes a draft."""
        amendment = self._new_amendment(version, fields)
        self._check_active(self.subscriptions[amendment.subscription_id])
        if version <= LAST_TWO_STEP:
            self._check_future(amendment, "effective_date")
        dated = amendment.contract_effective_date and amendment.effective_date
        status = fields.get("status") or ("Completed" if dated else "Draft")
        if single_transaction and status == "Completed":
            return self._settle(amendment)
        return self._put(replace(amendment, status="Draft"))

    def update(self, version: float, identifier: str | None, fields: Fields) -> Amendment:
        """The `update` of an amendment that is not yet completed."""
        if not identifier:
            raise RowError("MISSING_REQUIRED_VALUE", "Missing required value: Id")
        known = self.amendments.get(identifier)
        if known is None:
            raise RowError("INVALID_ID", f"Amendment with id {identifier} does not exist")
        if known.status in ("Completed", "Cancelled"):
            raise RowError("INVALID_VALUE", f"A {known.status} amendment cannot be updated")
        changed = self._changed(known, version, fields)
        if changed.status != "Completed":
            return self._put(changed)
        self._demand_dates(changed)
        if version <= LAST_TWO_STEP:
            self._check_future(changed, "contract_effective_date", "effective_date")
        return self._settle(changed)

    def plan(self, version: float, fields: Fields) -> Amendment:
        """The amendment of an `amend`, checked and not yet kept. The id of an older version
        stands for the latest."""
        amendment = self._new_amendment(version, fields)
        name = self.subscriptions[amendment.subscription_id].name
        amendment = replace(amendment, subscription_id=self.latest(name).id)
        self._check(amendment)
        return amendment

    def check_payment(self, amendment: Amendment) -> None:
        """Check whether the account allows the payment that a cancellation would process."""
        base = self.subscriptions[amendment.subscription_id]
        if not base.autopay and base.balance > 0:
            raise RowError("INVALID_VALUE", "Cannot process payment")

    def amend(self, amendment: Amendment, *, invoice: bool, payment: bool) -> Amended:
        """Carry out a planned amendment."""
        base = self.subscriptions[amendment.subscription_id]
        settled = self._settle(amendment) if amendment.status == "Completed" else amendment
        if settled.status != "Completed":
            return Amended(self._put(settled), base)
        settled = self._put(replace(settled, invoiced=invoice))
        amended = Amended(settled, self.latest(base.name))
        return self._invoiced(amended, payment=payment) if invoice else amended

    def credit(self, amendment: Amendment) -> Decimal:
        """The cancellation's invoice: minus the price of the days already invoiced."""
        base = self.subscriptions[amendment.subscription_id]
        effective = self._day(amendment, "effective_date")
        if effective is None or base.invoiced_through is None:
            return Decimal(0)
        days = (base.invoiced_through - effective).days
        return (-base.monthly_price * days / 30).quantize(CENT)

    def delete_amendment(self, identifier: str) -> None:
        """Undo the last amendment, unless it was invoiced."""
        amendment = self.amendments.get(identifier)
        if amendment is None:
            raise RowError("INVALID_ID", f"Amendment with id {identifier} does not exist")
        if amendment.status == "Completed":
            self._undo(amendment)
        del self.amendments[identifier]

    def delete_subscription(self, identifier: str) -> None:
        """Delete a draft."""
        subscription = self.subscriptions.get(identifier)
        if subscription is None:
            raise RowError("INVALID_ID", f"Subscription with id {identifier} does not exist")
        if subscription.status != "Draft":
            raise RowError("CANNOT_DELETE", "Only a draft subscription can be deleted")
        del self.subscriptions[identifier], self._versions[subscription.name]

    def _undo(self, amendment: Amendment) -> None:
        base = self.subscriptions[amendment.subscription_id]
        latest = self.latest(base.name)
        if latest.previous_subscription_id != base.id or amendment.invoiced:
            raise RowError("CANNOT_DELETE", "Only the last amendment, not invoiced, can be deleted")
        del self.subscriptions[latest.id]
        self._versions[base.name].pop()
        base.status, base.is_latest_version = "Active", True

    def _new_amendment(self, version: float, fields: Fields) -> Amendment:
        for name in ("name", "subscription_id", "type"):
            if not fields.get(name):
                raise _missing(name)
        if fields["type"] != "Cancellation":
            raise RowError("INVALID_VALUE", "The sandbox supports only cancellation amendments")
        subscription_id = str(fields["subscription_id"])
        if subscription_id not in self.subscriptions:
            raise RowError("INVALID_VALUE", "Can't find the Subscription by SubscriptionId.")
        draft = Amendment(
            id=self._new_id(),
            code=f"A-AM{next(self._numbers):08d}",
            subscription_id=subscription_id,
            name=str(fields["name"]),
            created_date=self.now(),
        )
        return self._changed(draft, version, fields)

    def _changed(self, amendment: Amendment, version: float, fields: Fields) -> Amendment:
        """The amendment with the call's fields. Raises RowError."""
        for name in ("subscription_id", "type"):
            if name in fields and fields[name] != getattr(amendment, name):
                raise RowError("INVALID_VALUE", f"The {name} of an amendment cannot be changed")
        changes: dict[str, Any] = {
            name: text and values.moment(version, text, self.zone)
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
        """Complete an amendment; without a date that the tenant requires it stays pending."""
        self._check(amendment)
        if self.require_activation and amendment.service_activation_date is None:
            return self._put(replace(amendment, status="PendingActivation"))
        if self.require_acceptance and amendment.customer_acceptance_date is None:
            return self._put(replace(amendment, status="PendingAcceptance"))
        base = self.subscriptions[amendment.subscription_id]
        day = self._day(amendment, "effective_date")
        changes = {"status": "Cancelled", "cancelled_date": day, "subscription_end_date": day}
        self.new_version(base.name, **changes)
        self.cancellations[base.name] += 1
        return self._put(replace(amendment, status="Completed"))

    def _check(self, amendment: Amendment) -> None:
        base = self.subscriptions[amendment.subscription_id]
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
        if self.closed_through is not None and effective <= self.closed_through:
            raise RowError("ACCOUNTING_PERIOD_CLOSED", "The accounting period is closed.")

    def _check_future(self, amendment: Amendment, *names: str) -> None:
        for name in names:
            moment = getattr(amendment, name)
            if moment is not None and moment <= self.now():
                raise RowError("INVALID_VALUE", f"The {name} must be in the future.")

    def _demand_dates(self, amendment: Amendment) -> None:
        if self.require_activation:
            self._demand(amendment, "service_activation_date")
        if self.require_acceptance:
            self._demand(amendment, "customer_acceptance_date")

    def _demand(self, amendment: Amendment, name: str) -> None:
        if getattr(amendment, name) is None:
            raise _missing(name)

    def _invoiced(self, amended: Amended, *, payment: bool) -> Amended:
        amount = self.credit(amended.amendment)
        invoice = Invoice(self._new_id(), amended.subscription.name, amount)
        self.invoices.append(invoice)
        if not payment:
            return replace(amended, invoice=invoice)
        number = f"P-{next(self._numbers):08d}"
        paid = Payment(self._new_id(), number, invoice.id, amount)
        self.payments.append(paid)
        return replace(amended, invoice=invoice, payment=paid)

    def _day(self, amendment: Amendment, name: str) -> date | None:
        moment: datetime | None = getattr(amendment, name)
        return values.day_of(moment, self.zone) if moment else None

    def _put(self, amendment: Amendment) -> Amendment:
        self.amendments[amendment.id] = amendment
        return amendment

    def _keep(self, subscription: Subscription) -> Subscription:
        self.subscriptions[subscription.id] = subscription
        self._versions.setdefault(subscription.name, []).append(subscription.id)
        return subscription

    def _new_id(self) -> str:
        return f"2c92c0f9{self._random.getrandbits(96):024x}"


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
