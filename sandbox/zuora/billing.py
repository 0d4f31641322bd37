"""The tenant's data: accounts, versions of subscriptions, amendments and invoices."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.zuora import charging
from sandbox.zuora.records import (
    Account,
    Amendment,
    Invoice,
    Payment,
    RatePlan,
    RatePlanCharge,
    Subscription,
)
from sandbox.zuora.soap import RowError

STATUSES = (
    "Draft",
    "PendingActivation",
    "PendingAcceptance",
    "Active",
    "Cancelled",
    "Expired",
    "Suspended",
)
# Zuora reads dates with a time in Pacific time; here it is always winter time.
PACIFIC = timezone(timedelta(hours=-8))


class Billing:
    """The tenant's data. `cancellations` counts, by number, those that took effect, `undone` those
    that were taken back. Refusals are raised as RowError.
    """

    def __init__(self, *, zone: tzinfo = PACIFIC, seed: int = 0) -> None:
        self.zone = zone
        self.now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
        self.require_activation = False
        self.require_acceptance = False
        self.closed_through: date | None = None
        self.tax_rate = Decimal(0)
        self.accounts: dict[str, Account] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.rate_plans: dict[str, RatePlan] = {}
        self.amendments: dict[str, Amendment] = {}
        self.invoices: list[Invoice] = []
        self.payments: list[Payment] = []
        self.cancellations: Counter[str] = Counter()
        self.undone: Counter[str] = Counter()
        self._versions: dict[str, list[str]] = {}
        self._owners: dict[str, str] = {}
        self._random = random.Random(seed)
        self._numbers = count(1)
        self.account = self.add_account()

    def today(self) -> date:
        """The day in the tenant's zone."""
        return self.now().astimezone(self.zone).date()

    def add_account(self, currency: str = "USD", name: str = "Sandbox customer") -> Account:
        """A new account."""
        number = f"A{len(self.accounts) + 1:08d}"
        account = Account(self.new_id(), number, currency=currency, name=name)
        self.accounts[account.id] = account
        return account

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
            "account_id": self.account.id,
            "created_date": self.now(),
        }
        if status == "Cancelled":
            defaults["cancelled_date"] = defaults["subscription_end_date"] = self.today()
        identifier = self.new_id()
        invoiced = {"invoiced_through": self.today() + timedelta(days=30)}
        charged = charging.charged(fields) or charging.charged(invoiced)
        given = {"original_id": identifier, **defaults, **fields, **charged}
        return self._keep(Subscription(id=identifier, name=name, status=status, **given))

    def new_version(self, name: str, **fields: Any) -> Subscription:
        """A new version, as another kind of amendment makes one; the older one expires."""
        base = self.latest(name)
        base.status, base.is_latest_version, status = "Expired", False, base.status
        changed = {
            "id": self.new_id(),
            "version": base.version + 1,
            "previous_subscription_id": base.id,
            "status": status,
            "is_latest_version": True,
            "created_date": self.now(),
        }
        charged = charging.charged(fields, base.charged_through)
        return self._keep(replace(base, **{**changed, **fields, **charged}))

    def roll_back(self, name: str, status: str) -> None:
        """Make the version before the latest the latest again."""
        gone = self._versions[name].pop()
        del self.subscriptions[gone]
        self._drop_plans(gone)
        self.latest(name).status, self.latest(name).is_latest_version = status, True

    def amend_otherwise(self, name: str, kind: str, fields: Mapping[str, Any]) -> Amendment:
        """Put another kind of amendment on top, whatever Zuora's rules say; the status stays."""
        base = self.latest(name)
        self.new_version(name, **fields)
        made = Amendment(
            id=self.new_id(),
            code=self.new_number("A-AM"),
            subscription_id=base.id,
            name=f"{kind} of {name}",
            type=kind,
            status="Completed",
            created_date=self.now(),
        )
        return self.put(made)

    def invoice(self, name: str, through: date | None = None) -> Invoice:
        """A bill run: the subscription is invoiced through this day (default: as far as before),
        but not beyond its end. Its amendments can no longer be deleted.
        """
        latest = self.latest(name)
        end = through or latest.invoiced_through or self.today()
        if latest.cancelled_date is not None:
            end = min(end, latest.cancelled_date)
        lines = charging.lines(self.all_charges(latest), end, end, self.tax_rate)
        for each in self.amendments_of(name):
            if each.status == "Completed":
                self.put(replace(each, invoiced=True))
        return self.bill(latest, lines, end)

    def bill(
        self, latest: Subscription, lines: Iterable[charging.Line], through: date | None
    ) -> Invoice:
        """The invoice of these lines; everything through this day counts as invoiced."""
        amount = sum((line.amount + line.tax for line in lines), Decimal(0))
        invoice = Invoice(self.new_id(), latest.name, amount)
        self.invoices.append(invoice)
        if through is not None:
            charged = charging.charged({"invoiced_through": through}, latest.charged_through)
            latest.invoiced_through = charged["invoiced_through"]
            latest.charged_through = charged["charged_through"]
        return invoice

    def end_now(self, name: str) -> None:
        """A cancelled subscription that was to end later ends today. Raises KeyError."""
        found, today = self.latest(name), self.today()
        if found.cancelled_date is not None and found.cancelled_date > today:
            found.cancelled_date = found.subscription_end_date = today

    def latest(self, name: str) -> Subscription:
        """The latest version. Raises KeyError."""
        return self.subscriptions[self._versions[name][-1]]

    def all_latest(self) -> list[Subscription]:
        """The latest version of every subscription."""
        return [self.latest(name) for name in self._versions]

    def versions(self, name: str) -> list[Subscription]:
        """Every version, the oldest first. Raises KeyError."""
        return [self.subscriptions[identifier] for identifier in self._versions[name]]

    def amendments_of(self, name: str) -> list[Amendment]:
        """The amendments of all versions, the oldest first."""
        versions = self._versions[name]
        return [a for a in self.amendments.values() if a.subscription_id in versions]

    def name_of(self, key: str) -> str | None:
        """The subscription with this name, or that has or had this id."""
        return key if key in self._versions else self._owners.get(key)

    def plans_of(self, subscription_id: str) -> list[RatePlan]:
        """The rate plans of a version."""
        return [p for p in self.rate_plans.values() if p.subscription_id == subscription_id]

    def charges_of(self, plan: RatePlan) -> list[RatePlanCharge]:
        """The charges of a rate plan."""
        return charging.charges(plan, self.subscriptions[plan.subscription_id])

    def all_charges(self, subscription: Subscription) -> list[RatePlanCharge]:
        return [c for plan in self.plans_of(subscription.id) for c in self.charges_of(plan)]

    def delete_subscription(self, identifier: str) -> None:
        """Delete a draft."""
        subscription = self.subscriptions.get(identifier)
        if subscription is None:
            raise RowError("INVALID_ID", f"Subscription with id {identifier} does not exist")
        if subscription.status != "Draft":
            raise RowError("CANNOT_DELETE", "Only a draft subscription can be deleted")
        del self.subscriptions[identifier], self._versions[subscription.name]
        self._drop_plans(identifier)

    def put(self, amendment: Amendment) -> Amendment:
        """Store an amendment, replacing its older state."""
        self._owners[amendment.id] = self.subscriptions[amendment.subscription_id].name
        self.amendments[amendment.id] = amendment
        return amendment

    def new_id(self) -> str:
        """An id as Zuora makes them."""
        return f"2c92c0f9{self._random.getrandbits(96):024x}"

    def new_number(self, prefix: str) -> str:
        """The next number with this prefix."""
        return f"{prefix}{next(self._numbers):08d}"

    def _keep(self, subscription: Subscription) -> Subscription:
        self.subscriptions[subscription.id] = subscription
        self._versions.setdefault(subscription.name, []).append(subscription.id)
        self._owners[subscription.id] = subscription.name
        for position in range(len(subscription.charged_through)):
            plan = RatePlan(self.new_id(), subscription.id, position, subscription.created_date)
            self.rate_plans[plan.id] = plan
            self._owners[plan.id] = subscription.name
        return subscription

    def _drop_plans(self, subscription_id: str) -> None:
        for plan in self.plans_of(subscription_id):
            del self.rate_plans[plan.id]
