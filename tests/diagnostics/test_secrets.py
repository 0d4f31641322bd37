"""The file shows nothing from the variables, the requests, the notes and the answers. Neither does
the terminal.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connect_ext.diagnostics.asked import Asked
from connect_ext.diagnostics.document import document
from connect_ext.diagnostics.in_short import in_short
from connect_ext.portal.settings import declared_variables
from sandbox import LocalVendor, Sandbox
from sandbox.connect.objects import VENDOR
from sandbox.faults import Respond
from tests.check.test_secrets import PLACES, answering, documents, keys, names, ways
from tests.conftest import EXAMPLES
from tests.diagnostics.conftest import surroundings_of
from tests.diagnostics.running import Diagnostics
from tests.faults.marked import Words
from tests.faults.marked_answers import answers
from tests.fuzz.test_dry_runs import assert_hidden
from tests.http.servers import web_server
from tests.leaks import bare, leaks
from tests.unit.builders import OWN_VENDORS

# Each example starts a server and makes several calls.
few = settings(max_examples=max(20, EXAMPLES // 4))

VENDORS = {
    "rest": lambda url: {"REST_API_URL": url, "REST_OAUTH_TOKEN_URL": f"{url}/token"},
    "zuora": lambda url: {"ZUORA_API_URL": url, "ZUORA_CLIENT_ID": "somebody"},
    "zuora-soap": lambda url: {
        "ZUORA_SOAP_URL": f"{url}/apps/services/a/91.0",
        "ZUORA_USERNAME": "somebody",
    },
}
KEYS = {"rest": "REST_API_KEY", "zuora": "ZUORA_CLIENT_SECRET", "zuora-soap": "ZUORA_PASSWORD"}


async def told_of(variables, subscription_id="SUB-1", product_id="PRD-1"):
    """The whole output without a Connect."""
    found = await document(Asked(variables, "", subscription_id, product_id, {}))
    return f"{in_short(found)}\n{json.dumps(found, ensure_ascii=False)}"


def told(answer, variables, status=200, *, vendor="rest", subscription_id="SUB-1"):
    """The whole output about a vendor that gives this answer to every call."""

    async def tell():
        async with web_server(answering(answer, status, status, "a-token")) as server:
            given = {"VENDOR": vendor, KEYS[vendor]: "a-key-for-nothing"}
            given |= {**VENDORS[vendor](server.url), **variables}
            shown = await told_of(given, subscription_id)
            assert server.url.removeprefix("http://") not in shown
            return shown

    return asyncio.run(tell())


statuses = st.sampled_from([200, 200, 400, 401, 404, 409, 422, 429, 500])


def any_answer(said):
    """Documents and pages with this text in them."""
    return documents(said) | said.map(lambda text: f"<p>{text}".encode())


# Invented keys and names, in every place and spelling.


@few
@given(st.data(), st.sampled_from([*PLACES]), keys, statuses)
def test_no_secret_of_the_variables_is_shown_whatever_the_vendor_repeats(data, place, key, status):
    assume(key == key.strip() and not key.isdigit())
    shown = told(data.draw(any_answer(ways(key))), PLACES[place](key), status)
    assert '"HTTP status": ' in shown
    assert_hidden(shown, key)
    assert leaks(shown, [key]) == []


@few
@given(st.data(), st.sampled_from([*VENDORS]), names, statuses)
def test_only_the_shape_of_an_answer_is_shown(data, vendor, name, status):
    paths = {
        "REST_STATUS_PATH": data.draw(st.sampled_from(["status", "state", "data.name", "@"])),
        "REST_REASON_PATH": data.draw(st.sampled_from(["detail", "data.detail || name", "@"])),
        "REST_ID_PATH": data.draw(st.sampled_from(["", "id", "customer.id"])),
    }
    answer = data.draw(any_answer(st.just(name)))
    shown = told(answer, paths, status, vendor=vendor)
    assert f'"HTTP status": {status}' in shown
    assert bare(name) not in bare(shown)


@few
@given(st.data(), names | keys, statuses)
def test_the_subscriptions_id_is_not_shown(data, subscription_id, status):
    assume(subscription_id == subscription_id.strip() and len(bare(subscription_id)) > 5)
    pattern = data.draw(st.sampled_from([{}, {"SUBSCRIPTION_ID_PATTERN": "[^/]*"}]))
    answer = data.draw(documents(ways(subscription_id)))
    shown = told(answer, pattern, status, subscription_id=subscription_id)
    assert_hidden(shown, subscription_id, least=len(bare(subscription_id)))


@few
@given(st.sampled_from([*OWN_VENDORS]), names | keys)
def test_no_variable_is_quoted_whatever_it_holds(vendor, value):
    given = {each.name: value for each in declared_variables(OWN_VENDORS)}
    overrides = {"PRD-1": given, value: given, "PRD-2": {value: value}}
    for more in ({}, {"PRODUCT_OVERRIDES": json.dumps(overrides), "NOTES": "off"}):
        shown = asyncio.run(told_of({**given, "VENDOR": vendor, **more}))
        assert bare(value) not in bare(shown)


# Marked words everywhere, in the command.


@pytest.fixture
def words():
    return Words()


def marked_all_over(value: Any, words: Words, place: str = "request") -> Any:
    """The same value with a word instead of each text, and one more member in each object."""
    if isinstance(value, dict):
        found = {key: marked_all_over(each, words, f"{place}.{key}") for key, each in value.items()}
        return {**found, words.new(f"{place}: a name"): words.new(f"{place}: a member")}
    if isinstance(value, list):
        return [marked_all_over(each, words, place) for each in value]
    return words.new(place) if isinstance(value, str) else value


def mark_request(sandbox: Sandbox, request_id: str, words: Words, *, is_sound: bool) -> None:
    """Mark a request except for the fields that list it and, if sound, those that are shown."""
    request = sandbox.connect.requests.by_id[request_id]
    marked = marked_all_over(json.loads(json.dumps(request)), words)
    kept = ("id", "type", "created", *(("status", "updated") if is_sound else ()))
    marked |= {name: request[name] for name in kept}
    if is_sound:
        marked["asset"]["product"]["id"] = request["asset"]["product"]["id"]
    request.clear()
    request |= marked


def leave_notes(sandbox: Sandbox, request_id: str, words: Words) -> None:
    """Notes from our own account and messages to partners, with words in the texts and the tags."""
    for tag in ("[connect-ext held {}]", "{} [connect-ext waiting refused]", "[connect-ext {} x]"):
        for kind in ("private", "message"):
            word = words.new("note")
            texts = (word, word.encode().hex(), base64.b64encode(word.encode()).decode())
            text = " ".join([*texts, tag.format(words.new("tag"))])
            sandbox.connect.conversations.add(request_id, text, kind, VENDOR)


async def test_marked_words_in_any_input_are_not_shown(tmp_path, words):
    vendor = LocalVendor(api_key=words.new("the key"))
    async with Sandbox(vendor=vendor) as sandbox:
        for is_sound in (True, False):
            request_id = sandbox.cancel()
            leave_notes(sandbox, request_id, words)
            mark_request(sandbox, request_id, words, is_sound=is_sound)
        key = words.new("the id of the subscription")
        vendor.add(key)
        command = Diagnostics(tmp_path, surroundings_of(sandbox))
        command.environment |= {
            name: f"https://{words.new(name)}.example" for name in ("HTTP_PROXY", "NO_PROXY")
        }
        variables = {
            **vendor.variables(),
            "REST_HEADERS": json.dumps({"X-Tenant": words.new("header")}),
            "REST_CANCEL_BODY": json.dumps({"by": words.new("body")}),
            "REST_CANCEL_REQUEST": f"POST /{words.new('path')}/{{subscription_id}}",
            "SUBSCRIPTION_ID_PARAMETER": words.new("parameter"),
            words.new("a name").upper(): words.new("an unknown one"),
            "PRODUCT_OVERRIDES": json.dumps({"PRD-7": {"REST_API_KEY": words.new("override")}}),
        }
        path = command.file(
            "".join(f"{name}={value}\n" for name, value in variables.items()),
            f"{words.new('the name of the file')}.env",
        )
        ran = await command.run(path, key, "--output", "ticket.json")
        of_requests = ran.document["cancel requests"]
    assert ran.document["check"]["outcome"] == "cancel"
    assert [each["last report"]["kind"] for each in of_requests["newest"][:2]] == ["waiting"] * 2
    assert words.shown_in(ran.all) == []
    assert leaks(ran.all, words.all) == []


async def test_marked_words_in_errors_from_connect_and_the_vendor_are_not_shown(tmp_path, words):
    async with Sandbox() as sandbox:
        sandbox.cancel("SUB-0")
        sandbox.vendor.add("SUB-1")
        command = Diagnostics(tmp_path, surroundings_of(sandbox))
        places = {"accounts": sandbox.connect, "requests": sandbox.connect}
        places |= {"conversations": sandbox.connect, "subscriptions": sandbox.vendor}
        faults = {place: [*answers(words, place)] for place in places}
        for number, at_once in enumerate(zip(*faults.values(), strict=True)):
            for (place, side), fault in zip(places.items(), at_once, strict=True):
                # Without an account, nothing is read from Connect.
                if place != "accounts" or number % 3 == 0:
                    side.faults.add("GET", f"/{place}", fault)
            output = ("--output", f"{number}.json")
            ran = await command.run(sandbox.vendor.variables(), "SUB-1", *output)
            assert words.shown_in(ran.all) == []
            assert leaks(ran.all, words.all) == []
            for side in places.values():
                side.faults.clear()
    assert number > 5


async def test_connects_own_words_about_itself_are_not_shown(tmp_path, words):
    headers = {"Connect-Version": words.new("version"), "Date": words.new("date")}
    async with Sandbox() as sandbox:
        sandbox.connect.faults.add("GET", "/accounts", Respond(200, b"[]", headers=headers))
        command = Diagnostics(tmp_path, surroundings_of(sandbox))
        ran = await command.run({"VENDOR": "stripe"})
    assert ran.document["Connect"]["version"].startswith("not given")
    assert ran.document["Connect"]["seconds that its clock is ahead of ours"] is None
    assert words.shown_in(ran.all) == []
