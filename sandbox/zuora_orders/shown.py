"""Subscriptions and orders as Zuora's answers show them."""

from __future__ import annotations

from datetime import date, datetime, timezone, tzinfo
from typing import Any

from sandbox.zuora_orders.billing import Billing, account_id
from sandbox.zuora_orders.errors import ANSWERS_HAVE_SUBSCRIPTIONS, Json, Version
from sandbox.zuora_orders.records import Cancellation, Order, Subscription

# All of these show the subscription's first day.
_STARTS = (
    "contractEffectiveDate",
    "serviceActivationDate",
    "customerAcceptanceDate",
    "subscriptionStartDate",
    "lastBookingDate",
)
_UNSET = (
    "paymentTerm",
    "invoiceTemplateId",
    "invoiceTemplateName",
    "sequenceSetId",
    "sequenceSetName",
    "externallyManagedBy",
    "invoiceGroupNumber",
)


def shown_subscription(base: Subscription, zone: tzinfo, *, order_metrics: bool) -> Json:
    """A version of a subscription; there is no `cancelledDate` in it."""
    start, term_start = _text(base.contract_effective_date), _text(base.term_start_date)
    shown: Json = {
        "success": True,
        "id": base.id,
        **_accounts(base),
        "subscriptionNumber": base.number,
        "version": base.version,
        "revision": f"{base.revision}.0",
        "termType": base.term_type,
        "invoiceSeparately": False,
        **dict.fromkeys(_STARTS, start),
        "subscriptionEndDate": _text(base.subscription_end_date),
        "termStartDate": term_start,
        "termEndDate": _text(base.term_end_date),
        **_terms(base),
        "currency": base.currency,
        "contractedMrr": float(base.monthly_price),
        "totalContractedValue": float(base.monthly_price * 12),
        "status": base.status,
        **dict.fromkeys(_UNSET),
        "isLatestVersion": base.is_latest_version,
        "cancelReason": base.cancel_reason,
        "ratePlans": [_rate_plan(base)],
        "statusHistory": _status_history(base),
        "scheduledCancelDate": _text(base.scheduled_cancel_date),
        "createTime": _time(base.created_at, zone),
        "updateTime": _time(base.updated_at, zone),
    }
    if order_metrics:
        shown["orderNumber"] = base.order_number
    return shown


def _accounts(base: Subscription) -> Json:
    return {
        "accountId": account_id(base.account_number),
        "accountNumber": base.account_number,
        "invoiceOwnerAccountId": account_id(base.invoice_owner_account_number),
        "invoiceOwnerAccountNumber": base.invoice_owner_account_number,
    }


def _terms(base: Subscription) -> Json:
    periods = {"initialTerm": 12, "currentTerm": 12, "renewalTerm": 12}
    if base.term_type == "EVERGREEN":
        periods = dict.fromkeys(periods, 0)
    kinds = {f"{name}PeriodType": "Month" for name in periods}
    renewal = {"autoRenew": base.auto_renew, "renewalSetting": "RENEW_WITH_SPECIFIC_TERM"}
    return {**periods, **kinds, **renewal}


def _rate_plan(base: Subscription) -> Json:
    return {
        "id": _part(base, "plan"),
        "productId": _part(base, "product"),
        "productName": "Sandbox product",
        "productSku": "SKU-00000001",
        "productRatePlanId": _part(base, "product plan"),
        "productRatePlanNumber": "PRP-00000001",
        "ratePlanName": "Monthly",
        "subscriptionProductFeatures": [],
        "externallyManagedPlanId": None,
        "subscriptionRatePlanNumber": "SRP-00000001",
        "ratePlanCharges": [_charge(base)],
    }


def _charge(base: Subscription) -> Json:
    return {
        "id": _part(base, "charge"),
        "number": "C-00000001",
        "name": "Monthly charge",
        "type": "Recurring",
        "model": "FlatFee",
        "billingPeriod": "Month",
        "segment": 1,
        "price": float(base.monthly_price),
        "effectiveStartDate": _text(base.contract_effective_date),
        "effectiveEndDate": _text(base.subscription_end_date),
        "processedThroughDate": _text(base.invoiced_through),
        "chargedThroughDate": _text(base.invoiced_through),
        "endDateCondition": "Subscription_End",
        "triggerEvent": "CustomerAcceptance",
    }


def _part(base: Subscription, kind: str) -> str:
    return account_id(f"{base.number} {kind}")


def _status_history(base: Subscription) -> list[Json]:
    start, end = base.contract_effective_date, base.subscription_end_date
    history: list[tuple[date, date | None, str]] = []
    if base.status == "Cancelled" and end is not None:
        history = [(start, end, "Active"), (end, None, "Cancelled")]
    elif base.status in ("Active", "Expired"):
        history = [(start, end, "Active")] + ([(end, None, "OutOfTerm")] if end else [])
    else:
        history = [(start, None, base.status.replace(" ", ""))]
    return [
        {"startDate": _text(since), "endDate": _text(until), "status": status}
        for since, until, status in history
        if since != until
    ]


def shown_result(billing: Billing, order: Order, version: Version, *, ids: bool) -> Json:
    """The answer to a POST of an order."""
    shown: Json = {
        "success": True,
        "orderNumber": order.number,
        "accountNumber": order.account_number,
        "status": order.status,
    }
    if version >= ANSWERS_HAVE_SUBSCRIPTIONS:
        shown["subscriptions"] = [_result(billing, number, ids=ids) for number in order.numbers]
    else:
        shown["subscriptionNumbers"] = list(order.numbers)
    for field, kind in (("invoiceNumbers", "invoice"), ("creditMemoNumbers", "credit memo")):
        numbers = [document.number for document in order.documents if document.kind == kind]
        if numbers:
            shown[field] = numbers
    if ids:
        shown["orderId"] = order.id
        shown["accountId"] = account_id(order.account_number)
        shown["subscriptionIds"] = [billing.latest(number).id for number in order.numbers]
    return shown


def _result(billing: Billing, number: str, *, ids: bool) -> Json:
    latest = billing.latest(number)
    shown = {
        "subscriptionNumber": number,
        "subscriptionOwnerId": account_id(latest.account_number),
        "subscriptionOwnerNumber": latest.account_number,
        "status": latest.status,
    }
    return {"subscriptionId": latest.id, **shown} if ids else shown


def shown_order(billing: Billing, order: Order) -> Json:
    """An order, as a GET of orders shows it."""
    user = account_id(order.created_by)
    shown: Json = {
        "orderNumber": order.number,
        "status": order.status,
        "orderDate": _text(order.order_date),
        "existingAccountNumber": order.account_number,
        "currency": order.cancellations[0].subscription.currency,
        "category": order.category,
        "description": order.description,
        "createdBy": user,
        "createdDate": _time(order.created_at, billing.zone),
        "updatedBy": user,
        "updatedDate": _time(order.updated_at, billing.zone),
        "customFields": {},
        "invoiceScheduleId": None,
        "reasonCode": order.reason_code,
        "subscriptions": [_ordered(order, each) for each in order.cancellations],
    }
    if order.scheduled_date is not None:
        scheduled = {"scheduledDatePolicy": "SpecificDate"}
        shown["schedulingOptions"] = {**scheduled, "scheduledDate": _text(order.scheduled_date)}
    return shown


def _ordered(order: Order, cancellation: Cancellation) -> Json:
    base, made = cancellation.subscription.version, cancellation.number in order.new_versions
    return {
        "subscriptionNumber": cancellation.number,
        "baseVersion": base,
        "newVersion": base + 1 if made else None,
        "customFields": {},
        "notes": cancellation.notes,
        "sequence": 0,
        "subscriptionOwnerAccountNumber": cancellation.subscription.account_number,
        "orderActions": [_action(cancellation)],
    }


def _action(cancellation: Cancellation) -> Json:
    triggers: list[Json] = [
        _without_none({"name": name, "triggerDate": _text(day)})
        for name, day in cancellation.trigger_dates
    ]
    shown: Json = {
        "type": cancellation.kind,
        "sequence": 0,
        "changeReason": cancellation.change_reason,
        "triggerDates": triggers,
        "customFields": {},
    }
    if cancellation.kind == "CancelSubscription":
        shown["cancelSubscription"] = _details(cancellation)
    return shown


def _details(cancellation: Cancellation) -> Json:
    details: Json = {"cancellationPolicy": cancellation.policy}
    if cancellation.given_date is not None:
        details["cancellationEffectiveDate"] = _text(cancellation.given_date)
    return details


def _without_none(given: dict[str, Any]) -> Json:
    return {name: value for name, value in given.items() if value is not None}


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _time(moment: datetime | None, zone: tzinfo) -> str:
    local = (moment or datetime.fromtimestamp(0, timezone.utc)).astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S")
