"""Any answer from a REST vendor, and any id in a request."""

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import replace
from unicodedata import normalize
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.errors import CancellationError, Later, NotConfigured
from connect_ext.http.client import Answer
from connect_ext.vendors.base import Accepted, Act, Subscription, SubscriptionStatus
from tests.fuzz.hostile import HttpThatAnswers, answers, cancellations, values
from tests.http.vendors import rest_vendor

TOKEN = {
    "REST_AUTH": "oauth2",
    "REST_OAUTH_TOKEN_URL": "https://vendor.example/token",
    "REST_OAUTH_CLIENT_ID": "client",
    "REST_OAUTH_CLIENT_SECRET": "s3cret-of-the-client",
}
QUERY = "?by={request_id}&id={subscription_id}"
UNDO = {"REST_UNDO_REQUEST": "POST /subscriptions/{subscription_id}/undo" + QUERY}
BODY = {
    "{subscription_id}": "a key is no place for it",
    "id": "{subscription_id}",
    "list": ["{request_id}", {"asset": "of {asset_id}!"}],
}


def vendor(http, **variables):
    """A REST vendor whose client gives the test's answers."""
    more = {"REST_END_DATE_PATH": "ends_at", "REST_BUSY_WHEN": "contains(message, 'lock')"}
    return rest_vendor(http, "https://vendor.example/v1", **more, **variables)


@given(st.lists(answers, min_size=1, max_size=3), cancellations)
def test_a_look_up_shows_a_subscription_or_waits(given_answers, cancellation):
    made = vendor(HttpThatAnswers(given_answers))
    with suppress(Later):
        shown = asyncio.run(made.look_up(cancellation))
        assert isinstance(shown.status, SubscriptionStatus)
        assert shown.ends_at is None or shown.ends_at.tzinfo


@given(st.lists(answers, min_size=1, max_size=3), cancellations)
def test_a_cancellation_is_accepted_or_ends_in_a_declared_error(given_answers, cancellation):
    made = vendor(HttpThatAnswers(given_answers))
    with suppress(CancellationError):
        accepted = asyncio.run(made.cancel(cancellation, None))
        assert isinstance(accepted, Accepted)
        assert accepted.subscription is None or isinstance(accepted.subscription, Subscription)


@given(st.lists(answers, min_size=1, max_size=3), cancellations)
def test_an_undo_shows_no_subscription_or_ends_in_a_declared_error(given_answers, cancellation):
    made = vendor(HttpThatAnswers(given_answers), **UNDO)
    with suppress(CancellationError):
        undo = replace(cancellation, act=Act.UNDO)
        assert asyncio.run(made.take_back(undo, None)) == Accepted()


@given(st.lists(answers, min_size=1, max_size=6), cancellations)
def test_no_answer_to_the_token_request_refuses_anything(given_answers, cancellation):
    http = HttpThatAnswers(given_answers)
    with suppress(Later):
        asyncio.run(vendor(http, **TOKEN).look_up(cancellation))
    for call in http.calls:
        for name, value in call.headers:
            assert (name + value).isascii()
            assert (name + value).isprintable()


@given(cancellations)
def test_no_id_leaves_its_place_in_the_address(cancellation):
    http = sent(cancellation)
    for call in http.calls:
        # As it leaves: httpx has read it, and written it anew.
        parts = urlsplit(str(httpx.URL(call.url)))
        assert (parts.scheme, parts.netloc) == ("https", "vendor.example")
        segments = parts.path.split("/")
        assert segments[:3] == ["", "v1", "subscriptions"]
        assert len(segments) == (5 if call.method == "POST" else 4)
        assert unquote(segments[3]) == cancellation.subscription_id.text
        assert parse_qsl(parts.query, keep_blank_values=True) == [
            ("by", cancellation.request_id),
            ("id", cancellation.subscription_id.text),
        ]


@given(cancellations)
def test_no_id_leads_up_a_server_that_decodes_addresses_twice(cancellation):
    for call in sent(cancellation).calls:
        for readings in range(1, 3):
            path = urlsplit(call.url).path
            for _ in range(readings):
                path = unquote(path)
            steps = re.split(r"[/\\;?#]", normalize("NFKC", path))
            assert not {".", ".."} & set(steps)


@given(cancellations)
def test_no_id_makes_another_header(cancellation):
    for call in sent(cancellation).calls:
        names = [name for name, _ in call.headers]
        assert len(names) == len(set(names))
        assert set(names) <= {"Authorization", "Accept", "Idempotency-Key", "Content-Type"}
    keys = [dict(call.headers).get("Idempotency-Key") for call in sent(cancellation).calls]
    request_id = cancellation.request_id
    assert set(keys) <= {None, request_id, f"{request_id}-undo"}


@given(cancellations)
def test_no_id_leaves_its_place_in_a_body_of_json(cancellation):
    body = json.loads(sent(cancellation).calls[0].content)
    assert body == {
        "{subscription_id}": "a key is no place for it",
        "id": cancellation.subscription_id.text,
        "list": [cancellation.request_id, {"asset": f"of {cancellation.asset_id}!"}],
    }


@given(cancellations)
def test_no_id_leaves_its_place_in_a_form(cancellation):
    content = sent(cancellation, REST_BODY_FORMAT="form").calls[0].content
    fields = dict(parse_qsl(content.decode(), keep_blank_values=True))
    assert fields == {
        "{subscription_id}": "a key is no place for it",
        "id": cancellation.subscription_id.text,
        "list[0]": cancellation.request_id,
        "list[1][asset]": f"of {cancellation.asset_id}!",
    }


@given(
    values,
    cancellations,
    st.sampled_from(
        [
            {"REST_CANCEL_BODY": '{"v": "{v}", "in": "-{v}-"}'},
            {"REST_CANCEL_BODY": '{"v": "{v}"}', "REST_BODY_FORMAT": "form"},
            {"REST_CANCEL_BODY": '"{v}"'},
            {"REST_HEADERS": '{"If-Match": "{v}"}'},
            {"REST_CANCEL_REQUEST": "DELETE /subscriptions/{subscription_id}/{v}"},
        ]
    ),
)
def test_no_looked_up_value_leaves_its_place(value, cancellation, place):
    said = json.dumps({"status": "active", "v": value}).encode()
    http = HttpThatAnswers([Answer(200, {}, said)])
    made = vendor(http, REST_LOOKED_UP='{"v": "v"}', **place)
    with suppress(Later):
        asyncio.run(made.cancel(cancellation, asyncio.run(made.look_up(cancellation))))
    for call in http.calls[1:]:
        # As it leaves: httpx has read it, and written it anew.
        segments = urlsplit(str(httpx.URL(call.url))).path.split("/")
        assert (segments[:3], len(segments)) == (["", "v1", "subscriptions"], 5)
        assert all(f"{name}{text}".isprintable() for name, text in call.headers)
        if place.get("REST_BODY_FORMAT") == "form":
            assert parse_qsl(call.content.decode(), keep_blank_values=True)[0][0] == "v"
        elif call.content:
            json.loads(call.content, parse_constant=pytest.fail)


def sent(cancellation, **variables):
    """The client after a cancellation that was accepted and taken back."""
    http = HttpThatAnswers([Answer(200, {}, b"{}")])
    made = vendor(
        http,
        REST_CANCEL_REQUEST="POST /subscriptions/{subscription_id}/cancel" + QUERY,
        REST_STATUS_REQUEST="GET /subscriptions/{subscription_id}" + QUERY,
        REST_CANCEL_BODY=json.dumps(BODY),
        **UNDO,
        **variables,
    )
    with suppress(NotConfigured):
        asyncio.run(made.cancel(cancellation, None))
    with suppress(Later):
        asyncio.run(made.look_up(cancellation))
    with suppress(NotConfigured):
        asyncio.run(made.take_back(replace(cancellation, act=Act.UNDO), None))
    return http
