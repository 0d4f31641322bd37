"""The rules for an order's actions: which become cancellations, and which Zuora refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sandbox.zuora_orders.billing import Billing
from sandbox.zuora_orders.errors import Json, ZuoraError
from sandbox.zuora_orders.records import Cancellation, Subscription
from sandbox.zuora_orders.schema import day

MAX_ACTIONS = 50
# The error category for cancelling a subscription in another status is not documented.
_NOT_ACTIVE = {"Draft": 30, "Suspended": 30}


def read_account(billing: Billing, body: Json) -> str:
    """The number of the order's account. Raises ZuoraError."""
    number, identifier = body.get("existingAccountNumber"), body.get("existingAccountId")
    if number is not None and identifier is not None:
        raise ZuoraError(20, "one account", first=number, second=identifier)
    if number is None and identifier is None:
        raise ZuoraError(22, "missing field", field="existingAccountNumber")
    key = number if number is not None else identifier
    found = number if number is not None else billing.account_number(str(identifier))
    if found is None or not billing.has_account(found):
        raise ZuoraError(40, "not found", key=key)
    return str(found)


def read_cancellations(billing: Billing, body: Json, account: str) -> tuple[Cancellation, ...]:
    """The order's cancellations, checked. Raises ZuoraError."""
    order_date = _day(body, "orderDate")
    found: list[Cancellation] = []
    for given, action in _actions(body):
        if action["type"] != "CancelSubscription":
            raise ZuoraError(20, "unsupported", what=action["type"])
        base = _subscription(billing, given, account)
        if base.number in [each.number for each in found]:
            raise _is_cancelled(base)
        found.append(_cancellation(base, given, action))
        check_order_date(billing, base, order_date)
    if not found:
        raise ZuoraError(22, "missing field", field="subscriptions")
    if len(found) > MAX_ACTIONS:
        raise ZuoraError(20, "invalid value", field="subscriptions", value=len(found))
    return tuple(found)


def _actions(body: Json) -> Iterator[tuple[Json, Json]]:
    for given in body.get("subscriptions", []):
        if not given.get("orderActions"):
            raise ZuoraError(22, "missing field", field="orderActions")
        yield from ((given, action) for action in given["orderActions"])


def _subscription(billing: Billing, given: Json, account: str) -> Subscription:
    number = given.get("subscriptionNumber")
    if number is None:
        raise ZuoraError(22, "missing field", field="subscriptionNumber")
    base = billing.find(number)
    if base is None or base.number != number:
        raise ZuoraError(40, "not found", key=number)
    if base.invoice_owner_account_number != account:
        raise ZuoraError(20, "not the owner", account=account, number=number)
    check_active(base)
    return base


def check_active(base: Subscription) -> None:
    """Check whether the subscription can be cancelled. Raises ZuoraError."""
    if base.status == "Cancelled":
        raise _is_cancelled(base)
    if base.status != "Active":
        category = _NOT_ACTIVE.get(base.status, 20)
        raise ZuoraError(category, "not active", number=base.number, state=base.status)
    if base.refusal is not None:
        raise ZuoraError(30, "refused", number=base.number, reason=base.refusal)


def _is_cancelled(base: Subscription) -> ZuoraError:
    return ZuoraError(20, "cancelled", code=58730020, number=base.number)


def _cancellation(base: Subscription, given: Json, action: Json) -> Cancellation:
    if "cancelSubscription" not in action:
        raise ZuoraError(22, "missing field", field="cancelSubscription")
    details = action["cancelSubscription"]
    policy = details["cancellationPolicy"]
    given_date = _day(details, "cancellationEffectiveDate")
    if given_date is not None and policy != "SpecificDate":
        raise ZuoraError(20, "date without policy", policy=policy)
    effective = _effective_date(base, policy, given_date)
    _check_effective_date(base, effective)
    return Cancellation(
        subscription=base,
        policy=policy,
        effective_date=effective,
        given_date=given_date,
        change_reason=action.get("changeReason"),
        trigger_dates=tuple(
            (each.get("name"), _day(each, "triggerDate")) for each in action.get("triggerDates", [])
        ),
        notes=given.get("notes"),
    )


def _effective_date(base: Subscription, policy: str, given: date | None) -> date:
    if policy == "SpecificDate":
        if given is None:
            raise ZuoraError(22, "missing field", field="cancellationEffectiveDate")
        return given
    if policy == "EndOfCurrentTerm":
        if base.term_end_date is None or base.term_type == "EVERGREEN":
            raise ZuoraError(20, "evergreen", number=base.number)
        return base.term_end_date
    if base.invoiced_through is None:
        raise ZuoraError(20, "not invoiced", number=base.number)
    return base.invoiced_through


def _check_effective_date(base: Subscription, effective: date) -> None:
    start, end = base.contract_effective_date, base.term_end_date
    if effective < start:
        raise ZuoraError(20, "too early", number=base.number, day=effective, start=start)
    if end is not None and base.term_type == "TERMED" and effective > end:
        raise ZuoraError(20, "too late", number=base.number, day=effective, end=end)


def check_order_date(billing: Billing, base: Subscription, order_date: date | None) -> None:
    """Check the order's day against the subscription's start and the tenant's current day."""
    start, today = base.contract_effective_date, billing.today()
    if order_date is None or order_date < start:
        raise ZuoraError(20, "order date", day=order_date, start=start, number=base.number)
    # Only one refusal of a future day is documented; the others are not.
    if order_date > max(today, start):
        raise ZuoraError(20, "future order", day=order_date, number=base.number)


def _day(given: Json, name: str) -> date | None:
    return day(given[name]) if name in given else None
