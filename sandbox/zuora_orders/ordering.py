"""Places, carries out and undoes orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import count

from sandbox.zuora_orders.billing import Billing
from sandbox.zuora_orders.cancelling import check_active, read_account, read_cancellations
from sandbox.zuora_orders.charging import CENT, Billed, billed, billed_to
from sandbox.zuora_orders.errors import Json, ZuoraError
from sandbox.zuora_orders.records import BillingDocument, Cancellation, Order
from sandbox.zuora_orders.schema import day

REQUIRED_TRIGGERS = frozenset(("ContractEffective", "ServiceActivation", "CustomerAcceptance"))
# An operator can still act on these.
OPEN = ("Pending", "Draft", "Scheduled")


@dataclass
class OrderRules:
    """The rules that differ between tenants.

    `own_numbers_unique`: a used order number is refused. `free_deleted_numbers`: a deleted order's
    number can be used again, which Zuora does not document. `completes`: an order without a status
    becomes Completed, else Pending, as with Pending Subscription Processing.
    `require_trigger_dates`: an order that lacks one of the three becomes Pending.
    `invoice_settlement`: a credit is a credit memo, else a negative invoice.
    """

    own_numbers_unique: bool = True
    completes: bool = True
    require_trigger_dates: bool = False
    invoice_settlement: bool = True
    free_deleted_numbers: bool = False


class Orders:
    """The tenant's orders; a completed one has cancelled its subscriptions."""

    def __init__(self, billing: Billing, rules: OrderRules) -> None:
        self.billing = billing
        self.rules = rules
        self._orders: list[Order] = []
        self._deleted: dict[str, tuple[str, ...]] = {}
        self._numbers = count(1)
        self._documents = count(1)

    def place(self, body: Json, *, client: str, status: str | None = None) -> Order:
        """Check and store an order, and carry it out if it should be completed.

        `status` overrides the order's own and the tenant's. Raises ZuoraError.
        """
        order = self._read(body, client)
        order.status = status or self._status(body, order)
        self._orders.append(order)
        if order.status == "Completed":
            self._carry_out(order)
        return order

    def _read(self, body: Json, client: str) -> Order:
        check_options(body)
        billing, number = self.billing, self._number(body)
        account = read_account(billing, body)
        cancellations = read_cancellations(billing, body, account)
        return Order(
            id=billing.new_id(),
            number=number or self._generated_number(),
            status="Draft",
            order_date=day(body["orderDate"]) or billing.today(),
            account_number=account,
            cancellations=cancellations,
            description=body.get("description"),
            category=body.get("category", "NewSales"),
            reason_code=body.get("reasonCode"),
            scheduled_date=day(body.get("schedulingOptions", {}).get("scheduledDate", "")),
            run_billing=body.get("processingOptions", {}).get("runBilling", False),
            created_by=client,
            created_at=billing.now(),
            updated_at=billing.now(),
        )

    def _number(self, body: Json) -> str | None:
        number: str | None = body.get("orderNumber")
        if number is None:
            return None
        if not number or set(number) & set("#?/"):
            raise ZuoraError(20, "invalid value", field="orderNumber", value=number)
        deleted = number in self._deleted and not self.rules.free_deleted_numbers
        if self.rules.own_numbers_unique and (deleted or self.find(number) is not None):
            raise ZuoraError(20, "number taken", order=number)
        return number

    def _generated_number(self) -> str:
        numbers = (f"O-{each:08d}" for each in self._numbers)
        return next(number for number in numbers if self.find(number) is None)

    def _status(self, body: Json, order: Order) -> str:
        status: str = body.get("status", "Completed" if self.rules.completes else "Pending")
        if status in ("Executing", "Failed"):
            raise ZuoraError(20, "invalid value", field="status", value=status)
        if status == "Scheduled" and order.scheduled_date is None:
            raise ZuoraError(22, "missing field", field="scheduledDate")
        if status == "Completed" and self.rules.require_trigger_dates:
            given = [{name for name, _ in each.trigger_dates} for each in order.cancellations]
            if not all(names >= REQUIRED_TRIGGERS for names in given):
                return "Pending"
        return status

    def _carry_out(self, order: Order) -> None:
        for each in order.cancellations:
            if order.run_billing:
                found = billed(each, self.billing.tax_rate)
                if found is not None:
                    order.documents.append(self._document(each.number, found))
            made = self.billing.cancel(each, order.number)
            order.new_versions[each.number] = made.id
        order.status, order.updated_at = "Completed", self.billing.now()

    def _document(self, number: str, found: Billed | None) -> BillingDocument:
        amount = CENT * 0 if found is None else found.total
        memo = amount < 0 and self.rules.invoice_settlement
        document = BillingDocument(
            kind="credit memo" if memo else "invoice",
            number=f"{'CM' if memo else 'INV'}{next(self._documents):08d}",
            subscription_number=number,
            amount=abs(amount) if memo else amount,
        )
        self.billing.documents.append(document)
        return document

    def invoice(self, number: str, through: date | None = None) -> BillingDocument:
        """A bill run: the subscription is invoiced through this day (default: as far as before),
        but not beyond its end. Its orders can no longer be deleted.
        """
        latest = self.billing.latest(number)
        end = through or latest.invoiced_through or self.billing.today()
        if latest.status == "Cancelled" and latest.subscription_end_date is not None:
            end = min(end, latest.subscription_end_date)
        found = billed_to(latest, end, self.billing.tax_rate)
        latest.invoiced_through = end
        for order in self.of(number):
            order.invoiced = order.invoiced or number in order.new_versions
        return self._document(number, found)

    def order_otherwise(self, number: str, kind: str, client: str) -> Order:
        """Put an order with another action on top, whatever Zuora's rules say; the status stays."""
        billing, base = self.billing, self.billing.latest(number)
        action = Cancellation(base, "SpecificDate", billing.today(), kind=kind)
        order = Order(
            id=billing.new_id(),
            number=self._generated_number(),
            status="Completed",
            order_date=billing.today(),
            account_number=base.invoice_owner_account_number,
            cancellations=(action,),
            created_by=client,
            created_at=billing.now(),
            updated_at=billing.now(),
        )
        order.new_versions[number] = billing.new_version(number, order_number=order.number).id
        self._orders.append(order)
        return order

    def find(self, number: str) -> Order | None:
        """The latest order with this number."""
        return next((each for each in reversed(self._orders) if each.number == number), None)

    def get(self, number: str) -> Order:
        """The latest order with this number. Raises ZuoraError."""
        order = self.find(number)
        if order is None:
            raise ZuoraError(40, "not found", key=number)
        return order

    def numbers_of(self, number: str) -> tuple[str, ...]:
        """The subscriptions of an order, deleted or not; none for an unknown number."""
        order = self.find(number)
        return order.numbers if order else self._deleted.get(number, ())

    def of(self, number: str) -> list[Order]:
        """A subscription's orders, oldest first."""
        return [each for each in self._orders if number in each.numbers]

    def complete(self, number: str) -> Order:
        """Carry out a waiting order, as an operator or its date does. Raises ZuoraError."""
        order = self._open(number)
        for each in order.cancellations:
            check_active(self.billing.latest(each.number))
        self._carry_out(order)
        return order

    def cancel(self, number: str) -> Order:
        """Cancel a waiting order; its subscriptions do not change. Raises ZuoraError."""
        order = self._open(number)
        order.status, order.updated_at = "Cancelled", self.billing.now()
        return order

    def revert(self, number: str) -> Order:
        """Revert a completed order: its subscriptions are active again, in new versions.

        Raises ZuoraError.
        """
        order = self.get(number)
        if order.status != "Completed":
            raise ZuoraError(20, "invalid value", field="status", value=order.status)
        self._check_last(order)
        for each in order.cancellations:
            self.billing.reinstate(each.subscription)
        order.status, order.updated_at = "Reverted", self.billing.now()
        return order

    def delete(self, number: str) -> None:
        """Delete an order; its subscriptions return to earlier versions. Raises ZuoraError."""
        order = self.get(number)
        if order.status == "Reverted":
            raise ZuoraError(20, "cannot delete", order=number, state=order.status)
        if order.documents or order.invoiced:
            raise ZuoraError(20, "invoiced", order=number)
        self._check_last(order)
        for each in order.cancellations:
            if each.number in order.new_versions:
                self._roll_back(each)
        self._orders.remove(order)
        self._deleted[number] = order.numbers

    def _check_last(self, order: Order) -> None:
        for name, made in order.new_versions.items():
            if self.billing.latest(name).id != made:
                raise ZuoraError(20, "not the last", order=order.number, number=name)

    def _roll_back(self, action: Cancellation) -> None:
        if action.kind == "CancelSubscription":
            self.billing.roll_back(action.number, "Active")
            self.billing.undone[action.number] += 1
        else:
            status = self.billing.latest(action.number).status
            self.billing.roll_back(action.number, status)

    def _open(self, number: str) -> Order:
        order = self.get(number)
        if order.status not in OPEN:
            raise ZuoraError(20, "invalid value", field="status", value=order.status)
        return order


def check_options(body: Json) -> None:
    """Check the processing options against each other. Raises ZuoraError."""
    options = body.get("processingOptions", {})
    if options.get("collectPayment") and not options.get("runBilling"):
        raise ZuoraError(20, "billing first", field="collectPayment")
