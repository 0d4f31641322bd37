"""A tenant's records: versions of subscriptions, amendments, invoices and payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass
class Subscription:
    """One version of a subscription; all versions share the `name`, which is its number.

    `refusal`: a business reason for which a cancellation is refused. Zuora's fields have Zuora's
    names; the dates of the term are None for an evergreen one.
    """

    id: str
    name: str
    status: str
    original_id: str
    contract_effective_date: date
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
    autopay: bool = True
    balance: Decimal = Decimal(0)
    refusal: str | None = None

    @property
    def original_subscription_id(self) -> str:
        """Its name in version 19."""
        return self.original_id

    @property
    def original_created_date(self) -> datetime | None:
        """When the first version was made; the sandbox makes no difference."""
        return self.created_date

    @property
    def version_created_date(self) -> datetime | None:
        """Its name in version 19."""
        return self.created_date


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
    """A payment or a refund that came with a cancellation."""

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
