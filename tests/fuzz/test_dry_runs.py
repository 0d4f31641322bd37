"""A dry run's note shows the call as it would be sent, and none of its secrets.

The tests read the note in every way a person could: as it is, and without the escapes of addresses,
forms and JSON.
"""

import asyncio
import json
import re
import string
from dataclasses import replace
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from connect_ext.cancelling.case import Case
from connect_ext.cancelling.dry_run import foreseen
from connect_ext.cancelling.observing import Observer
from connect_ext.cancelling.steps import Cancel, Undo
from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.api import PENDING, REVOKING, ConnectApi
from connect_ext.http.budget import Budget
from connect_ext.portal.secret import Secret
from connect_ext.portal.segments import leads_up
from connect_ext.shared_state import Memory, SharedState
from connect_ext.vendors.base import SubscriptionStatus
from connect_ext.vendors.rest.dates import ShownSubscription
from tests.http.vendors import rest_vendor
from tests.leaks import bare
from tests.unit.builders import NOW, cancel_request, configuration

URL = "https://vendor.example/v1"
ID = "ACME:S=7@y"
NAME = "Müller & Söhne"
TIERS = {"customer": {"name": NAME, "external_id": "ACME", "contact_info": {"city": "Łódź"}}}
STEPS = {PENDING: Cancel(), REVOKING: Undo()}
WAYS = {PENDING: "CANCEL", REVOKING: "UNDO"}

LETTERS = string.ascii_letters + string.digits
SIGNS = "-_.~+/=$!%&?#:;,'\"\\<>|^` "
WIDE = "éßÅ王😀ﬃİ"

keys = st.builds(
    "{}{}{}".format,
    st.text(st.sampled_from(LETTERS), min_size=3, max_size=8),
    st.text(st.sampled_from(LETTERS + SIGNS), min_size=4, max_size=24),
    st.text(st.sampled_from(LETTERS), min_size=3, max_size=8),
).filter(lambda key: len(bare(key)) >= 10 and "subscription" not in bare(key))
"""Secrets that fit into a header and do not occur in a note's own words."""

passwords = st.builds(
    "{}{}{}".format, keys, st.text(st.sampled_from(WIDE + SIGNS), max_size=6), keys
).map(str.strip)
"""Secrets that fit into a body."""


def escaped_everywhere(text):
    return "".join(f"%{byte:02x}" for byte in text.encode())


def in_json(text):
    return json.dumps(text)[1:-1]


escapes = st.sampled_from(
    [quote_plus, quote, lambda text: quote(text, safe=""), escaped_everywhere]
)
forms = st.sampled_from(["json", "form"])
statuses = st.sampled_from([PENDING, REVOKING])


def written(
    status,
    request="POST /subscriptions/{subscription_id}/x",
    body=None,
    *,
    looked_up=None,
    parameters=(),
    **variables,
):
    """The note of a dry run for a request in this status.

    ``looked_up``: the values that a look found for the names of ``REST_LOOKED_UP``; ``parameters``:
    the values of further fulfillment parameters.
    """
    way = WAYS[status]
    values = {
        f"REST_{way}_REQUEST": request,
        f"REST_{way}_BODY": json.dumps(body or {}),
        "REST_API_URL": URL,
        "REST_LOOKED_UP": json.dumps(dict.fromkeys(looked_up or {}, "@")),
        **variables,
    }
    settings = configuration(**values).default
    parameter = {"id": "subscription_id", "value": ID}
    more = [{"id": name, "value": value} for name, value in dict(parameters).items()]
    data = cancel_request(parameter, *more, status=status)
    data._asset["tiers"] = TIERS
    vendor = rest_vendor(None, values.pop("REST_API_URL"), **values)
    shared = SharedState(now=lambda: NOW)
    connect = ConnectApi(None, AccountState(AccountKey("", Secret(""))))
    case = Case(data, settings, connect, vendor, shared, Memory(), Budget(1e9, ""))
    observer = Observer(case)
    shown = ShownSubscription(SubscriptionStatus.ACTIVE, looked_up=looked_up or {})
    evidence = replace(observer.at_first(), shown=shown)
    step = asyncio.run(foreseen(case, observer, STEPS[status], evidence))
    return step.what


def readings(text):
    """All readings of the text, in one case and without signs."""
    found = [text]
    for _ in range(4):
        found += [unquote_plus(each) for each in found[-3:]]
        found += [re.sub(r"(?:\\u[0-9a-f]{4})+", _of_json, each) for each in found[-3:]]
    return "\n".join(map(bare, dict.fromkeys(found)))


def _of_json(found):
    return json.loads(f'"{found[0]}"')


def assert_hidden(note, secret, least=12):
    """No reading of the note shows this much of the secret."""
    shown, bones = readings(note), bare(secret)
    least = min(least, len(bones))
    parts = {bones[start : start + least] for start in range(len(bones) - least + 1)}
    assert [part for part in parts if part in shown] == []


def assert_exact(note, status):
    """The note still names the call and the subscription."""
    assert "This would be sent: POST " in note
    assert ID in note or quote(ID, safe="") in note, note


@given(
    statuses,
    forms,
    passwords,
    st.sampled_from(["token", "password", "pwd", "client_secret", "apiKey", "sig", "sessionId"]),
)
@example(PENDING, "json", "clé-secrète-du-client", "password")
@example(PENDING, "form", 'pa"ss+wo/rd=&7 and more', "password")
@example(REVOKING, "form", "correct horse battery staple", "password")
def test_no_key_in_a_body_is_shown(status, form, password, name):
    body = {"reason": "customer", name: password, "list": [{"id": "{subscription_id}"}]}
    note = written(status, body=body, REST_BODY_FORMAT=form)
    assert_hidden(note, password)
    assert_exact(note, status)
    assert "customer" in note


@given(statuses, forms, keys, escapes, st.booleans())
@example(PENDING, "form", "abc+/7hg==wxyz", quote_plus, True)
def test_no_credential_is_shown_wherever_else_it_was_put(status, form, key, escape, in_path):
    assume("#" not in escape(key) and key == key.strip())
    request = "POST /subscriptions/{subscription_id}/x"
    body = {"reason": f"it is {key}!", "more": [in_json(key), escape(key)]}
    if in_path:
        assume(re.fullmatch("[!-~]*", escape(key)) and "/.." not in f"/{escape(key)}")
        request += f"/{escape(key)}?from={escape(key)}"
    note = written(status, request, body, REST_BODY_FORMAT=form, REST_API_KEY=key)
    assert_hidden(note, key)
    assert_exact(note, status)


@given(statuses, keys, escapes)
def test_no_key_in_an_address_is_shown(status, key, escape):
    key = f"{key}7"
    assume("/" not in escape(key) and "&" not in escape(key) and "?" not in escape(key))
    assume(re.fullmatch("[!-~]*", escape(key)) and "#" not in escape(key))
    request = (
        f"POST /subscriptions/{{subscription_id}}/x?a=b&sig_key={escape(key)}&c={{request_id}}"
    )
    url = f"{URL}/{escape(key)}/hooks"
    note = written(status, request, {"id": "{subscription_id}"}, REST_API_URL=url)
    assert_hidden(note, key)
    assert_exact(note, status)


@pytest.mark.parametrize("status", [PENDING, REVOKING])
@pytest.mark.parametrize("form", ["json", "form"])
def test_no_key_is_shown_beside_a_placeholder_or_inside_a_secret_member(status, form):
    body = {
        "credentials": {"user": "hugin-and-munin", "pin": 4711081547},
        "token": "Bearer ymir-of-the-giants",
        "signature": "{request_id}ratatoskr-{subscription_id}",
    }
    request = "POST /x/{subscription_id}?api_key={request_id}yggdrasil"
    note = written(status, request, body, REST_BODY_FORMAT=form)
    for secret in ("hugin-and-munin", "4711081547", "ymir-of-the-giants", "ratatoskr", "yggdrasil"):
        assert_hidden(note, secret)
    assert_exact(note, status)


@given(statuses, forms, st.sampled_from([str, str.upper, in_json, quote_plus]))
def test_the_id_is_shown_but_no_personal_data_of_the_request(status, form, written_as):
    body = {"note": f"for {written_as(NAME)}, {written_as('Łódź')}", "id": "{subscription_id}"}
    note = written(status, body=body, REST_BODY_FORMAT=form)
    assert_hidden(note, NAME)
    assert "Łódź" not in note
    assert "lodz" not in readings(note)
    assert quote(ID, safe="") in note


@given(statuses, forms, passwords, st.sampled_from([str, lambda text: {"of": [text, {"a": 1}]}]))
@example(PENDING, "json", "Frau Müller, Tel. 0170 4711081", str)
def test_values_from_the_vendor_are_shown_only_by_name(status, form, text, written_as):
    """A vendor's answer may hold anybody's data, or a key."""
    value = written_as(text)
    body = {"id": "{subscription_id}", "whole": "{found}", "reason": "customer"}
    if isinstance(value, str):
        body["within"] = "as of {found}"
    elif form == "form":
        body["whole"] = "customer"
    looked_up = {"found": value, "other": {"secret": text}}
    note = written(status, body=body, looked_up=looked_up, REST_BODY_FORMAT=form)
    assert_hidden(note, text)
    assert_exact(note, status)
    assert "customer" in note
    if body["whole"] == "{found}":
        assert "REST_LOOKED_UP.found" in note


@pytest.mark.parametrize("status", [PENDING, REVOKING])
def test_a_whole_body_and_a_part_of_a_path_are_shown_by_their_names(status):
    way = WAYS[status]
    looked_up = {"resource": {"id": ID, "email": "jane@acme.example"}, "version": 4711081547}
    request = "POST /subscriptions/{subscription_id}/{version}"
    whole = {f"REST_{way}_BODY": '"{resource}"'}
    note = written(status, request, looked_up=looked_up, **whole)
    call = f"{URL}/subscriptions/{quote(ID, safe='')}/REST_LOOKED_UP.version"
    assert note.endswith(f'{call} with the body "REST_LOOKED_UP.resource"')


@given(statuses, forms, passwords)
@example(PENDING, "form", "ACME Größe & Söhne=7")
# The value contains a lookalike of another escape than the one around it.
@example(PENDING, "json", "0000001%000Å0000000000")
@example(REVOKING, "json", "Größe %41 der Söhne")
@example(PENDING, "form", "Gr\\u00f6\\u00dfe der Söhne")
@example(REVOKING, "form", "Söhne &amp; Größe")
def test_no_parameter_of_the_request_is_shown(status, form, text):
    """They may be the customer's data, which Connect shows to people who may see it."""
    assume(len(bare(text)) >= 12)
    body = {"id": "{subscription_id}", "of": "{parameter:customer}", "in": "-{parameter:customer}-"}
    request = "POST /customers/x/subscriptions/{subscription_id}?of={parameter:customer}"
    parameters = {"customer": text}
    assume(len(text) <= 255 and text.isprintable() and not leads_up(text))
    note = written(status, request, body, parameters=parameters, REST_BODY_FORMAT=form)
    assert_hidden(note, text)
    assert_exact(note, status)


def test_a_dry_run_without_secrets_shows_the_whole_call():
    body = {"reason": 'Größe "10"', "on": "{effective_date}", "n": [1, True, None]}
    note = written(PENDING, "DELETE /s/{subscription_id}?at=now", body)
    said = json.dumps({**body, "on": "2026-03-02"})
    call = f"DELETE {URL}/s/ACME%3AS%3D7%40y?at=now with the body {said}"
    assert note.endswith(f"This would be sent: {call}")
