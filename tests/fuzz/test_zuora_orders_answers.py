"""Any answer from Zuora's orders is believed only as far as it goes."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.errors import CancellationError, Later, OutcomeUnknown, Refused, UnknownId
from connect_ext.http.client import Answer
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Accepted, Act, SubscriptionStatus
from tests.fuzz.hostile import bodies, statuses
from tests.fuzz.zuora_orders import GOOD, Http, answers_of, said, values, vendor
from tests.zuora_orders.scripted import (
    CANCELLED,
    ID,
    MARKER,
    NUMBER,
    OLD_ID,
    ORDER,
    REQUEST,
    asking,
    order,
)

scripts = st.fixed_dictionaries(
    {}, optional={name: st.lists(answers_of(name), min_size=1, max_size=3) for name in GOOD}
)
zones = st.sampled_from([{}, {"VENDOR_TIME_ZONE": "Asia/Tokyo"}])
asked = st.builds(
    asking,
    st.sampled_from([NUMBER, NUMBER.lower(), ID, OLD_ID]),
    when=st.sampled_from(CancellationDate),
    may_have_been_sent=st.booleans(),
    attempt=st.sampled_from(["", "0badcafe"]),
)


def document(answer):
    """The object in an answer, read naively; empty for anything else."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def categories(answer):
    """The categories of an answer's reasons."""
    listed = document(answer).get("reasons")
    listed = listed if isinstance(listed, list) else []
    found = [each.get("code") if isinstance(each, dict) else None for each in listed]
    return {str(code)[-2:] for code in found}


def successes(answer):
    """Every statement of an answer about its success."""
    return [value for name, value in document(answer).items() if name.upper() == "SUCCESS"]


def shows_cancelled(cancellation, answer):
    """Whether an answer really shows the requested subscription as cancelled."""
    shown, key = document(answer), cancellation.subscription_id.text
    is_same = key.upper() == str(shown.get("subscriptionNumber")).strip().upper()
    if key in (ID, OLD_ID):
        is_same |= key == str(shown.get("id")).strip()
        is_same |= answer.headers.get("zuora-track-id") == REQUEST
    word = "".join(str(shown.get("status")).split()).lower()
    return (
        is_same
        and 200 <= answer.status < 300
        and not shown.get("reasons")
        and all(each is True for each in successes(answer))
        and shown.get("isLatestVersion") in (None, True)
        and word in ("cancelled", "canceled")
    )


def was_cancelled_by(call, answer):
    """Whether an answer to an order really says that the order cancelled its subscription."""
    sent, said = json.loads(call.content), document(answer)
    [ours] = [each["subscriptionNumber"] for each in sent["subscriptions"]]
    listed = [each for each in said.get("subscriptions", []) if isinstance(each, dict)]
    return (
        200 <= answer.status < 300
        and said["success"] is True
        and all(each is True for each in successes(answer))
        and not said.get("reasons")
        and said["orderNumber"].strip() == sent["orderNumber"]
        and {each["subscriptionNumber"].strip() for each in listed} == {ours}
    )


def check(http, cancellation, status):
    """A result of cancelled or unknown must come from the answer."""
    if status is SubscriptionStatus.CANCELLED:
        looks, sent = http.of("subscription"), http.of("order")
        by_look = shows_cancelled(cancellation, looks[-1][1])
        assert by_look or (sent and was_cancelled_by(*sent[-1]))
    if status is SubscriptionStatus.UNKNOWN_ID:
        assert "40" in categories(http.of("subscription")[-1][1])


@given(scripts, asked, zones)
def test_a_look_up_believes_the_answer_or_waits(script, cancellation, zone):
    http = Http(script)
    with suppress(Later):
        shown = asyncio.run(vendor(http, **zone).look_up(cancellation))
        assert shown.ends_at is None or shown.ends_at.tzinfo
        check(http, cancellation, shown.status)
    assert http.of("order") == []


@given(scripts, asked, zones)
def test_a_cancellation_ends_as_the_answer_says_or_in_a_declared_error(script, cancellation, zone):
    http = Http(script)
    try:
        accepted = asyncio.run(vendor(http, **zone).cancel(cancellation, None))
    except (Refused, UnknownId, OutcomeUnknown) as error:
        check_error(http, error)
    except CancellationError:
        pass
    else:
        assert isinstance(accepted, Accepted)
        if accepted.subscription:
            check(http, cancellation, accepted.subscription.status)


def check_error(http, error):
    """An outcome that ends a request, or may have been done, must come from the answer."""
    if isinstance(error, OutcomeUnknown):
        assert error.retry_after >= 300
        assert http.of("order")
        return
    name, _, answer = [each for each in http.said if each[0] in ("subscription", "order")][-1]
    said = categories(answer)
    assert said
    assert all(each is False for each in successes(answer))
    assert answer.status < 500
    assert answer.status not in (401, 429)
    if isinstance(error, UnknownId):
        assert said <= {"20", "30", "40"} | {code for code in said if name == "subscription"}
        assert "40" in said
    else:
        assert name == "order"
        assert said <= {"20", "30"}


def texts_in(found, name):
    """The texts of this name in the objects of a list."""
    listed = found if isinstance(found, list) else []
    return {str(each.get(name, "")).strip() for each in listed if isinstance(each, dict)}


def shows_our_order(http, call, answer):
    """Whether an answer shows the deleted order as ours, completed, and about nothing else."""
    number, shown = unquote(call.url.rpartition("/")[2]), document(answer)
    ours = texts_in(
        [document(answer) for _, answer in http.of("subscription")], "subscriptionNumber"
    )
    listed = shown.get("orders")
    return any(
        str(each.get("orderNumber")).strip() == number
        and "".join(str(each.get("status")).split()).lower() == "completed"
        and (number.startswith(ORDER) or MARKER in json.dumps(each))
        and texts_in(each.get("subscriptions"), "subscriptionNumber") <= ours
        for each in [shown.get("order"), *(listed if isinstance(listed, list) else [])]
        if isinstance(each, dict)
    )


@given(scripts, asked, st.booleans())
def test_only_our_own_order_is_deleted_and_only_a_plain_answer_is_believed(script, asked, listed):
    done = {"orderNumber": "O-1", "status": "Completed", "description": MARKER}
    found = {"subscription": {**CANCELLED, "cancelReason": MARKER}}
    found |= {"orders": {"orders": [done]}} if listed else {"order by number": order("Completed")}
    http = Http({**{name: [said(body)] for name, body in found.items()}, **script})
    accepted = None
    with suppress(Later, UnknownId):
        try:
            accepted = asyncio.run(vendor(http).take_back(replace(asked, act=Act.UNDO), None))
        except Refused:
            accepted = "refused"
    deletions = http.of("deletion")
    if deletions and accepted == "refused":
        assert categories(deletions[-1][1]) <= {"20", "30"}
    elif deletions and accepted:
        assert document(deletions[-1][1])["success"] is True
        assert 200 <= deletions[-1][1].status < 300
    looks = http.of("order by number") + http.of("orders")
    for call, _ in deletions:
        assert any(shows_our_order(http, call, answer) for _, answer in looks)
        assert "Idempotency-Key" not in dict(call.headers)
    assert http.of("order") == []


nothing = st.sampled_from([b"", b"{}", b"null", b"[]", b'"x"', b"<html></html>", b"{" * 9])
no_reasons = values.filter(lambda value: "reasons" not in str(value))
unreadable = st.builds(
    lambda status, body: Answer(status, httpx.Headers(), body),
    statuses.filter(lambda status: status not in (401, 429)),
    nothing
    | bodies
    | values.filter(lambda v: "reasons" not in str(v)).map(json.dumps).map(str.encode),
)


@given(unreadable, st.booleans())
def test_an_order_whose_answer_says_nothing_may_have_been_carried_out(answer, again):
    http = Http({"order": [answer]})
    cancellation = asking(may_have_been_sent=again)
    with pytest.raises(OutcomeUnknown) as caught:
        asyncio.run(vendor(http).cancel(cancellation, None))
    assert caught.value.retry_after >= 300
    assert len(http.of("order")) == 1
