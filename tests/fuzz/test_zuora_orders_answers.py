"""Any answer of Zuora's orders: nothing is taken for more than it says."""

import asyncio
import json
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.errors import CancellationError, Later, OutcomeUnknown, Refused, UnknownId
from connect_ext.http.client import Answer
from connect_ext.vendors.base import Accepted, SubscriptionStatus
from tests.fuzz.hostile import bodies, statuses
from tests.fuzz.zuora_orders import GOOD, Http, answers_of, values, vendor
from tests.zuora_orders.scripted import ID, NUMBER, OLD_ID, REQUEST, asking

scripts = st.fixed_dictionaries(
    {}, optional={name: st.lists(answers_of(name), min_size=1, max_size=3) for name in GOOD}
)
zones = st.sampled_from([{}, {"VENDOR_TIME_ZONE": "Asia/Tokyo"}])
asked = st.builds(
    asking,
    st.sampled_from([NUMBER, NUMBER.lower(), ID, OLD_ID]),
    may_have_been_sent=st.booleans(),
    attempt=st.sampled_from(["", "0badcafe"]),
)


def document(answer):
    """The object in an answer, as anybody would read it; empty for anything else."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def categories(answer):
    """The categories that an answer gives as its reasons."""
    listed = document(answer).get("reasons")
    listed = listed if isinstance(listed, list) else []
    found = [each.get("code") if isinstance(each, dict) else None for each in listed]
    return {str(code)[-2:] for code in found}


def successes(answer):
    """All that an answer says of its success."""
    return [value for name, value in document(answer).items() if name.upper() == "SUCCESS"]


def shows_cancelled(cancellation, answer):
    """Whether an answer really shows the subscription that was asked for, as cancelled."""
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
    """Whether an answer to an order really says that it has cancelled its subscription."""
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
    """What is returned as cancelled, or as unknown, was said to be so."""
    if status is SubscriptionStatus.CANCELLED:
        looks, sent = http.of("subscription"), http.of("order")
        by_look = shows_cancelled(cancellation, looks[-1][1])
        assert by_look or (sent and was_cancelled_by(*sent[-1]))
    if status is SubscriptionStatus.UNKNOWN_ID:
        assert "40" in categories(http.of("subscription")[-1][1])


@given(scripts, asked, zones)
def test_a_look_up_shows_what_was_said_or_waits(script, cancellation, zone):
    http = Http(script)
    with suppress(Later):
        shown = asyncio.run(vendor(http, **zone).look_up(cancellation))
        assert shown.ends_at is None or shown.ends_at.tzinfo
        check(http, cancellation, shown.status)
    assert http.of("order") == []


@given(scripts, asked, zones)
def test_a_cancellation_ends_as_was_said_or_in_a_declared_error(script, cancellation, zone):
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
    """What ends a request, or may have been done, was said to be so."""
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
