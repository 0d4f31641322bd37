"""A tenant's records: accounts, versions of subscriptions, charges, amendments, invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass
class Account:
    """A customer's account."""

    id: str
    account_number: str
    name: str = "Sandbox customer"
    currency: str = "USD"
    status: str = "Active"


@dataclass
class Subscription:
    """One version of a subscription; all versions share the `name`, which is its number.

    `refusal`: a business reason for which a cancellation is refused. `charged_through`: for each
    rate plan, and each charge in it, the first day not invoiced yet, or None if nothing was;
    `invoiced_through` is the latest of them. Zuora's fields have Zuora's names; an evergreen
    subscription has None for the dates of its term.
    """

    id: str
    name: str
    status: str
    original_id: str
    contract_effective_date: date
    account_id: str = ""
    service_activation_date: date | None = None
    contract_acceptance_date: date | None = None
    version: int = 1
    previous_subscription_id: str | None = None
    term_type: str = "TERMED"
    term_start_date: date | None = None
    term_end_date: date | None = None
    subscription_start_date: date | None = None
    subscription_end_date: date | None = None
    cancelled_date: date | None = None
    auto_renew: bool = False
    initial_term: int | None = 12
    renewal_term: int | None = 12
    is_latest_version: bool = True
    created_date: datetime | None = None
    monthly_price: Decimal = Decimal(59)
    invoiced_through: date | None = None
    charged_through: tuple[tuple[date | None, ...], ...] = ()
    autopay: bool = True
    balance: Decimal = Decimal(0)
    refusal: str | None = None

    @property
    def original_subscription_id(self) -> str:
        """Its name in version 19."""
        return self.original_id

    @property
    def original_created_date(self) -> datetime | None:
        """When the first version was made; the sandbox returns this version's date."""
        return self.created_date

    @property
    def version_created_date(self) -> datetime | None:
        """Its name in version 19."""
        return self.created_date


@dataclass(frozen=True)
class RatePlan:
    """A rate plan of one version of a subscription; the next version has another."""

    id: str
    subscription_id: str
    position: int = 0
    created_date: datetime | None = None

    @property
    def name(self) -> str:
        """The name of the plan."""
        return f"Monthly {self.position + 1}"


@dataclass(frozen=True)
class RatePlanCharge:
    """A charge of a rate plan; `price` is its part of the subscription's monthly price."""

    id: str
    rate_plan_id: str
    charge_number: str
    price: Decimal
    charged_through_date: date | None
    effective_start_date: date
    effective_end_date: date | None
    version: int
    created_date: datetime | None
    name: str = "Monthly fee"
    charge_model: str = "Flat Fee Pricing"
    charge_type: str = "Recurring"
    is_last_segment: bool = True
    segment: int = 1

    @property
    def processed_through_date(self) -> date | None:
        """The same as `charged_through_date`: the charge is billed in advance."""
        return self.charged_through_date


@dataclass(frozen=True)
class Amendment:
    """An amendment; `subscription_id` is the version that it amends."""

    id: str
    code: str
    subscription_id: str
    name: str
    type: str = "Cancellation"
    status: str = "Draft"
    description: str | None = None
    contract_effective_date: datetime | None = None
    service_activation_date: datetime | None = None
    customer_acceptance_date: datetime | None = None
    effective_date: datetime | None = None
    created_date: datetime | None = None
    invoiced: bool = False


@dataclass(frozen=True)
class Invoice:
    """The invoice of a cancellation; a credit is negative."""

    id: str
    subscription_name: str
    amount: Decimal


@dataclass(frozen=True)
class Payment:
    """A payment or refund made with a cancellation."""

    id: str
    number: str
    invoice_id: str
    amount: Decimal


@dataclass(frozen=True)
class Amended:
    """The result of an amend: the latest version now, its invoice and its payment."""

    amendment: Amendment
    subscription: Subscription
    invoice: Invoice | None = None
    payment: Payment | None = None
