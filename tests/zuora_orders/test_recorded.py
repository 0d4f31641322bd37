"""Every published exchange with Zuora's orders is understood as its README says.

A server gives the answers to the vendor, with the requested numbers instead of the recorded ones;
the requests are compared with ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError, Later
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Accepted, Subscription, SubscriptionStatus
from connect_ext.vendors.zuora import dates, orders
from connect_ext.vendors.zuora.answers import UnreadableError
from connect_ext.vendors.zuora.answers import preview as read_preview
from connect_ext.vendors.zuora.answers import subscription as read_subscription
from tests.unit.builders import ORDERS_VARIABLES, configuration
from tests.zuora_orders.scripted import (
    CANCELLED,
    NOW,
    NUMBER,
    ORDER,
    REQUEST,
    SUBSCRIPTION,
    Answer,
    asking,
    order,
)

# Beside the repository, or further up.
_PLACES = [up / "shared/contracts/zuora/orders/recorded" for up in Path(__file__).parents]
RECORDED = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the contracts are not here")

UNKNOWN, NOT_DONE, NOT_CONFIGURED = "OutcomeUnknown", "NotDone", "NotConfigured"
LOOK_AGAIN = "accepted, and looked at again"
NOTHING_SAID = f"{UNKNOWN} {Cause.UNREADABLE.value} 300"

# The operation that gets the answer, and the meaning it must have there.
UNDERSTOOD = {
    "token-ok": ("token", "CANCELLED"),
    "unauthorized": ("order", f"{NOT_CONFIGURED} {Cause.CREDENTIALS.value}"),
    "rate-limited": ("order", f"{NOT_DONE} {Cause.BUSY.value} 600"),
    "error-invalid-value": ("order", "Refused"),
    "error-lock": ("order", f"{NOT_DONE} {Cause.CONFLICT.value} 60"),
    "error-nested-in-a-success": ("order", NOTHING_SAID),
    "error-not-found": ("subscription", "UNKNOWN_ID"),
    "error-preview-options-misspelt": ("preview", "CANCELLED, The preview failed"),
    "put-cancel-invalid-parameter": ("order", f"{NOT_CONFIGURED} {Cause.BUG.value}"),
    "put-with-idempotency-key-refused": ("order", f"{UNKNOWN} {Cause.SENT.value} 300"),
    # Jobs belong to another operation: whatever they say, nothing has happened to the subscription.
    "async-job-completed": ("order", NOTHING_SAID),
    "async-job-completed-order-pending": ("order", NOTHING_SAID),
    "async-job-failed-internal": ("order", NOTHING_SAID),
    "async-job-failed-lock": ("order", NOTHING_SAID),
    "async-job-failed-rule": ("order", NOTHING_SAID),
    "async-job-processing": ("order", NOTHING_SAID),
    "async-submitted": ("order", NOTHING_SAID),
    "order-delete-ok": ("order", NOTHING_SAID),
    "put-cancel-ok-harmonization-tenant": ("order", NOTHING_SAID),
    "order-answer-with-version-223-or-later": ("order", LOOK_AGAIN),
    "order-cancel-answer-pending": ("order", "UNFINISHED"),
    "order-cancel-draft-or-scheduled": ("order", f"{UNKNOWN} {Cause.SENT.value} 300"),
    "order-cancel-end-of-invoiced-period": ("order", LOOK_AGAIN),
    "order-cancel-guardian-product-move": ("order", NOTHING_SAID),
    "order-cancel-guardian-renew-then-cancel": ("order", NOTHING_SAID),
    "order-cancel-no-processing-options": ("order", LOOK_AGAIN),
    "order-cancel-today-with-write-off": ("order", LOOK_AGAIN),
    "order-revert-ok": ("order", LOOK_AGAIN),
    "order-get": ("order by number", "CANCELLING"),
    "orders-of-a-subscription": ("orders", "ACTIVE"),
    "subscription-active": ("subscription", "ACTIVE"),
    "subscription-cancelled-2018": ("subscription", "CANCELLED 2018-04-20"),
    "subscription-cancelled-in-account-list": ("subscription", "CANCELLED 2022-10-07"),
    "object-query-cancelled-in-future": ("subscription", "CANCELLED 2026-11-07"),
    "order-preview-billing-docs": ("preview", "would charge 14.99 USD for 1 July to 31 July 2024."),
    "order-preview-charge-metrics-negative": ("preview", "would bill nothing."),
    "subscription-preview-credit-memo": ("preview", "CANCELLED, The preview failed"),
    "put-cancel-orders-tenant-request": ("", ""),
}
OURS = ("orderNumber", "description", "changeReason")


def exchange(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


def first_record(name: str, body: Any) -> Any:
    """One subscription from an answer with several."""
    if name == "subscription-cancelled-in-account-list":
        return body["subscriptions"][0]
    if name == "object-query-cancelled-in-future":
        # That API has another name for the number.
        return {**body["subscriptions"][0], "subscriptionNumber": body["subscriptions"][0]["name"]}
    return body


def with_our_numbers(found: Any, name: str = "") -> Any:
    """The answer as if it were about our order and our subscription."""
    if isinstance(found, dict):
        return {key: with_our_numbers(value, key) for key, value in found.items()}
    if isinstance(found, list):
        return [with_our_numbers(each, name) for each in found]
    numbers = {"orderNumber": ORDER, "subscriptionNumber": NUMBER, "subscriptionNumbers": NUMBER}
    return numbers.get(name, found)


def answer_of(name: str) -> Answer:
    response = exchange(name)["response"]
    body = first_record(name, response.get("body", b""))
    if name == "error-preview-options-misspelt":
        body = {"success": False, "reasons": [{"code": response["code"], "message": "?"}]}
    return Answer(with_our_numbers(body), response["status"], response.get("headers", {}))


def meaning(found: Accepted | Subscription | CancellationError) -> str:
    if isinstance(found, Accepted):
        if found.subscription is None:
            return LOOK_AGAIN
        shown = meaning(found.subscription).split()[0]
        return ", ".join([shown, *found.remarks, found.amounts])
    if isinstance(found, Subscription):
        day = f" {found.ends_at:%Y-%m-%d}" if found.ends_at else ""
        return f"{found.status.name}{day}"
    if not isinstance(found, Later):
        return type(found).__name__
    wait = f" {found.retry_after:.0f}" if found.retry_after else ""
    return f"{type(found).__name__} {found.cause.value}{wait}"


def test_the_table_has_every_exchange():
    assert {path.stem for path in RECORDED.glob("*.json")} == set(UNDERSTOOD)


@pytest.mark.parametrize("name", [name for name, (operation, _) in UNDERSTOOD.items() if operation])
async def test_each_answer_means_what_its_readme_says(zuora, make_vendor, name):
    operation, expected = UNDERSTOOD[name]
    vendor = make_vendor(ZUORA_PREVIEW="true" if operation == "preview" else "false")
    answer = answer_of(name)
    zuora.say(operation, answer)
    looks = operation in ("subscription", "order by number", "orders")
    numbered = operation == "subscription" and "subscriptionNumber" in answer.body
    key = answer.body["subscriptionNumber"] if numbered else NUMBER
    asked = asking(key, may_have_been_sent=operation in ("order by number", "orders"))
    try:
        found = await vendor.look_up(asked) if looks else await vendor.cancel(asked, None)
    except CancellationError as error:
        found = error
    assert expected in meaning(found)


async def test_a_pending_order_is_done_only_if_the_subscription_says_so(zuora, vendor):
    zuora.say("order", answer_of("order-cancel-answer-pending"))
    shown = await vendor.look_up(asking())
    zuora.say("subscription", Answer(CANCELLED))
    accepted = await vendor.cancel(asking(), shown)
    assert accepted.subscription
    assert accepted.subscription.status is SubscriptionStatus.CANCELLED


async def test_the_nested_order_of_a_completed_job_is_unfinished(zuora, vendor):
    result = exchange("async-job-completed-order-pending")["response"]["body"]["result"]
    zuora.say("order by number", Answer(order(result["status"])))
    shown = await vendor.look_up(asking(may_have_been_sent=True))
    assert shown.status is SubscriptionStatus.UNFINISHED
    assert ORDER in shown.detail


def test_the_sister_operations_memos_have_the_sign_that_we_expect():
    body = exchange("subscription-preview-credit-memo")["response"]["body"]
    found = read_preview({"previewResult": body})
    assert (found.amount, found.tax) == (0, 0)
    assert found.period == (date(2024, 1, 1), date(2024, 1, 31))
    with pytest.raises(UnreadableError):
        read_preview(body)


def paths(found: Any, here: str = "") -> Iterator[str]:
    """The names of all fields, with the names of their enclosing objects."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield f"{here}/{key}"
            yield from paths(value, f"{here}/{key}")
    for each in found if isinstance(found, list) else ():
        yield from paths(each, here)


def requests_with(word: str) -> list[Any]:
    """The bodies of the published requests with this word in them."""
    every = [exchange(path.stem) for path in RECORDED.glob("*.json")]
    bodies = [each["request"]["body"] for each in every if "body" in each.get("request", {})]
    return [body for body in bodies if word in json.dumps(body)]


def ours(kind: str, **variables: str) -> Any:
    settings = configuration(**ORDERS_VARIABLES, **variables).default.vendor.own
    record = read_subscription(SUBSCRIPTION)
    zone, now = ZoneInfo(settings.time_zone), CancellationDate.IMMEDIATE
    days = dates.days_of(NOW, zone, record.begins, record.term_ends, now)
    if kind == "preview":
        return orders.preview(REQUEST, record, days)
    return orders.cancellation(REQUEST, ORDER, record, days, settings)


async def test_the_published_order_for_the_invoiced_period_is_ours_and_names_no_end(zuora, vendor):
    name = "order-cancel-end-of-invoiced-period"
    zuora.say("order", answer_of(name))
    asked = asking(when=CancellationDate.END_OF_INVOICED_PERIOD)
    assert await vendor.cancel(asked, None) == Accepted()
    [action], [published] = (
        body["subscriptions"][0]["orderActions"]
        for body in (*zuora.bodies("order"), exchange(name)["request"]["body"])
    )
    assert action["cancelSubscription"] == published["cancelSubscription"]


def test_our_order_only_has_fields_of_published_cancellations_and_marks():
    published = {path for body in requests_with("CancelSubscription") for path in paths(body)}
    known = {path for path in paths(ours("order")) if path.rpartition("/")[2] not in OURS}
    assert known <= published
    assert "/subscriptions/orderActions/cancelSubscription/cancellationEffectiveDate" in known
    assert set(OURS) == {path.rpartition("/")[2] for path in set(paths(ours("order"))) - published}


def test_our_preview_is_like_a_published_one():
    published = {path for body in requests_with("previewOptions") for path in paths(body)}
    asked = {path for path in paths(ours("preview")) if path.startswith("/previewOptions")}
    # Documented, although no sample has it.
    assert asked - published == {"/previewOptions/validateScheduledOrders"}
