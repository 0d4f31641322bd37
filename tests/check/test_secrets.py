"""A check's output shows no secret and no personal data from a vendor's answer."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from urllib.parse import quote

from aiohttp import web
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connect_ext.vendors.words import is_known_name
from tests.check.trying import cancelled, everything_told, tried
from tests.conftest import EXAMPLES
from tests.fuzz.test_dry_runs import assert_hidden
from tests.fuzz.test_dry_runs import keys as any_keys
from tests.http.servers import web_server
from tests.leaks import bare, leaks

# Each example starts a server and makes several calls.
few = settings(max_examples=max(20, EXAMPLES // 4))

NAMES = (
    *("Anna", "Schmidt", "Anna Schmidt", "anna_schmidt", "annaSchmidt", "Łukasz", "Ōkubo"),
    *("O'Brien", "Blauwal", "BLAUWAL GmbH & Co. KG", "blauwal-gmbh", "Müller & Söhne"),
    *("anna.schmidt@blauwal.example", "+49 151 23456789", "DE89370400440532013000"),
)
names = st.sampled_from(NAMES) | st.text(st.characters(categories=["Lu", "Ll"]), min_size=4).filter(
    lambda text: not is_known_name(text) and len(bare(text)) >= 4
)

# Letters that spell none of a report's own words.
keys = any_keys.filter(lambda key: not re.search(r"[A-Za-z]{9}", key))

WORDS = ("id", "status", "state", "data", "subscription", "customer", "name", "ended_at", "detail")
words = st.sampled_from(WORDS)


def ways(secret: str) -> st.SearchStrategy[str]:
    """Spellings in which a vendor may repeat a text."""
    return st.sampled_from(
        [
            secret,
            secret.upper(),
            f"for {secret}, please",
            quote(secret, safe=""),
            json.dumps(secret),
            base64.b64encode(secret.encode()).decode(),
            secret.encode().hex(),
        ]
    )


def documents(said: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    """Answers with a text anywhere, even as a key."""
    values = said | st.sampled_from(["active", "live", 1, None])
    return st.recursive(
        values,
        lambda inner: (
            st.dictionaries(words | said, inner, min_size=1, max_size=4)
            | st.lists(inner, min_size=1, max_size=2)
        ),
        max_leaves=10,
    )


def answering(document: object, looks: int, changes: int, token: str) -> object:
    """A vendor that issues a token and gives the same answer to every call, with these statuses."""

    async def handler(request):
        status = looks if request.method == "GET" else changes
        if request.path == "/token":
            return web.json_response({"access_token": token, "note": document})
        if isinstance(document, bytes):
            return web.Response(status=status, body=document, content_type="text/html")
        return web.json_response(document, status=status)

    return handler


def told(document, variables, looks=200, changes=200, token="a-token", **order):
    """The output of checks of a vendor that answers like this, with and without a cancellation."""

    async def tell():
        async with web_server(answering(document, looks, changes, token)) as server:
            given = {"REST_API_URL": server.url, "REST_OAUTH_TOKEN_URL": f"{server.url}/token"}
            given |= {"REST_API_KEY": "a-key-for-nothing", **variables}
            first = await tried(given, "SUB-1", suggest=True, **order)
            then = await cancelled(given, "SUB-1", wait_seconds=0, **order)
        return everything_told(first) + everything_told(then)

    return asyncio.run(tell())


PLACES = {
    "bearer": lambda key: {"REST_API_KEY": key},
    "basic": lambda key: {"REST_AUTH": "basic", "REST_API_KEY": f"somebody:{key}"},
    "header": lambda key: {"REST_AUTH": "header:X-Key", "REST_API_KEY": key},
    "OAuth": lambda key: {
        "REST_AUTH": "oauth2",
        "REST_OAUTH_CLIENT_ID": "somebody",
        "REST_OAUTH_CLIENT_SECRET": key,
    },
    "headers": lambda key: {"REST_HEADERS": json.dumps({"X-Key": f"Bearer {key}"})},
    "secret headers": lambda key: {"REST_SECRET_HEADERS": json.dumps({"X-Key": key})},
    "body": lambda key: {"REST_CANCEL_BODY": json.dumps({"token": key, "id": "{subscription_id}"})},
    "extra": lambda key: {
        "REST_AUTH": "oauth2",
        "REST_OAUTH_CLIENT_ID": "somebody",
        "REST_OAUTH_CLIENT_SECRET": "a-secret-for-nothing",
        "REST_OAUTH_EXTRA": json.dumps({"api_key": key}),
    },
    "this product's": lambda key: {
        "PRODUCT_OVERRIDES": json.dumps({"PRD-1": {"REST_API_KEY": key}})
    },
    "another product's": lambda key: {
        "PRODUCT_OVERRIDES": json.dumps({"PRD-2": {"REST_API_KEY": key}}),
        "REST_CANCEL_BODY": json.dumps({"reason": f"it is {key}", "id": "{subscription_id}"}),
    },
    "an unknown name": lambda key: {"MY_KEY": key},
}


@few
@given(st.data(), st.sampled_from([*PLACES]), keys)
def test_no_secret_of_the_variables_is_shown_whatever_the_vendor_repeats(data, place, key):
    assume(key == key.strip() and not key.isdigit())
    said = ways(key)
    document = data.draw(documents(said) | said.map(lambda text: f"<p>{text}".encode()))
    status = data.draw(st.sampled_from([200, 200, 401, 422, 500]))
    shown = told(document, PLACES[place](key), status, status, product_id="PRD-1")
    assert_hidden(shown, key)
    assert leaks(shown, [key]) == []


@few
@given(st.data(), keys)
def test_no_key_in_an_address_or_a_request_is_shown(data, key):
    key = f"{key}7"
    assume(re.fullmatch(r"[!-~]*", key) and not re.search(r"[/?&#%{}.\\\"']", key))
    request = f"POST /s/{{subscription_id}}/x?sig_key={key}"
    shown = told(data.draw(documents(ways(key))), {"REST_CANCEL_REQUEST": request})
    assert_hidden(shown, key)


@few
@given(st.data(), keys.filter(lambda key: re.fullmatch(r"[!-~]{8,}", key)))
def test_no_issued_token_is_shown(data, token):
    variables = PLACES["OAuth"]("a-secret-for-nothing")
    document = data.draw(documents(ways(token)))
    shown = told(document, variables, data.draw(st.sampled_from([200, 422])), 422, token)
    assert "the token request" in shown
    assert_hidden(shown, token)
    assert leaks(shown, [token]) == []


@few
@given(st.data(), names)
def test_no_name_in_an_answer_is_shown_as_a_value_or_as_a_key(data, name):
    document = data.draw(documents(st.just(name)))
    # A plain word is shown if it is a status.
    assume(name not in statuses_in(document))
    status = st.sampled_from([200, 200, 400, 409, 422, 500])
    paths = {
        "REST_STATUS_PATH": data.draw(
            st.sampled_from(["status", "customer.name", "data.name", "'active'"])
        ),
        "REST_REASON_PATH": data.draw(st.sampled_from(["detail", "data.detail || name", "@"])),
        "REST_END_DATE_PATH": "data.ended_at",
        "REST_LOOKED_UP": '{"more": "data"}',
    }
    shown = told(document, paths, data.draw(status), data.draw(status))
    assert bare(name) not in bare(shown)


def statuses_in(document: object) -> list[object]:
    """The values of all members with the name of a status."""
    if isinstance(document, list):
        return [found for item in document for found in statuses_in(item)]
    if not isinstance(document, dict):
        return []
    own = [value for key, value in document.items() if key in ("status", "state")]
    return own + statuses_in([*document.values()])


@few
@given(st.data(), st.sampled_from(NAMES[:13]), st.sampled_from([str, str.upper, json.dumps, quote]))
def test_no_parameter_of_the_request_is_shown_wherever_it_is_sent(data, name, written):
    body = {
        "for": "{parameter:customer}",
        "id": "{subscription_id}",
        "x": "by {parameter:customer}",
    }
    variables = {
        "REST_STATUS_PATH": "'active'",
        "REST_CANCEL_BODY": json.dumps(body),
        "REST_BODY_FORMAT": data.draw(st.sampled_from(["json", "form"])),
        "REST_CANCEL_REQUEST": "POST /of/{parameter:customer}/{subscription_id}",
    }
    document = {"status": "x", "detail": written(name), written(name): written(name)}
    parameters = (("customer", name),)
    changes = data.draw(st.sampled_from([200, 422]))
    shown = told(document, variables, changes=changes, parameters=parameters)
    assert_hidden(shown, name, least=len(bare(name)))
    assert "This would be sent" in shown
