"""A tenant's records: versions of subscriptions, orders and billing documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

STATUSES = (
    "Draft",
    "Pending Activation",
    "Pending Acceptance",
    "Active",
    "Cancelled",
    "Expired",
    "Suspended",
)


@dataclass
class Subscription:
    """One version of a subscription; all versions share the `number`.

    `refusal`: a business reason for which a cancellation is refused. `invoiced_through`: the first
    day not invoiced yet. An evergreen subscription has None for the dates of its term.
    """

    id: str
    number: str
    status: str
    contract_effective_date: date
    term_type: str = "TERMED"
    term_start_date: date | None = None
    term_end_date: date | None = None
    subscription_end_date: date | None = None
    account_number: str = "A00000001"
    invoice_owner_account_number: str = "A00000001"
    currency: str = "USD"
    monthly_price: Decimal = Decimal(59)
    invoiced_through: date | None = None
    auto_renew: bool = True
    refusal: str | None = None
    cancel_reason: str | None = None
    order_number: str | None = None
    scheduled_cancel_date: date | None = None
    version: int = 1
    revision: int = 1
    is_latest_version: bool = True
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Cancellation:
    """A CancelSubscription action, checked; the effective date is the first day without service.

    `subscription` is the version that it cancels. `kind`: the type of another action that an
    operator put on top; it only makes a new version.
    """

    subscription: Subscription
    policy: str
    effective_date: date
    given_date: date | None = None
    change_reason: str | None = None
    trigger_dates: tuple[tuple[str | None, date | None], ...] = ()
    notes: str | None = None
    kind: str = "CancelSubscription"

    @property
    def number(self) -> str:
        """The subscription's number."""
        return self.subscription.number


@dataclass
class Order:
    """An order with its cancellations; `new_versions` are the ids of the versions that it made.

    `invoiced`: a bill run followed it.
    """

    id: str
    number: str
    status: str
    order_date: date
    account_number: str
    cancellations: tuple[Cancellation, ...]
    description: str | None = None
    category: str = "NewSales"
    reason_code: str | None = None
    scheduled_date: date | None = None
    run_billing: bool = False
    invoiced: bool = False
    created_by: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    new_versions: dict[str, str] = field(default_factory=dict)
    documents: list[BillingDocument] = field(default_factory=list)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The subscriptions it concerns."""
        return tuple(each.number for each in self.cancellations)

    @property
    def change_reason(self) -> str | None:
        """The reason in its first action."""
        return self.cancellations[0].change_reason

    @property
    def effective_date(self) -> date:
        """When its first cancellation takes effect."""
        return self.cancellations[0].effective_date


@dataclass(frozen=True)
class BillingDocument:
    """An invoice or a credit memo of an order; only an invoice's amount can be negative."""

    kind: str
    number: str
    subscription_number: str
    amount: Decimal
