"""Each section's text; one that fails leaves the others intact."""

from __future__ import annotations

import json
import platform
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

import pytest

from connect_ext.portal.settings import declared_variables
from sandbox.connect.environment import PARTNER_API_KEY
from sandbox.connect.objects import DISTRIBUTOR, VENDOR
from sandbox.faults import Respond, html_page
from tests.diagnostics.test_command import NOWHERE
from tests.unit.builders import OWN_VENDORS

NOT_READ = "They are not read: Connect does not answer, or does not let us in."


# Versions, and the process.


async def test_the_versions_are_the_running_ones(command):
    ran = await command.run(NOWHERE)
    found = ran.document["versions"]
    assert found["Python"] == platform.python_version()
    assert found["runner"] == version("connect-extension-runner")
    assert found["httpx"] == version("httpx")
    assert [name for name, each in found.items() if each == "not installed"] == []
    now = datetime.fromisoformat(ran.document["time"]["now"])
    assert abs(datetime.now(timezone.utc) - now) < timedelta(minutes=2)


async def test_the_process_section_shows_only_settings_that_are_set(command):
    command.environment |= {"API_KEY": "", "https_proxy": "http://user:word@proxy.example:1"}
    command.environment |= {"ENVIRONMENT_ID": "ENV-1000-2000-01", "SSL_CERT_DIR": "no-such-thing"}
    ran = await command.run(NOWHERE)
    found = ran.document["process environment"]
    assert {name for name, each in found.items() if each == "set"} == {
        "ENVIRONMENT_ID",
        "HTTPS_PROXY",
    }
    assert found["SSL_CERT_FILE"] == "set, and can be read"
    assert found["SSL_CERT_DIR"] == "set, but cannot be read"
    assert "proxy.example" not in ran.all


@pytest.mark.parametrize("name", ["no-such-file", ".", "vendor.env"])
async def test_unreadable_authorities_are_reported_and_stop_nothing(command, name):
    command.environment |= {"SSL_CERT_FILE": name}
    ran = await command.run(NOWHERE, "SUB-1")
    assert ran.document["process environment"]["SSL_CERT_FILE"] == (
        "set, but cannot be read as certificates; below, it counts as not set"
    )
    assert ran.document["check"]["outcome"] == "wait"


# Variables.


async def test_each_variable_is_shown_by_its_length_and_its_source(command):
    overrides = {"PRD-1-2": {"NOTES": "off", "DRY_RUN": True}, "PRD-3": {"NOTES": "message"}}
    variables = {
        "VENDOR": "stripe",
        "REST_API_KEY": " sk-0123456789 ",
        "DRY_RUN": "false",
        "SETTLE_MINUTES": "9",
        "ZUORA_PASSWORD": "abc",
        "PRODUCT_OVERRIDES": json.dumps(overrides),
    }
    ran = await command.run(variables, "--product", "PRD-3")
    found = ran.document["variables"]
    assert (found["vendor"], found["mistakes"]) == ("stripe", [])
    of_all = found["each"]
    assert of_all["VENDOR"] == "set, 6 characters"
    assert of_all["REST_API_KEY"] == "set, 13 characters, secure"
    assert of_all["DRY_RUN"] == "initial value"
    assert of_all["SETTLE_MINUTES"] == "set, 1 character"
    assert of_all["NOTES"] == "set for the product, 7 characters"
    assert of_all["REST_STATUS_PATH"] == "from the preset"
    assert of_all["ZUORA_PASSWORD"] == "set, 3 characters, without effect: another vendor's"
    assert found["set for products"] == {"PRD-1-2": ["DRY_RUN", "NOTES"], "PRD-3": ["NOTES"]}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("REST_STATUS_PTH", "REST_STATUS_PTH: did you mean REST_STATUS_PATH?"),
        ("MY_KEY", "MY_KEY"),
        ("BLAUWAL_URL", "a name of 11 characters"),
        ("ANNA_SCHMIDT", "a name of 12 characters"),
        ("AKIAIOSFODNN7EXAMPLE", "a name of 20 characters"),
        ("A1B2C3D4E5F60718", "a name of 16 characters"),
        ("my_key", "a name of 6 characters"),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "a name of 32 characters"),
    ],
)
async def test_an_unknown_name_is_shown_only_if_it_reads_like_one_of_ours(command, name, shown):
    ran = await command.run({**NOWHERE, name: "x"})
    assert ran.document["variables"]["unknown names"] == [shown]
    assert (name in ran.all) == (name in shown)


async def test_mistakes_are_reported_in_the_extensions_words_without_the_values(command):
    wrong = "Wrongmannova"
    given = {each.name: wrong for each in declared_variables(OWN_VENDORS)}
    of_rest = await command.run({**given, "VENDOR": "rest"})
    mistakes = of_rest.document["variables"]["mistakes"]
    assert "NOTES got a text of 12 characters; it takes private, message or off." in mistakes
    assert "DRY_RUN got a text of 12 characters; it takes true or false." in mistakes
    assert len(mistakes) > 20
    assert [each for each in mistakes if "[…]" in each] == []
    assert of_rest.document["check"]["outcome"] == "undecided"


async def test_a_short_wrong_value_is_quoted_nowhere(command):
    quoting = await command.run({**NOWHERE, "NOTES": "payment", "ON_REFUSAL": "Anna-Schmidt"})
    assert quoting.document["variables"]["mistakes"] == [
        "ON_REFUSAL got '[…]'; it takes reject or hold.",
        "NOTES got '[…]'; it takes private, message or off.",
    ]


async def test_a_nonexistent_vendor_is_not_named(command):
    ran = await command.run({"VENDOR": "Wrongmannova"})
    assert ran.document["variables"]["vendor"] == "not one that is installed"
    assert "Wrongmannova" not in ran.all


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("A=1\nsecret-in-the-wrong-place\n", "FILE, line 2: not NAME=value."),
        ("Schmidt=1\nSchmidt=2\n", "FILE, line 2: a second value."),
        (b"\x00\xff\xfe", "FILE is not UTF-8 text."),
        (None, "FILE cannot be read: No such file or directory."),
    ],
)
async def test_a_broken_file_of_variables_is_reported_by_its_line(connected, content, problem):
    path = connected.directory / "of-schmidt.env"
    if content is not None:
        path = connected.file(content, path.name)
    ran = await connected.run(path, "SUB-1")
    assert (ran.status, ran.document["variables"]) == (0, {"problem": problem})
    assert ran.document["check"]["problem"].startswith("Nothing is checked")
    assert ran.document["Connect"]["HTTP status"] == 200
    assert f"  variables: {problem}" in ran.out
    assert "schmidt" not in ran.all.lower()
    assert "secret-in" not in ran.all


# Connect.


async def test_connect_is_shown_with_its_response_time_and_its_clock(connected, sandbox):
    sandbox.connect.clock.ahead += timedelta(hours=1)
    ran = await connected.run(NOWHERE)
    found = ran.document["Connect"]
    ahead = found.pop("seconds that its clock is ahead of ours")
    assert abs(ahead - 3600) <= 5
    assert found.pop("milliseconds with connecting") > 0
    assert found == {
        "answers": True,
        "HTTP status": 200,
        "takes our token": True,
        "version": "37.0.0",
    }


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"API_KEY": ""}, "API_KEY must hold the extension's token"),
        ({"SERVER_ADDRESS": "https://connect.example/"}, "SERVER_ADDRESS must be a host"),
        ({"ENVIRONMENT_ID": "Blauwal"}, "ENVIRONMENT_ID must be an id"),
        ({"SERVER_ADDRESS": "localhost:1"}, "could not be reached: nothing listens there."),
        ({"SERVER_ADDRESS": "no-such.invalid"}, "could not be reached: its host name is not known"),
        ({"SERVER_ADDRESS": "localhost:99999"}, "could not be reached"),
    ],
)
async def test_an_unreachable_connect_is_reported_and_the_vendor_is_checked(
    connected, sandbox, environment, problem
):
    sandbox.vendor.add("SUB-1")
    connected.environment |= environment
    ran = await connected.run(sandbox.vendor.variables(), "SUB-1", "--product", "PRD-1")
    assert problem in ran.document["Connect"]["problem"]
    assert ran.document["cancel requests"] == {"problem": NOT_READ}
    assert ran.document["check"]["a request would be approved"] is True
    assert "connect.example" not in ran.all
    assert "Blauwal" not in ran.all


async def test_an_untrusted_certificate_is_reported(connected, stranger):
    connected.environment |= {"SSL_CERT_FILE": str(stranger)}
    ran = await connected.run(NOWHERE)
    assert ran.document["Connect"] == {
        "answers": False,
        "problem": "Connect could not be reached: its certificate is not trusted.",
    }


@pytest.mark.parametrize("fault", [Respond(503), html_page(), Respond(200, b"{"), Respond(403)])
async def test_an_answer_that_is_not_connects_is_reported_by_its_status(connected, sandbox, fault):
    sandbox.connect.faults.add("GET", "/accounts", fault)
    ran = await connected.run(NOWHERE)
    found = ran.document["Connect"]
    assert (found["HTTP status"], found["takes our token"]) == (fault.status, False)
    assert ran.document["cancel requests"] == {"problem": NOT_READ}


async def test_a_rejected_token_is_reported(connected):
    connected.environment |= {"API_KEY": "ApiKey SU-1:of-nobody"}
    found = (await connected.run(NOWHERE)).document["Connect"]
    assert (found["answers"], found["HTTP status"], found["takes our token"]) == (True, 401, False)


# Cancel requests.


def note(connect, request_id, text, account=VENDOR):
    connect.conversations.add(request_id, text, "private", account)


async def test_the_newest_requests_are_shown_with_our_last_report(connected, sandbox):
    connect, ids = sandbox.connect, []
    for age in range(60, 0, -1):
        made = datetime.now(timezone.utc) - timedelta(hours=age)
        asset_id = sandbox.new_subscription()
        ids.append(connect.create_cancel_request(asset_id, made))
    newest, held, plain, forged = ids[-1], ids[-2], ids[-3], ids[-4]
    note(connect, newest, "Waits. [connect-ext waiting unreachable]")
    note(connect, newest, "Another. [connect-ext cancel 3f9a12c4 sending]")
    note(connect, held, "Waits. [connect-ext waiting unreachable]")
    note(connect, held, "Of Aurelia's. [connect-ext held anna-schmidt]")
    note(connect, forged, "It is held. [connect-ext held refused]", DISTRIBUTOR)
    connect.requests.by_id[plain]["status"] = "Testmannova"
    found = (await connected.run(NOWHERE)).document["cancel requests"]
    shown = {each["id"]: each for each in found["newest"]}
    assert found["number in all"] == 61
    assert [*shown] == ids[:9:-1]
    assert (shown[newest]["status"], shown[plain]["status"]) == ("pending", "another")
    assert shown[newest]["product"] == connect.default_product()
    report = shown[newest]["last report"]
    assert datetime.fromisoformat(report.pop("created")) > datetime.fromisoformat(
        shown[newest]["created"]
    )
    assert report == {"kind": "waiting", "cause": "unreachable"}
    assert (shown[held]["last report"]["kind"], shown[held]["last report"]["cause"]) == (
        "held",
        "another",
    )
    assert shown[forged]["last report"] == shown[plain]["last report"] == {"kind": "none"}


async def test_an_account_without_requests_has_none(connected):
    connected.environment |= {"API_KEY": PARTNER_API_KEY}
    ran = await connected.run(NOWHERE)
    assert "problem" not in ran.document["cancel requests"]


@pytest.mark.parametrize(
    ("path", "fault", "problem"),
    [
        (
            "/requests$",
            Respond(403, b'{"error_code": "Schmidt", "errors": []}'),
            "Connect answers HTTP 403 ([…]) to listing the cancel requests",
        ),
        ("/requests$", Respond(403), "Connect answers HTTP 403 to listing the cancel requests"),
        ("/requests$", Respond(200, b'["x"]'), "Connect's answer is not a list of objects."),
    ],
)
async def test_requests_that_cannot_be_listed_are_reported(
    connected, sandbox, path, fault, problem
):
    sandbox.connect.faults.add("GET", path, fault)
    ran = await connected.run(NOWHERE)
    assert ran.document["cancel requests"]["problem"].startswith(problem)
    assert ran.document["Connect"]["takes our token"] is True


async def test_forbidden_notes_are_reported_for_each_request(connected, sandbox):
    request_id = sandbox.cancel()
    sandbox.connect.conversations.forbid(None, "GET")
    ran = await connected.run(NOWHERE)
    [found, _] = ran.document["cancel requests"]["newest"]
    assert found["id"] == request_id
    assert "check the extension's token and permissions" in found["last report"]["problem"]


# The check.


async def test_the_check_is_shown_without_the_id_and_the_address(connected, sandbox):
    sandbox.vendor.add("SUB-4711")
    ran = await connected.run(sandbox.vendor.variables(), "SUB-4711")
    check = ran.document["check"]
    [call] = check.pop("calls")
    assert check == {
        "subscription": "one was named, with an id of 8 characters",
        "a request would be approved": True,
        "outcome": "cancel",
        "why": "The subscription would be cancelled and the request approved.",
        "the vendor shows": "The subscription is active",
    }
    assert call.pop("milliseconds") >= 0
    assert call == {
        "call": "the status request (REST_STATUS_REQUEST)",
        "HTTP status": 200,
        "error": "",
        "shape of the answer": ["id, status: text"],
        "variables that fit the answer": ["REST_STATUS_PATH"],
        "variables that do not": [],
    }
    assert "4711" not in ran.all
    assert sandbox.vendor.url.rpartition(":")[2] not in ran.all


async def test_without_an_id_the_vendor_is_not_asked(connected, sandbox):
    ran = await connected.run(sandbox.vendor.variables())
    assert ran.document["check"]["why"] == "Nothing is decided: name a subscription to continue."
    assert (ran.document["check"]["calls"], sandbox.vendor.calls) == ([], [])


async def test_with_a_product_its_templates_count(connected, sandbox):
    product_id = sandbox.connect.create_product(templates=False)
    sandbox.vendor.add("SUB-1", status="cancelled")
    ran = await connected.run(sandbox.vendor.variables(), "SUB-1", "--product", product_id)
    assert ran.document["check"]["outcome"] == "wait"
    assert "has no fulfillment template" in ran.document["check"]["why"]


async def test_a_path_that_leads_nowhere_is_named(connected, sandbox):
    sandbox.vendor.add("SUB-1")
    variables = {**sandbox.vendor.variables(), "REST_STATUS_PATH": "customer.state"}
    ran = await connected.run(variables, "SUB-1")
    assert (ran.document["check"]["outcome"], ran.document["check"]["why"]) == ("wait", "")
    assert ran.document["check"]["calls"][0]["variables that do not"] == ["REST_STATUS_PATH"]


async def test_a_vendor_that_is_down_is_reported_and_connect_is_not_affected(connected, sandbox):
    await sandbox.vendor.stop()
    ran = await connected.run(sandbox.vendor.variables(), "SUB-1")
    why = ran.document["check"]["why"]
    assert why.endswith("could not reach the vendor: nothing listens there; check REST_API_URL.")
    assert ran.document["Connect"]["HTTP status"] == 200
