"""The requests of an `amend` call: reading, checking, previewing and carrying them out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sandbox.zuora import soap, values
from sandbox.zuora.billing import Billing
from sandbox.zuora.records import Amended, Amendment
from sandbox.zuora.schema import Element
from sandbox.zuora.soap import Part, RowError


@dataclass(frozen=True)
class AmendPlan:
    """One request of an amend, checked against the rules."""

    amendments: tuple[Amendment, ...]
    preview: bool
    metrics_only: bool
    generate_invoice: bool
    process_payments: bool

    @classmethod
    def read(cls, billing: Billing, version: float, request: Element) -> AmendPlan:
        """Read one request and check it against the rules. Raises RowError."""
        elements = soap.members(request, "Amendments")
        if not elements:
            raise RowError("MISSING_REQUIRED_VALUE", "Missing required value: Amendments")
        fields = [soap.object_fields(version, element, "Amendment") for element in elements]
        options = soap.member(request, "AmendOptions")
        preview = soap.member(request, "PreviewOptions")
        kind = None if preview is None else soap.value(preview, "PreviewType")
        plan = cls(
            amendments=tuple(billing.plan(version, each) for each in fields),
            preview=preview is not None
            and values.is_true(soap.value(preview, "EnablePreviewMode")),
            metrics_only=kind == "ChargeMetrics",
            generate_invoice=_unless_false(options, "GenerateInvoice"),
            process_payments=_unless_false(options, "ProcessPayments"),
        )
        if plan.generate_invoice and plan.process_payments and not plan.preview:
            for amendment in plan.amendments:
                billing.check_payment(amendment)
        return plan

    def carry_out(self, billing: Billing, version: float) -> list[Part]:
        """Carry it out, or preview it, and give its result."""
        if self.preview:
            amounts = [(a, billing.credit(a)) for a in self.amendments]
            return _preview_result(billing, version, amounts, metrics_only=self.metrics_only)
        amended = [
            billing.amend(a, invoice=self.generate_invoice, payment=self.process_payments)
            for a in self.amendments
        ]
        return _amend_result(version, amended)


def _unless_false(options: Element | None, name: str) -> bool:
    """Zuora's default is true, even without any options."""
    said = None if options is None else soap.value(options, name)
    return said is None or values.is_true(said)


def check_once(plans: list[AmendPlan], billing: Billing) -> None:
    """Raises RowError where the requests of a call cancel a subscription twice."""
    names = [
        billing.name_of(amendment.subscription_id)
        for plan in plans
        if not plan.preview
        for amendment in plan.amendments
    ]
    if len(names) != len(set(names)):
        raise RowError("INVALID_VALUE", "A subscription can be canceled once.")


def _amend_result(version: float, amended: list[Amended]) -> list[Part]:
    last = amended[-1]
    result: list[Part] = [("AmendmentIds", each.amendment.id) for each in amended]
    if last.invoice and version >= 30:
        result.append(("InvoiceId", last.invoice.id))
    if last.payment and version >= 42:
        result.append(("PaymentId", last.payment.id))
    if last.payment and version >= 30:
        result.append(("PaymentTransactionNumber", last.payment.number))
    if version >= 51:
        result.append(("SubscriptionId", last.subscription.id))
    result.append(("Success", "true"))
    return [*result, *_deltas(version, last.subscription.monthly_price)]


def _deltas(version: float, monthly_price: Decimal) -> list[Part]:
    if version < 51:
        return []
    return [("TotalDeltaMrr", f"{-monthly_price:.9f}"), ("TotalDeltaTcv", None)]


def _preview_result(
    billing: Billing,
    version: float,
    amounts: list[tuple[Amendment, Decimal]],
    *,
    metrics_only: bool,
) -> list[Part]:
    base = billing.subscriptions[amounts[-1][0].subscription_id]
    tail: list[Part] = [("Success", "true"), *_deltas(version, base.monthly_price)]
    if metrics_only:
        metrics: list[Part] = [
            ("DMRR", f"{-base.monthly_price:.2f}"),
            ("DTCV", str(amounts[-1][1])),
        ]
        return [("ChargeMetricsData", [("ChargeMetrics", metrics)]), *tail]
    return [
        *(
            ("InvoiceDatas", _invoice_data(billing, version, amendment, amount))
            for amendment, amount in amounts
        ),
        *tail,
    ]


def _invoice_data(
    billing: Billing, version: float, amendment: Amendment, amount: Decimal
) -> list[Part]:
    base, tax = billing.subscriptions[amendment.subscription_id], ("obj:TaxAmount", "0")
    sums: list[Part] = [("obj:Amount", str(amount)), ("obj:AmountWithoutTax", str(amount)), tax]
    item: list[Part] = [("obj:ChargeAmount", str(amount)), ("obj:ChargeName", "Monthly fee")]
    # The service that was already invoiced and is no longer provided.
    days = (
        ("ServiceEndDate", base.invoiced_through),
        ("ServiceStartDate", amendment.effective_date),
    )
    for name, day in days:
        if day is not None:
            text = values.day_text(version, values.day_of(day, billing.zone), billing.zone)
            item.append((f"obj:{name}", text))
    return [
        ("Invoice", sums),
        ("InvoiceItem", [*item, ("obj:SubscriptionNumber", base.name), tax]),
    ]
