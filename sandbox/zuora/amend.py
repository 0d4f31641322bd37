"""Reads, checks and carries out the requests of an `amend` call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.zuora import soap, values
from sandbox.zuora.amending import Amending
from sandbox.zuora.previewing import Preview, deltas
from sandbox.zuora.records import Amended, Amendment
from sandbox.zuora.schema import Element
from sandbox.zuora.soap import Part, RowError


@dataclass(frozen=True)
class AmendPlan:
    """One request of an amend, checked against the rules."""

    amendments: tuple[Amendment, ...]
    preview: Preview | None
    target: date | None
    generate_invoice: bool
    process_payments: bool

    @classmethod
    def read(cls, amending: Amending, version: float, request: Element) -> AmendPlan:
        """Read one request and check it against the rules. Raises RowError."""
        elements = soap.members(request, "Amendments")
        if not elements:
            raise RowError("MISSING_REQUIRED_VALUE", "Missing required value: Amendments")
        fields = [soap.object_fields(version, element, "Amendment") for element in elements]
        options = soap.member(request, "AmendOptions")
        target = _target(amending, version, options)
        plan = cls(
            amendments=tuple(amending.plan(version, each) for each in fields),
            preview=Preview.read(soap.member(request, "PreviewOptions"), target),
            target=target,
            generate_invoice=_unless_false(options, "GenerateInvoice"),
            process_payments=_unless_false(options, "ProcessPayments"),
        )
        if plan.generate_invoice and plan.process_payments and plan.preview is None:
            for amendment in plan.amendments:
                amending.check_payment(amendment)
        return plan

    def carry_out(self, amending: Amending, version: float) -> list[Part]:
        """Carry it out or preview it, and return its result."""
        if self.preview is not None:
            return self.preview.result(amending, version, self.amendments)
        amended = [
            amending.amend(
                amendment,
                invoice=self.generate_invoice,
                payment=self.process_payments,
                through=self.target,
            )
            for amendment in self.amendments
        ]
        return _amend_result(version, amended)


def _target(amending: Amending, version: float, options: Element | None) -> date | None:
    """The last day that an invoice covers, if the call names one."""
    found = None if options is None else soap.member(options, "InvoiceProcessingOptions")
    text = None if found is None else soap.value(found, "InvoiceTargetDate")
    if not text:
        return None
    zone = amending.billing.zone
    return values.day_of(values.moment(version, text, zone), zone)


def _unless_false(options: Element | None, name: str) -> bool:
    """True by default in Zuora, even without any options."""
    said = None if options is None else soap.value(options, name)
    return said is None or values.is_true(said)


def check_once(plans: list[AmendPlan], amending: Amending) -> None:
    """Raises RowError if a call's requests cancel a subscription twice."""
    names = [
        amending.billing.name_of(amendment.subscription_id)
        for plan in plans
        if plan.preview is None
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
    return [*result, *deltas(version, last.subscription.monthly_price)]
