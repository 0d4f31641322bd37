"""A check walks like a request: each outcome, and each failure with the variable to look at."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.faults import Delay, Respond, empty_body, html_page, redirect
from tests.check.trying import everything_told, tried
from tests.http.servers import web_server
from tests.http.vendors import answers
from tests.presets.stand_in import Held
from tests.presets.stand_ins import STAND_INS
from tests.presets.vendors import serving

HELD, WAITS = "The request would be held: ", "The request would wait: "

each_preset = pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.vendor)


def in_one_line(report, outcome, *parts):
    """The decision; one line says all of these."""
    assert (report.outcome, report.would_be_approved) == (outcome, False), report.decision
    assert "\n" not in report.decision
    for part in parts:
        assert part in report.decision


# States of the subscription.


@pytest.mark.parametrize(
    ("status", "outcome", "is_good"),
    [
        ("active", "cancel", True),
        ("cancelled", "approve", True),
        ("cancelling", "wait", False),
        ("draft", "reject", False),
    ],
)
async def test_each_status_has_its_outcome_and_nothing_is_changed(vendor, status, outcome, is_good):
    vendor.add("SUB-1", status=status)
    report = await tried(vendor.variables(), "SUB-1")
    assert (report.outcome, report.would_be_approved) == (outcome, is_good)
    assert {call.method for call in vendor.calls} == {"GET"}
    assert not report.was_sent


async def test_a_subscription_that_ends_later_is_scheduled_or_approved(vendor):
    vendor.add("SUB-1", status="ends_later", ends_at="2031-01-01")
    variables = {**vendor.variables(), **vendor.variables_for_later_ends()}
    now = await tried(variables, "SUB-1")
    later = await tried({**variables, "WHEN_EFFECTIVE_LATER": "schedule"}, "SUB-1")
    assert (now.outcome, later.outcome) == ("approve", "schedule")
    assert now.subscription == "The subscription is cancelled, and ends on 2031-01-01."
    assert later.would_be_approved


async def test_the_answer_is_explained_and_its_shape_has_no_values(vendor):
    vendor.add("SUB-1", term_ends="2031-01-01")
    variables = {**vendor.variables(), "REST_TERM_END_PATH": "term_ends", "REST_ID_PATH": "id"}
    report = await tried(variables, "SUB-1")
    [call] = report.calls
    assert (call.status, call.shape) == (200, ("id, status, term_ends: text",))
    assert [f"{f.variable} {f.found}" for f in call.findings] == [
        "REST_ID_PATH finds the id that was asked for",
        "REST_STATUS_PATH finds the status 'active', which is in REST_ACTIVE_VALUES",
        "REST_TERM_END_PATH finds the day 2031-01-01",
    ]


async def test_an_unknown_id_is_looked_up_twice_and_reported_once(vendor):
    report = await tried(vendor.variables(), "NOBODY")
    in_one_line(report, "hold", HELD, "REST_STATUS_REQUEST got HTTP 404", "REST_API_URL")
    assert len(report.calls) == 2
    assert "(REST_STATUS_REQUEST), 2 times" in everything_told(report)


# Mistakes in the variables.


async def test_a_wrong_key(vendor):
    vendor.add("SUB-1")
    report = await tried({**vendor.variables(), "REST_API_KEY": "not-the-key"}, "SUB-1")
    in_one_line(report, "wait", WAITS, "HTTP 401", "REST_API_KEY")


async def test_a_wrong_secret_of_the_oauth_client(oauth):
    report = await tried({**oauth.variables(), "REST_OAUTH_CLIENT_SECRET": "not-it"}, "SUB-1")
    in_one_line(report, "wait", "HTTP 401", "check REST_OAUTH_CLIENT_ID and REST_OAUTH_CLIENT_SECR")
    assert {call.name for call in report.calls} == {"the token request (REST_OAUTH_TOKEN_URL)"}


async def test_a_missing_audience(unseen):
    unseen.add("C-1")
    report = await tried({**unseen.variables(), "REST_OAUTH_EXTRA": "{}"}, "C-1")
    in_one_line(report, "wait", "HTTP 403", "check REST_OAUTH_SCOPE and REST_OAUTH_EXTRA")


async def test_a_closed_port(vendor):
    await vendor.stop()
    report = await tried(vendor.variables(), "SUB-1")
    in_one_line(report, "wait", "nothing listens there; check REST_API_URL")


async def test_a_closed_port_for_the_token(oauth):
    variables = {**oauth.variables(), "REST_OAUTH_TOKEN_URL": "http://127.0.0.1:9/token"}
    report = await tried(variables, "SUB-1")
    in_one_line(report, "wait", "nothing listens there; check REST_OAUTH_TOKEN_URL")


@pytest.mark.parametrize(
    ("fault", "parts"),
    [
        (html_page(), ("REST_STATUS_REQUEST got an answer that is not JSON: check REST_API_URL",)),
        (empty_body(), ("not JSON: check REST_API_URL",)),
        (html_page(404), ("got HTTP 404 without JSON: check REST_API_URL and the path here",)),
        (redirect("https://elsewhere.example/"), ("HTTP 302", "check REST_API_URL")),
        (Respond(405), ("HTTP 405", "REST_STATUS_REQUEST", "check the method, the path")),
        (Respond(503), ("HTTP 503", "Try again later")),
        (Respond(429), ("HTTP 429", "Try again later")),
        (Delay(30), ("gave no answer within 1 s (VENDOR_TIMEOUT_SECONDS)",)),
    ],
    ids=["HTML", "nothing", "404 of another server", "302", "405", "503", "429", "slow"],
)
async def test_an_answer_that_does_not_help(vendor, fault, parts):
    vendor.add("SUB-1")
    vendor.faults.add("GET", "", fault)
    report = await tried({**vendor.variables(), "VENDOR_TIMEOUT_SECONDS": "1"}, "SUB-1")
    in_one_line(report, "hold" if "404" in parts[0] else "wait", *parts)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("status", "the answer has the key data; correct the path"),
        ("data.attribute.lifecycle.state", "data has attributes but no attribute"),
        ("data.attributes.lifecycle.stat", "data.attributes.lifecycle has state but no stat"),
        ("nope || data.attributes.nope", "has the keys lifecycle, term, billing; correct"),
        ("data.attributes.lifecycle", "finds an object, not a text"),
    ],
)
async def test_a_path_that_leads_nowhere_says_where_it_stops(unseen, path, said):
    unseen.add("C-1")
    report = await tried({**unseen.variables(), **LOOK, "REST_STATUS_PATH": path}, "C-1")
    in_one_line(report, "wait", f"{WAITS}REST_STATUS_PATH finds", said)
    assert any("--suggest" in hint for hint in report.look_at)


LOOK = {"REST_STATUS_REQUEST": "GET /v2/contracts/{subscription_id}"}


async def test_a_word_in_no_list_is_named_with_the_list_that_lacks_it(unseen):
    unseen.add("C-1", state="TERMINATING")
    unseen.add("C-2", state="FROZEN")
    path = "data.attributes.lifecycle.state"
    variables = {**unseen.variables(), **LOOK, "REST_STATUS_PATH": path}
    variables["REST_CANCELLING_VALUES"] = "cancelling"
    report = await tried(variables, "C-1")
    in_one_line(
        report, "wait", "the status 'TERMINATING'", "add it to REST_CANCELLING_VALUES, going by"
    )
    report = await tried(variables, "C-2")
    in_one_line(report, "wait", "'FROZEN'", "REST_ACTIVE_VALUES, ", "or REST_DRAFT_VALUES")


@pytest.mark.parametrize(
    ("subscription_id", "outcome", "part"),
    [
        ("no id", "hold", "SUBSCRIPTION_ID_PATTERN"),
        ("../x", "hold", "SUBSCRIPTION_ID_PATTERN"),
        ("", "reject", "'subscription_id'"),
        ("  ", "reject", "is blank"),
    ],
)
async def test_an_impossible_id_calls_nobody(vendor, subscription_id, outcome, part):
    report = await tried(vendor.variables(), subscription_id)
    in_one_line(report, outcome, part)
    assert vendor.calls == []


async def test_all_mistakes_are_reported_and_nobody_is_called(vendor):
    variables = {**vendor.variables(), "NOTES": "loud", "REST_STATUS_PATH": "a b c"}
    report = await tried(variables, "SUB-1")
    in_one_line(report, "undecided", "until the variables are corrected")
    assert [each.partition(" ")[0] for each in report.mistakes] == ["NOTES", "REST_STATUS_PATH"]
    assert vendor.calls == []


async def test_a_missing_parameter_is_named_with_the_option_that_gives_it(vendor):
    vendor.add("SUB-1")
    variables = {**vendor.variables(), "REST_HEADERS": '{"X-Tenant": "{parameter:tenant}"}'}
    report = await tried(variables, "SUB-1")
    in_one_line(report, "wait", "no fulfillment parameter 'tenant'", "{parameter:tenant}")
    assert any("--parameter tenant=VALUE" in hint for hint in report.look_at)
    report = await tried(variables, "SUB-1", parameters=(("tenant", "blauwal"),))
    assert report.would_be_approved
    assert vendor.calls[-1].headers["X-Tenant"] == "blauwal"
    assert ("X-Tenant", "[…]") in report.requests[0].headers


async def test_under_dry_run_no_request_would_be_approved(vendor):
    vendor.add("SUB-1")
    report = await tried({**vendor.variables(), "DRY_RUN": "true"}, "SUB-1")
    in_one_line(report, "cancel", "As long as DRY_RUN is true, nothing is sent")
    assert report.requests


async def test_if_the_vendor_cannot_be_asked_nothing_is_verified(vendor):
    vendor.add("SUB-1")
    report = await tried({**vendor.variables(), "REST_STATUS_REQUEST": ""}, "SUB-1")
    in_one_line(report, "cancel", "Nothing is verified.", "(REST_STATUS_REQUEST is empty)")
    assert vendor.calls == []
    assert [each.method for each in report.requests] == ["POST"]


async def test_unknown_variables_and_those_of_another_vendor_are_reported(vendor):
    vendor.add("SUB-1")
    strange = {"REST_STATUS_PTH": "x.y", "SOMETHING": "else", "ZUORA_CLIENT_ID": "abc"}
    report = await tried({**vendor.variables(), **strange}, "SUB-1")
    assert report.unknown_names == ("REST_STATUS_PTH", "SOMETHING")
    assert report.unused_names == ("ZUORA_CLIENT_ID",)
    assert report.look_at == (
        "REST_STATUS_PTH is not a variable of the extension: did you mean REST_STATUS_PATH?",
        "SOMETHING is not a variable of the extension.",
    )
    assert report.would_be_approved


async def test_a_products_overrides_apply_only_to_it(vendor):
    vendor.add("SUB-1", status="frozen")
    overrides = '{"PRD-1-1": {"REST_ACTIVE_VALUES": "frozen"}}'
    variables = {**vendor.variables(), "PRODUCT_OVERRIDES": overrides}
    report = await tried(variables, "SUB-1", product_id="PRD-1-1")
    assert report.would_be_approved
    origins = {each.variable.name: each.origin.value for each in report.variables}
    assert origins["REST_ACTIVE_VALUES"] == "override"
    assert origins["REST_API_URL"] == "set"
    assert origins["REST_DRAFT_VALUES"] == "initial value"
    assert not (await tried(variables, "SUB-1", product_id="PRD-2-2")).would_be_approved


# Other vendors.


@each_preset
async def test_a_preset_needs_an_address_and_a_key_and_names_the_source_of_its_values(stand_in):
    async with serving(stand_in()) as server:
        held = server.add()
        report = await tried(server.variables(), held.id)
        assert report.would_be_approved, report.decision
        assert held.cancellations == 0
        assert server.changes(held.id) == []
    origins = {each.variable.name: each.origin.value for each in report.variables}
    assert origins["REST_STATUS_REQUEST"] == "preset"
    assert report.requests


@each_preset
async def test_a_preset_names_the_keys_permissions_and_an_unknown_id(stand_in):
    async with serving(stand_in()) as server:
        held = server.add()
        wrong = await tried({**server.variables(), **server.wrong_credentials()}, held.id)
        nobody = await tried(server.variables(), Held(server.new_id(10**6)).id)
    in_one_line(wrong, "wait", "REST_")
    assert wrong.look_at, "the permissions that the key needs"
    in_one_line(nobody, "hold")


async def test_zuoras_orders(orders):
    number = orders.add().number
    report = await tried(orders.variables(), number)
    assert report.would_be_approved
    assert report.subscription == "The subscription is active."
    assert "According to Zuora's preview" not in everything_told(report), (
        "an amount is a customer's"
    )
    assert orders.subscription(number).status == "Active"
    wrong = await tried({**orders.variables(), "ZUORA_CLIENT_SECRET": "not-it"}, number)
    in_one_line(wrong, "wait", "HTTP 401", "ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET")
    in_one_line(await tried(orders.variables(), "A-S09999999"), "hold", "ZUORA_API_URL")
    await orders.stop()
    in_one_line(await tried(orders.variables(), number), "wait", "check ZUORA_API_URL")


@pytest.mark.parametrize("version", ["19.0", "27.0", "78.0"])
async def test_zuoras_soap(zuora, version):
    name = zuora.add().name
    variables = zuora.variables(version)
    report = await tried(variables, name)
    assert report.would_be_approved
    assert len(report.requests) == (2 if version == "19.0" else 1)
    changing = {"create", "update", "amend", "delete"}
    assert changing.isdisjoint(call.operation for call in zuora.calls)
    assert any("XML of" in line for call in report.calls for line in call.shape)
    wrong = await tried({**variables, "ZUORA_PASSWORD": "not-it"}, name)
    in_one_line(wrong, "wait", "ZUORA_USERNAME and ZUORA_PASSWORD")
    in_one_line(await tried(variables, "A-S09999999"), "hold", "ZUORA_SOAP_URL")
    await zuora.stop()
    in_one_line(await tried(variables, name), "wait", "check ZUORA_SOAP_URL")


async def test_without_a_subscription_only_the_variables_are_reported(vendor):
    report = await tried(vendor.variables())
    in_one_line(report, "undecided", "name a subscription")
    assert len(report.variables) > 40
    assert vendor.calls == []


async def test_concurrent_checks_do_not_mix(vendor):
    for number in range(5):
        vendor.add(f"SUB-{number}")
    checks = [tried(vendor.variables(), f"SUB-{number}") for number in range(5)]
    reports = await asyncio.gather(*checks)
    assert [each.calls[0].url.rpartition("/")[2] for each in reports] == [
        f"SUB-{number}" for number in range(5)
    ]
    keys = {dict(each.requests[0].headers)["Idempotency-Key"] for each in reports}
    assert len(keys) == 5


async def test_proposals_are_shown_but_not_applied(unseen):
    contract = unseen.add("C-1")
    report = await tried({**unseen.variables(), **LOOK}, "C-1", suggest=True)
    assert [each.variable for each in report.suggestions][:1] == ["REST_STATUS_PATH"]
    assert (report.outcome, contract.terminations) == ("wait", 0)
    assert {method for method, path in unseen.seen if path != "/oauth/token"} == {"GET"}
    wrong = await tried(unseen.variables(), "C-1", suggest=True)
    assert {each.variable: each.value for each in wrong.suggestions} == {
        "REST_REASON_PATH": "errors[].detail"
    }


async def test_a_key_in_a_proposal_that_may_be_a_name_is_masked():
    document = {"data": {"Schmidt": {"id": "SUB-12345", "status": "live"}}}
    async with web_server(answers(document)) as server:
        variables = {"REST_API_URL": server.url, "REST_AUTH": "none"}
        report = await tried(variables, "SUB-12345", suggest=True)
    proposed = {each.variable: each.value for each in report.suggestions}
    assert proposed["REST_STATUS_PATH"] == "data.[…].status"
    assert any("put it in for […]" in hint for hint in report.look_at)
    assert "Schmidt" not in everything_told(report)
