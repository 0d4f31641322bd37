"""The tenant's subscriptions and their versions."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.zuora_orders.records import STATUSES, BillingDocument, Cancellation, Subscription


def account_id(account_number: str) -> str:
    """An account's id, always the same for the same number."""
    return hashlib.sha256(account_number.encode()).hexdigest()[:32]


class Billing:
    """The tenant's subscriptions; `cancellations` counts, by number, those that took effect,
    `undone` those that were taken back.
    """

    def __init__(self, *, zone: tzinfo, tax_rate: Decimal | float = 0, seed: int = 0) -> None:
        self.zone = zone
        self.now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
        self.tax_rate = Decimal(str(tax_rate))
        self.cancellations: Counter[str] = Counter()
        self.undone: Counter[str] = Counter()
        self.documents: list[BillingDocument] = []
        self._versions: dict[str, list[Subscription]] = {}
        self._revisions: Counter[str] = Counter()
        self._past: dict[str, list[tuple[datetime, Subscription]]] = {}
        self._random = random.Random(seed)
        self._numbers = count(1)

    def today(self) -> date:
        """The day in the tenant's zone."""
        return self.now().astimezone(self.zone).date()

    def new_id(self) -> str:
        """An id as Zuora makes them: 32 hexadecimal digits."""
        return f"{self._random.getrandbits(128):032x}"

    def add(self, number: str | None, status: str, fields: Mapping[str, Any]) -> Subscription:
        """A new subscription, two months into a term of a year unless the fields say otherwise."""
        if status not in STATUSES:
            raise ValueError(f"no such status: {status}")
        number = number or self._free_number()
        if number in self._versions:
            raise ValueError(f"{number} is there already")
        given = {**self._defaults(status, fields), **fields}
        given["monthly_price"] = Decimal(str(given["monthly_price"]))
        self._versions[number], self._past[number] = [], []
        return self._keep(Subscription(id=self.new_id(), number=number, status=status, **given))

    def _free_number(self) -> str:
        return next(
            number
            for number in (f"A-S{each:08d}" for each in self._numbers)
            if number not in self._versions
        )

    def _defaults(self, status: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        start = fields.get("contract_effective_date") or self.today() - timedelta(days=60)
        evergreen = fields.get("term_type") == "EVERGREEN"
        end = None if evergreen else fields.get("term_end_date", start + timedelta(days=365))
        if status == "Cancelled":
            end = fields.get("subscription_end_date") or max(self.today(), start)
        account = fields.get("account_number", "A00000001")
        return {
            "contract_effective_date": start,
            "term_start_date": start,
            "term_end_date": end,
            "subscription_end_date": end,
            "invoiced_through": self.today() + timedelta(days=30),
            "invoice_owner_account_number": account,
            "monthly_price": 59,
            "created_at": self.now(),
            "updated_at": self.now(),
        }

    def new_version(self, number: str, **fields: Any) -> Subscription:
        """A new version; the older one expires, and its id then names an old version."""
        base = self.latest(number)
        changed = {
            "id": self.new_id(),
            "version": base.version + 1,
            "created_at": self.now(),
            "updated_at": self.now(),
        }
        made = replace(base, **{**changed, **fields})
        base.status, base.is_latest_version = "Expired", False
        return self._keep(made)

    def cancel(self, cancellation: Cancellation, order_number: str) -> Subscription:
        """The version that a cancellation makes: Cancelled at once, even if it ends later."""
        end = cancellation.effective_date
        self.cancellations[cancellation.number] += 1
        return self.new_version(
            cancellation.number,
            status="Cancelled",
            term_end_date=end,
            subscription_end_date=end,
            cancel_reason=cancellation.change_reason,
            order_number=order_number,
            scheduled_cancel_date=None,
        )

    def reinstate(self, former: Subscription) -> Subscription:
        """A new version with the status and the end of an earlier one."""
        return self.new_version(
            former.number,
            status="Active",
            term_end_date=former.term_end_date,
            subscription_end_date=former.subscription_end_date,
            cancel_reason=None,
        )

    def roll_back(self, number: str, status: str) -> Subscription:
        """Make the former version the latest again; the revision does not go back."""
        versions = self._versions[number]
        versions.pop()
        versions[-1].status, versions[-1].is_latest_version = status, True
        return self._revised(versions[-1])

    def end_now(self, number: str) -> None:
        """Let a cancelled subscription that was due to end later end today. Raises KeyError."""
        found, today = self.latest(number), self.today()
        ends = found.subscription_end_date
        if found.status == "Cancelled" and ends is not None and ends > today:
            found.term_end_date = found.subscription_end_date = today

    def latest(self, number: str) -> Subscription:
        """The latest version. Raises KeyError."""
        return self._versions[number][-1]

    def all_latest(self) -> list[Subscription]:
        """The latest version of every subscription."""
        return [self.latest(number) for number in self._versions]

    def latest_before(self, number: str, seconds: float) -> Subscription:
        """The version that was the latest this many seconds ago, or else the first."""
        moment, past = self.now() - timedelta(seconds=seconds), self._past[number]
        return next((seen for since, seen in reversed(past) if since <= moment), past[0][1])

    def versions(self, number: str) -> list[Subscription]:
        """Every version, the oldest first. Raises KeyError."""
        return list(self._versions[number])

    def find(self, key: str) -> Subscription | None:
        """The version with this id, or the latest version with this number."""
        if key in self._versions:
            return self.latest(key)
        return next(
            (each for versions in self._versions.values() for each in versions if each.id == key),
            None,
        )

    def has_account(self, number: str) -> bool:
        """Whether there is such an account."""
        return any(
            number in (each.account_number, each.invoice_owner_account_number)
            for versions in self._versions.values()
            for each in versions
        )

    def account_number(self, identifier: str) -> str | None:
        """The number of the account with this id."""
        return next(
            (
                number
                for versions in self._versions.values()
                for each in versions
                for number in (each.account_number, each.invoice_owner_account_number)
                if account_id(number) == identifier
            ),
            None,
        )

    def _keep(self, subscription: Subscription) -> Subscription:
        self._versions[subscription.number].append(subscription)
        return self._revised(subscription)

    def _revised(self, subscription: Subscription) -> Subscription:
        self._revisions[subscription.number] += 1
        subscription.revision = self._revisions[subscription.number]
        self._past[subscription.number].append((self.now(), replace(subscription)))
        return subscription
