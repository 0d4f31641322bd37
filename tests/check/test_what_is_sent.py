"""A check shows the very calls that are sent, byte for byte except for the masks."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from connect_ext.check.report import ShownRequest
from connect_ext.portal.secret import MASK
from connect_ext.vendors.zuora.api import KEY
from connect_ext.vendors.zuora_soap.vendor import DRAFT
from tests.check.trying import Person, cancelled, tried
from tests.http.servers import WebServer, web_server
from tests.http.vendors import answers
from tests.presets.stand_ins import STAND_INS
from tests.presets.vendors import serving

# httpx and aiohttp add these; they only say where the call goes and how long it is.
OF_THE_EXCHANGE = ("host", "content-length")
MASKS = (MASK, KEY, DRAFT)
# Up to version 68, Zuora's SOAP API gets the time of the call instead of a day.
TIME_OF_DAY = re.compile(r"(?<=T)\d\d:\d\d:\d\d(?=\+00:00)")


def is_the_same(shown: str, sent: str) -> bool:
    """Whether a text equals what was sent, except for its masks."""
    parts = re.split("|".join(map(re.escape, MASKS)), shown)
    return re.fullmatch(".+?".join(map(re.escape, parts)), sent, re.DOTALL) is not None


def with_masks(shown: ShownRequest) -> ShownRequest:
    """A value from the vendor's answer is shown by its name."""

    def masked(text: str) -> str:
        return re.sub(r'"?REST_LOOKED_UP\.[a-z_]+"?', MASK, text)

    headers = tuple((name, masked(value)) for name, value in shown.headers)
    return replace(shown, url=masked(shown.url), headers=headers, body=masked(shown.body))


def assert_sent(requests, seen, base=""):
    """The vendor got exactly the requests that were shown."""
    assert len(requests) == len(seen) > 0
    for request, (method, path, headers, body) in zip(requests, seen, strict=True):
        shown = with_masks(request)
        assert (shown.method, is_the_same(shown.url, base + path)) == (method, True)
        assert is_the_same(shown.body, body), body
        own = {k.lower(): v for k, v in headers if k.lower() not in OF_THE_EXCHANGE}
        told = {name.lower(): value for name, value in shown.headers}
        assert told.keys() == own.keys()
        assert [k for k in told if not is_the_same(told[k], own[k])] == []


def changes(server: WebServer):
    return [
        (s.method, s.path, s.headers, s.body.decode()) for s in server.seen if s.method != "GET"
    ]


REST = [
    {"REST_AUTH": "bearer"},
    {"REST_AUTH": "header:X-Api-Key"},
    {"REST_AUTH": "basic:"},
    {"REST_AUTH": "none"},
    {"REST_HEADERS": '{"X-A": "{asset_id}", "Accept": "text/json"}'},
    {"REST_SECRET_HEADERS": '{"X-Key": "Bearer abc-4711-xyz"}'},
    {"REST_CANCEL_BODY": '{"id": "{subscription_id}", "for": "ü {request_uuid}", "n": [1]}'},
    {"REST_CANCEL_BODY": '{"a": {"b": ["{request_id}"]}, "c": true}', "REST_BODY_FORMAT": "form"},
    {"REST_CANCEL_REQUEST": "DELETE /s/{subscription_id}?on={effective_date}&api_key=s3cr3t-key-9"},
    {"REST_CANCEL_REQUEST": "PUT /t/{parameter:tenant}/{subscription_id}"},
    {"REST_IDEMPOTENCY_HEADER": "X-Once: {request_uuid}"},
    {"REST_IDEMPOTENCY_HEADER": ""},
    {
        "REST_LOOKED_UP": '{"version": "meta.v", "all": "meta"}',
        "REST_CANCEL_REQUEST": "PUT /s/{subscription_id}?v={version}",
        "REST_CANCEL_BODY": '{"v": "{version}", "text": "v{version}", "all": "{all}"}',
        "REST_HEADERS": '{"If-Match": "v{version}"}',
    },
]


@pytest.mark.parametrize("variables", REST, ids=lambda each: " ".join(each.values())[:40])
async def test_a_rest_vendor_gets_the_shown_calls(variables):
    async with web_server(answers({"status": "active", "meta": {"v": 7}})) as server:
        given = {"REST_API_URL": f"{server.url}/v1", "REST_API_KEY": "k3y-of-the-vendor-31415"}
        person, tenant = Person(), (("tenant", "Łódź & Söhne"),)
        await cancelled({**given, **variables}, "S=7@y", person, wait_seconds=0, parameters=tenant)
    [asked] = person.asked
    assert_sent(asked.requests, changes(server), server.url)


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.vendor)
async def test_a_presets_vendor_gets_the_shown_calls(stand_in):
    async with serving(stand_in()) as server:
        for date in ("immediate", *server.later_dates):
            held, person = server.add(), Person()
            await cancelled({**server.variables(), "CANCELLATION_DATE": date}, held.id, person)
            [asked], [seen] = person.asked, server.changes(held.id)
            call = (seen.method, seen.path, seen.headers.items(), seen.body.decode())
            assert_sent(asked.requests, [call], server.url)


async def test_zuoras_orders_get_the_shown_calls(orders):
    number, person = orders.add().number, Person()
    await cancelled(orders.variables(), number, person)
    [asked] = person.asked
    made = [call for call in orders.calls if call.path == "/v1/orders"]
    seen = [(call.method, call.path, call.headers.items(), call.body) for call in made]
    assert_sent(asked.requests, seen, orders.url)


@pytest.mark.parametrize("version", ["19.0", "27.0", "78.0"])
async def test_zuoras_soap_gets_the_shown_calls(zuora, version):
    name, person = zuora.add().name, Person()
    await cancelled(zuora.variables(version), name, person)
    [asked] = person.asked
    changing = ("create", "update", "amend")
    made = [call.envelope for call in zuora.calls if call.operation in changing]
    assert [each.method for each in asked.requests] == ["POST"] * len(made)
    for shown, envelope in zip(asked.requests, made, strict=True):
        told, sent = (TIME_OF_DAY.sub("now", each) for each in (shown.body, envelope))
        assert is_the_same(told, sent)
        assert ("SOAPAction", '""') in shown.headers


async def test_a_check_without_the_question_shows_the_same_except_for_the_requests_id(vendor):
    vendor.add("SUB-1")
    body = json.dumps({"request_id": "{request_id}", "asset_id": "{asset_id}"})
    variables = {**vendor.variables(), "REST_CANCEL_BODY": body}
    one, other = [await tried(variables, "SUB-1") for _ in range(2)]
    [first], [second] = one.requests, other.requests
    request_id = dict(first.headers)["Idempotency-Key"]
    assert re.fullmatch(r"PR-\d{4}-\d{4}-\d{4}-001", request_id)
    assert request_id in first.body
    assert first != second
    another = dict(second.headers)["Idempotency-Key"]
    assert repr(first).replace(request_id, another) == repr(second)
