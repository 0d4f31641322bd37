"""Orders: placing them, carrying them out, and undoing them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from sandbox.zuora_orders.billing import Billing
from sandbox.zuora_orders.cancelling import check_active, credit, read_account, read_cancellations
from sandbox.zuora_orders.errors import Json, ZuoraError
from sandbox.zuora_orders.records import BillingDocument, Order
from sandbox.zuora_orders.schema import day

REQUIRED_TRIGGERS = frozenset(("ContractEffective", "ServiceActivation", "CustomerAcceptance"))
# An operator can still do something about these.
OPEN = ("Pending", "Draft", "Scheduled")


@dataclass
class OrderRules:
    """What differs between tenants.

    `own_numbers_unique`: an order number that was used is refused. `free_deleted_numbers`: that of
    a deleted order can be used again, which Zuora does not document. `completes`: an order without
    a status becomes Completed, else Pending, as with Pending Subscription Processing.
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
        self._deleted: set[str] = set()
        self._numbers = count(1)
        self._documents = count(1)

    def place(self, body: Json, *, client: str, status: str | None = None) -> Order:
        """Check an order and keep it, and carry it out if it is to be completed.

        `status` overrides what the order and the tenant say. Raises ZuoraError.
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
                self._bill(order, each.number, credit(each))
            made = self.billing.cancel(each, order.number)
            order.new_versions[each.number] = made.id
        order.status, order.updated_at = "Completed", self.billing.now()

    def _bill(self, order: Order, number: str, amount: Decimal) -> None:
        if not amount:
            return
        memo = amount < 0 and self.rules.invoice_settlement
        document = BillingDocument(
            kind="credit memo" if memo else "invoice",
            number=f"{'CM' if memo else 'INV'}{next(self._documents):08d}",
            subscription_number=number,
            amount=abs(amount) if memo else amount,
        )
        order.documents.append(document)
        self.billing.documents.append(document)

    def find(self, number: str) -> Order | None:
        """The latest order with this number."""
        return next((each for each in reversed(self._orders) if each.number == number), None)

    def get(self, number: str) -> Order:
        """The latest order with this number. Raises ZuoraError."""
        order = self.find(number)
        if order is None:
            raise ZuoraError(40, "not found", key=number)
        return order

    def of(self, number: str) -> list[Order]:
        """The orders of a subscription, the oldest first."""
        return [each for each in self._orders if number in each.numbers]

    def complete(self, number: str) -> Order:
        """Carry out an order that waits, as an operator or its date does. Raises ZuoraError."""
        order = self._open(number)
        for each in order.cancellations:
            check_active(self.billing.latest(each.number))
        self._carry_out(order)
        return order

    def cancel(self, number: str) -> Order:
        """Cancel an order that waits, which leaves its subscriptions alone. Raises ZuoraError."""
        order = self._open(number)
        order.status, order.updated_at = "Cancelled", self.billing.now()
        return order

    def delete(self, number: str) -> None:
        """Delete an order; its subscriptions return to their former versions. Raises ZuoraError."""
        order = self.get(number)
        if order.documents:
            raise ZuoraError(20, "invoiced", order=number)
        for name, made in order.new_versions.items():
            if self.billing.latest(name).id != made:
                raise ZuoraError(20, "cannot delete", order=number, state=order.status)
        for each in order.cancellations:
            if each.number in order.new_versions:
                self.billing.roll_back(each.number, "Active")
        self._orders.remove(order)
        self._deleted.add(number)

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
