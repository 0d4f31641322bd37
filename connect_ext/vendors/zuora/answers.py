"""Reads Zuora's JSON answers into frozen values.

Types are checked and nothing is taken for granted: Zuora adds fields, statuses and codes without
a new version (docs/facts.md, Orders 8, 9).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connect_ext.portal.segments import leads_up

MAX_ANSWER_PARTS = 100_000
"""A charge has about two hundred parts, and a subscription may have hundreds of charges."""

MOST_AMOUNT = 1e15

MOST_CHARACTERS = 500
"""The maximum length of an order's description, the longest text read here."""

MOST_OF_AN_ACCOUNT = 70
"""The longest account number that an order accepts (docs/facts.md, Orders 3)."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")


class UnreadableError(Exception):
    """The answer cannot be understood; the text completes 'the answer …'."""


@dataclass(frozen=True)
class SubscriptionRecord:
    """A subscription as Zuora stores it."""

    id: str
    number: str = field(repr=False)
    status: str
    """In Zuora's own terms."""
    is_latest: bool
    account_number: str = field(repr=False)
    """The invoice owner's; empty if the answer has none that an order accepts."""
    currency: str
    begins: date | None
    """When its contract takes effect, the first day on which Zuora cancels it."""
    term_ends: date | None
    """The end of its term, the last day on which Zuora cancels it; evergreen ones have none."""
    ends: Any = field(repr=False)
    """The first day without service, unparsed; meaningful only if it is cancelled."""
    cancels_itself_on: date | None
    """The day on which Zuora will cancel it even without an order."""
    is_evergreen: bool
    """Whether it has no fixed term."""
    cancel_reason: str = field(repr=False)
    """The text of the order that cancelled it; empty if the answer has none."""


@dataclass(frozen=True)
class OrderResult:
    """The answer to a new order."""

    number: str
    status: str
    """The order's status, in Zuora's own terms."""
    subscription_status: str
    """The subscription's status, in Zuora's own terms; empty if the answer does not give it."""


@dataclass(frozen=True)
class OrderRecord:
    """An existing order."""

    number: str
    status: str
    """In Zuora's own terms."""
    subscriptions: frozenset[str] = field(repr=False)
    """The numbers of its subscriptions, as far as it lists them."""
    names_all: bool
    """Whether every listed subscription has a readable number."""
    texts: frozenset[str] = field(repr=False)
    """Its description and the reasons of its actions."""


@dataclass(frozen=True)
class OrderPage:
    """Some of the orders of a subscription."""

    orders: tuple[OrderRecord, ...]
    has_more: bool


@dataclass(frozen=True)
class Preview:
    """The amounts that an order would bill; credits are negative."""

    amount: Decimal
    """With tax."""
    tax: Decimal | None
    """None if the preview leaves taxes out."""
    period: tuple[date, date] | None
    """The first and last day of the services billed."""


def plain(status: str) -> str:
    """The status in lower case, without the blanks that some of Zuora's APIs add."""
    return "".join(status.split()).lower()


def subscription(document: dict[str, Any]) -> SubscriptionRecord:
    """Read a subscription."""
    term_ends, term_type = _day_if_any(document, "termEndDate"), _text(document, "termType")
    is_evergreen = plain(term_type) == "evergreen" if term_type else term_ends is None
    account = _text(document, "invoiceOwnerAccountNumber") or _text(document, "accountNumber")
    found = SubscriptionRecord(
        id=_text(document, "id"),
        number=_text(document, "subscriptionNumber"),
        status=_text(document, "status"),
        is_latest=document.get("isLatestVersion") in (None, True),
        account_number=account if len(account) <= MOST_OF_AN_ACCOUNT else "",
        currency=_currency(document),
        begins=_day_if_any(document, "contractEffectiveDate"),
        # A date left over from an earlier term is not an end.
        term_ends=None if is_evergreen else term_ends,
        ends=document.get("subscriptionEndDate") or document.get("termEndDate"),
        cancels_itself_on=_day_if_any(document, "scheduledCancelDate"),
        is_evergreen=is_evergreen,
        cancel_reason=_text(document, "cancelReason"),
    )
    if not found.id or not found.number or not found.status:
        raise UnreadableError("shows no subscription with an id, a number and a status")
    if not found.number.isprintable() or leads_up(found.number):
        raise UnreadableError("shows an invalid subscription number")
    return found


def order_result(
    document: dict[str, Any], order_number: str, subscription_number: str
) -> OrderResult:
    """Read the answer to a new order with this number, for one subscription."""
    number, status = _text(document, "orderNumber"), _text(document, "status")
    if document.get("success") is not True or not number or not status:
        raise UnreadableError("shows no order with a number and a status")
    _check_order(number, order_number)
    listed = list(_objects(document, "subscriptions"))
    numbers = {_text(each, "subscriptionNumber") for each in listed}
    older = document.get("subscriptionNumbers")
    if isinstance(older, list):
        numbers |= {each if isinstance(each, str) else "" for each in older}
    if numbers - {subscription_number}:
        raise UnreadableError("is about another subscription")
    statuses = {_text(each, "status") for each in listed}
    return OrderResult(number, status, statuses.pop() if len(statuses) == 1 else "")


def order(document: dict[str, Any], order_number: str) -> OrderRecord:
    """Read the order with this number."""
    found = document.get("order")
    if not isinstance(found, dict):
        raise UnreadableError("shows no order")
    record = _order_record(found)
    _check_order(record.number, order_number)
    return record


def order_page(document: dict[str, Any]) -> OrderPage:
    """Read a page of a subscription's orders."""
    if not isinstance(document.get("orders"), list):
        raise UnreadableError("shows no orders")
    orders = tuple(_order_record(each) for each in _objects(document, "orders"))
    return OrderPage(orders, bool(document.get("nextPage")))


def is_deleted(document: dict[str, Any], order_number: str) -> bool:
    """Read the answer to the deletion of this order; it may leave out the number."""
    if document.get("success") is not True:
        raise UnreadableError("does not report success")
    _check_order(_text(document, "orderNumber") or order_number, order_number)
    return True


def preview(document: dict[str, Any]) -> Preview:
    """Read a preview: its invoices minus its credit memos.

    In samples, the amounts of credit memos are positive; negative ones would mean the same.
    """
    result = document.get("previewResult")
    if not isinstance(result, dict):
        raise UnreadableError("holds no preview")
    invoices = list(_objects(result, "invoices"))
    memos = list(_objects(result, "creditMemos"))
    has_taxes = all("taxAmount" in each for each in (*invoices, *memos))
    return Preview(
        amount=_net(invoices, memos, "amount"),
        tax=_net(invoices, memos, "taxAmount") if has_taxes else None,
        period=_period(
            item
            for name, documents in (("invoiceItems", invoices), ("creditMemoItems", memos))
            for each in documents
            for item in _objects(each, name)
        ),
    )


def _net(invoices: list[dict[str, Any]], memos: list[dict[str, Any]], name: str) -> Decimal:
    billed = sum((_amount(each, name) for each in invoices), Decimal(0))
    return billed - sum((abs(_amount(each, name)) for each in memos), Decimal(0))


def _period(items: Iterable[dict[str, Any]]) -> tuple[date, date] | None:
    pairs = [
        (_day_if_any(item, "serviceStartDate"), _day_if_any(item, "serviceEndDate"))
        for item in items
    ]
    starts = [start for start, _ in pairs if start]
    ends = [end for _, end in pairs if end]
    return (min(starts), max(ends)) if starts and ends else None


def _check_order(number: str, asked_for: str) -> None:
    if number != asked_for:
        raise UnreadableError("is about another order")


def _order_record(found: dict[str, Any]) -> OrderRecord:
    number, status = _text(found, "orderNumber"), _text(found, "status")
    if not number or not status:
        raise UnreadableError("shows an order without a number or without a status")
    listed = list(_objects(found, "subscriptions"))
    numbers = frozenset(_text(each, "subscriptionNumber") for each in listed)
    actions = [action for each in listed for action in _objects(each, "orderActions")]
    texts = frozenset(
        (_text(found, "description"), *(_text(each, "changeReason") for each in actions))
    )
    return OrderRecord(number, status, numbers - {""}, "" not in numbers, texts - {""})


def _objects(document: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    found = document.get(name)
    yield from (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


def _text(document: dict[str, Any], name: str) -> str:
    """A text without surrounding blanks; empty if it is longer than any of Zuora's.

    The texts read here are searched in the event loop.
    """
    found = document.get(name)
    return found.strip() if isinstance(found, str) and len(found) <= MOST_CHARACTERS else ""


def _currency(document: dict[str, Any]) -> str:
    found = _text(document, "currency")
    return found if _CURRENCY.fullmatch(found) else ""


def _amount(document: dict[str, Any], name: str) -> Decimal:
    found = document.get(name)
    if found is None and name != "amount":
        return Decimal(0)
    if not isinstance(found, (int, float)) or isinstance(found, bool) or not math.isfinite(found):
        raise UnreadableError("holds an amount that is not a number")
    if abs(found) >= MOST_AMOUNT:
        raise UnreadableError("holds an implausible amount")
    return Decimal(str(found))


def day(value: Any) -> date | None:
    """Read a day; None if empty. Raises ``UnreadableError``.

    In the first and last year, some days have no midnight in some time zones.
    """
    if value is None or value == "":
        return None
    # Later versions of Python accept more than this form.
    if isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):
            found = date.fromisoformat(value)
            if date.min.year < found.year < date.max.year:
                return found
    raise UnreadableError("holds an invalid date")


def _day_if_any(document: dict[str, Any], name: str) -> date | None:
    """Read a date that only helps to choose another; an unreadable one does no harm."""
    try:
        return day(document.get(name))
    except UnreadableError:
        return None
