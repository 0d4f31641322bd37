"""Calls are well formed, whatever Zuora shows and whatever ids a request has."""

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.errors import CancellationError
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Act
from connect_ext.vendors.zuora.orders import marker, track_id
from tests.fuzz.hostile import cancellations, texts
from tests.fuzz.zuora_orders import OLD, Http, answers_of, names, said, values, vendor, words
from tests.sandbox.test_sandbox_contract import resolved
from tests.zuora_orders.scripted import ID, NUMBER, OLD_ID, SUBSCRIPTION, asking

SCHEMAS = {"order": "POSTOrderRequestType", "preview": "POSTOrderPreviewRequestType"}
NEARBY = Path("shared/contracts/zuora/orders/openapi.json")

shown_ones = st.builds(
    lambda more: {**SUBSCRIPTION, **more},
    st.dictionaries(
        names.filter(lambda name: name not in ("status", "success")), values, max_size=3
    ),
)
moments = st.integers(0, 120 * 365 * 24 * 60).map(
    lambda minutes: datetime(1980, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=minutes)
)
request_ids = st.from_regex(r"[A-Z]{2,5}(-[0-9A-Za-z]{1,4}){1,30}", fullmatch=True) | texts.filter(
    str.isprintable
)
asked = st.builds(
    asking,
    st.sampled_from([ID, NUMBER]),
    moments,
    request_id=request_ids,
    when=st.sampled_from(CancellationDate),
    may_have_been_sent=st.booleans(),
    attempt=st.just("0badcafe"),
)


@cache
def described(name):
    """The official description of an operation's body; None if it is not available."""
    found = [root / NEARBY for root in Path(__file__).parents if (root / NEARBY).exists()]
    if not found:
        return None
    whole = json.loads(found[0].read_text())
    schema = closed(resolved(whole["components"]["schemas"][SCHEMAS[name]], whole))
    formats = jsonschema.FormatChecker(["date"])
    return jsonschema.Draft202012Validator(schema, format_checker=formats)


def closed(schema):
    """The schema with unknown fields forbidden, because Zuora refuses them."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {"additionalProperties": False} if "properties" in schema else {}
    return {**{name: closed(each) for name, each in schema.items()}, **shut}


def sent(cancellation, shown, **script):
    """The client after a look-up that also reads orders, and a cancellation."""
    echo = track_id(cancellation.request_id)
    http = Http({"subscription": [said(shown, zuora_track_id=echo)], **script})
    with suppress(CancellationError):
        asyncio.run(vendor(http).look_up(replace(cancellation, may_have_been_sent=True)))
    with suppress(CancellationError):
        asyncio.run(vendor(http).cancel(cancellation, None))
    return http


@pytest.mark.skipif(not described("order"), reason="the official description is not here")
@given(asked, shown_ones, answers_of("order"))
def test_every_order_matches_zuoras_description(cancellation, shown, answer):
    http = sent(cancellation, shown, order=[answer])
    for name in SCHEMAS:
        for call, _ in http.of(name):
            body = json.loads(call.content)
            described(name).validate(body)
            assert body["existingAccountNumber"]
            assert not re.search(r"[#?/\s]", body.get("orderNumber", ""))
            assert len(dict(call.headers).get("Idempotency-Key", "")) < 255


def check_path(call, *segments):
    """The sent path has these segments, and cannot lead a server up that decodes it twice."""
    parts = urlsplit(str(httpx.URL(call.url)))
    assert (parts.scheme, parts.netloc) == ("https", "rest.zuora.example")
    assert [unquote(each) for each in parts.path.split("/")] == ["", "v1", *segments]
    path = parts.path
    for _ in range(2):
        path = unquote(path)
        assert not {".", ".."} & set(re.split(r"[/\\;?#]", normalize("NFKC", path)))


@given(cancellations)
def test_no_id_leaves_its_place_in_an_address(cancellation):
    key = cancellation.subscription_id.text
    http = sent(cancellation, {**SUBSCRIPTION, "subscriptionNumber": key})
    for call, _ in http.of("subscription"):
        check_path(call, "subscriptions", key)
        assert urlsplit(call.url).query == "exclude-rate-plans-with-no-charges=true"
    for call, _ in http.of("orders"):
        check_path(call, "orders", "subscription", key)
    assert http.of("order")


@given(cancellations, words | texts)
def test_no_number_in_an_answer_leaves_its_place_in_the_next_address(cancellation, number):
    by_id, number = replace(asking(OLD_ID), request_id=cancellation.request_id), number.strip()
    http = sent(by_id, {**OLD, "subscriptionNumber": number})
    for call, _ in http.of("subscription"):
        key = OLD_ID if f"/{OLD_ID}?" in call.url else number
        check_path(call, "subscriptions", key)
    for call, _ in sent(by_id, {**SUBSCRIPTION, "subscriptionNumber": number}).of("orders"):
        check_path(call, "orders", "subscription", number)


@given(words | texts, request_ids.filter(track_id))
def test_no_number_of_an_order_leaves_its_place_in_the_address_of_its_deletion(number, request_id):
    done = {"orderNumber": number, "status": "Completed", "description": marker(request_id)}
    script = {
        "subscription": [said({**SUBSCRIPTION, "status": "Cancelled"})],
        "orders": [said({"success": True, "orders": [done]})],
    }
    http = Http(script)
    with suppress(CancellationError):
        asyncio.run(vendor(http).take_back(asking(request_id=request_id, act=Act.UNDO), None))
    for call, _ in http.of("deletion"):
        check_path(call, "orders", number.strip())


@given(cancellations, request_ids)
def test_no_request_id_leaves_its_place(cancellation, request_id):
    for name, call, _ in sent(replace(cancellation, request_id=request_id), SUBSCRIPTION).said:
        given_names = [each for each, _ in call.headers]
        assert len(given_names) == len(set(given_names))
        assert all(value.isascii() and value.isprintable() for _, value in call.headers)
        if name == "order by number":
            assert re.fullmatch(r"/v1/orders/CONNECT-[A-Za-z0-9_.-]*", urlsplit(call.url).path)
