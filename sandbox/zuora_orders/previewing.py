"""The preview of an order: what it would bill, and how the metrics would change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sandbox.zuora_orders.billing import Billing, account_id
from sandbox.zuora_orders.cancelling import credit, read_account, read_cancellations
from sandbox.zuora_orders.errors import Json, ZuoraError
from sandbox.zuora_orders.records import Cancellation
from sandbox.zuora_orders.schema import day

# What else the preview's type needs.
_NEEDED = {
    "SpecificDate": "specificPreviewThruDate",
    "NumberOfPeriods": "previewNumberOfPeriods",
}
_SUPPORTED = ("BillingDocs", "ChargeMetrics", "OrderDeltaMetrics")


def preview(billing: Billing, body: Json, *, invoice_settlement: bool) -> Json:
    """The answer to a preview; nothing is kept. Raises ZuoraError as the order would."""
    options = body["previewOptions"]
    _check_options(options)
    account = read_account(billing, body)
    cancellations = read_cancellations(billing, body, account)
    result: Json = {}
    if "BillingDocs" in options["previewTypes"]:
        until = day(options.get("specificPreviewThruDate", ""))
        result.update(_documents(cancellations, until, invoice_settlement))
    if "ChargeMetrics" in options["previewTypes"]:
        result["chargeMetrics"] = [_charge_metrics(each) for each in cancellations]
    if "OrderDeltaMetrics" in options["previewTypes"]:
        result["orderDeltaMetrics"] = _order_delta_metrics(cancellations)
    return {"success": True, "previewResult": result}


def _check_options(options: Json) -> None:
    # The description demands neither; without them the sandbox would not know what to answer.
    for name in ("previewThruType", "previewTypes"):
        if not options.get(name):
            raise ZuoraError(22, "missing field", field=name)
    needed = _NEEDED.get(options["previewThruType"])
    if needed is not None and needed not in options:
        raise ZuoraError(22, "missing field", field=needed)
    for kind in options["previewTypes"]:
        if kind not in _SUPPORTED:
            raise ZuoraError(20, "unsupported", what=kind)


def _documents(
    cancellations: tuple[Cancellation, ...], until: date | None, invoice_settlement: bool
) -> Json:
    invoices: list[Json] = []
    memos: list[Json] = []
    for each in cancellations:
        amount = credit(each, until=until)
        if amount < 0 and invoice_settlement:
            memos.append(_document(each, -amount, "creditMemoItems"))
        elif amount:
            invoices.append(_document(each, amount, "invoiceItems"))
    found = {"invoices": invoices}
    return {**found, "creditMemos": memos} if invoice_settlement else found


def _document(cancellation: Cancellation, amount: Decimal, items: str) -> Json:
    return {
        "amount": float(amount),
        "amountWithoutTax": float(amount),
        "taxAmount": 0,
        "targetDate": cancellation.effective_date.isoformat(),
        items: [_item(cancellation, amount)],
    }


def _item(cancellation: Cancellation, amount: Decimal) -> Json:
    base = cancellation.subscription
    invoiced = base.invoiced_through or cancellation.effective_date
    start, end = sorted((cancellation.effective_date, invoiced))
    return {
        "serviceStartDate": start.isoformat(),
        "serviceEndDate": end.isoformat(),
        "amountWithoutTax": float(amount),
        "taxAmount": 0,
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
    return (base.monthly_price * days / 30).quantize(Decimal("0.01"))
