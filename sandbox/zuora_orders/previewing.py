"""The preview of an order: what it would bill, and how the metrics would change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from sandbox.zuora_orders.billing import Billing, account_id
from sandbox.zuora_orders.cancelling import read_account, read_cancellations
from sandbox.zuora_orders.charging import CENT, Billed, billed
from sandbox.zuora_orders.errors import Json, ZuoraError
from sandbox.zuora_orders.records import Cancellation, Subscription
from sandbox.zuora_orders.schema import day

# The further fields that the preview's type needs.
_NEEDED = {
    "SpecificDate": "specificPreviewThruDate",
    "NumberOfPeriods": "previewNumberOfPeriods",
}
_SUPPORTED = ("BillingDocs", "ChargeMetrics", "OrderDeltaMetrics")
PERIOD = timedelta(days=30)


def preview(billing: Billing, body: Json, *, invoice_settlement: bool) -> Json:
    """The answer to a preview; nothing is stored. Raises ZuoraError as the order would."""
    options = body["previewOptions"]
    _check_options(options)
    account = read_account(billing, body)
    cancellations = read_cancellations(billing, body, account)
    result: Json = {}
    if "BillingDocs" in options["previewTypes"]:
        tax_rate = Decimal(0) if options.get("skipTax") else billing.tax_rate
        shown = [
            _document(each, _through(billing, options, each.subscription), tax_rate)
            for each in cancellations
        ]
        result.update(_documents(shown, invoice_settlement))
    if "ChargeMetrics" in options["previewTypes"]:
        result["chargeMetrics"] = [_charge_metrics(each) for each in cancellations]
    if "OrderDeltaMetrics" in options["previewTypes"]:
        result["orderDeltaMetrics"] = _order_delta_metrics(cancellations)
    return {"success": True, "previewResult": result}


def _check_options(options: Json) -> None:
    # The description requires neither, but the sandbox could not answer without them.
    for name in ("previewThruType", "previewTypes"):
        if not options.get(name):
            raise ZuoraError(22, "missing field", field=name)
    needed = _NEEDED.get(options["previewThruType"])
    if needed is not None and needed not in options:
        raise ZuoraError(22, "missing field", field=needed)
    for kind in options["previewTypes"]:
        if kind not in _SUPPORTED:
            raise ZuoraError(20, "unsupported", what=kind)


def _through(billing: Billing, options: Json, base: Subscription) -> date:
    """The last day of a preview; a period has 30 days."""
    if options["previewThruType"] == "SpecificDate":
        return day(options["specificPreviewThruDate"]) or billing.today()
    if options["previewThruType"] == "NumberOfPeriods":
        return billing.today() + int(options["previewNumberOfPeriods"]) * PERIOD
    return base.term_end_date or billing.today()


@dataclass(frozen=True)
class _Document:
    """What a cancellation bills up to a day."""

    cancellation: Cancellation
    through: date
    billed: Billed

    def shown(self, items: str) -> Json:
        return {
            "amount": float(self.billed.total),
            "amountWithoutTax": float(self.billed.amount),
            "taxAmount": float(self.billed.tax),
            "targetDate": self.through.isoformat(),
            items: [_item(self.cancellation.subscription, self.billed)],
        }


def _document(cancellation: Cancellation, through: date, tax_rate: Decimal) -> _Document | None:
    found = billed(cancellation, tax_rate, until=through)
    return None if found is None else _Document(cancellation, through, found)


def _documents(documents: list[_Document | None], invoice_settlement: bool) -> Json:
    """Invoices and, with Invoice Settlement, credit memos, whose amounts are positive."""
    invoices: list[Json] = []
    memos: list[Json] = []
    for each in documents:
        if each is None:
            continue
        if each.billed.amount < 0 and invoice_settlement:
            turned = replace(each, billed=each.billed.turned())
            memos.append(turned.shown("creditMemoItems"))
        else:
            invoices.append(each.shown("invoiceItems"))
    found = {"invoices": invoices}
    return {**found, "creditMemos": memos} if invoice_settlement else found


def _item(base: Subscription, billed: Billed) -> Json:
    return {
        "serviceStartDate": billed.start.isoformat(),
        "serviceEndDate": billed.end.isoformat(),
        "amountWithoutTax": float(billed.amount),
        "taxAmount": float(billed.tax),
        "chargeDescription": "",
        "chargeName": "Monthly charge",
        "chargeNumber": "C-00000001",
        "processingType": "Charge",
        "productName": "Sandbox product",
        "productRatePlanChargeId": account_id(f"{base.number} product charge"),
        "unitPrice": float(base.monthly_price),
        "subscriptionNumber": base.number,
        "orderLineItemNumber": None,
        "additionalInfo": {"quantity": 1, "unitOfMeasure": "", "numberOfDeliveries": 0},
    }


def _charge_metrics(cancellation: Cancellation) -> Json:
    base, lost = cancellation.subscription, float(_lost(cancellation))
    delta = {"discount": None, "discountDelta": None}
    metrics = {"regular": float(base.monthly_price), "regularDelta": lost, **delta}
    monthly = {**metrics, "regularDelta": -float(base.monthly_price)}
    charge = {"chargeNumber": "C-00000001", "cmrr": monthly, "tcv": metrics, "tcb": metrics}
    return {"subscriptionNumber": base.number, "charges": [charge]}


def _order_delta_metrics(cancellations: tuple[Cancellation, ...]) -> Json:
    rows = [_delta(each, _lost(each)) for each in cancellations]
    monthly = [_delta(each, -each.subscription.monthly_price) for each in cancellations]
    return {"orderDeltaMrr": monthly, "orderDeltaTcb": rows, "orderDeltaTcv": rows}


def _delta(cancellation: Cancellation, amount: Decimal) -> Json:
    end = cancellation.subscription.term_end_date
    return {
        "subscriptionNumber": cancellation.number,
        "chargeNumber": "C-00000001",
        "currency": cancellation.subscription.currency,
        "orderActionType": "CancelSubscription",
        "startDate": cancellation.effective_date.isoformat(),
        "endDate": end and end.isoformat(),
        "grossAmount": float(amount),
        "netAmount": float(amount),
    }


def _lost(cancellation: Cancellation) -> Decimal:
    """The value of the days of the term that a cancellation takes away, as a negative amount."""
    base = cancellation.subscription
    if base.term_end_date is None:
        return Decimal(0)
    days = (cancellation.effective_date - base.term_end_date).days
    return (base.monthly_price * days / 30).quantize(CENT)
