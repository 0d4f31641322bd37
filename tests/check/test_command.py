"""The command: its question, its exit status, its files and its JSON."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest

from connect_ext.check.command import EXIT_STATUS
from connect_ext.command_line.env_file import NotAnEnvFileError, read_env_file
from sandbox import LocalVendor
from tests.check.trying import PATIENCE_SECONDS, CommandLine
from tests.presets.vendors import serving

QUESTION = "Really cancel SUB-1 at the vendor? Type its id to confirm: "
CTRL_C_WITH_THE_QUESTION = """
import signal, sys
from connect_ext.check.command import main

class Terminal:
    def __getattr__(self, name):
        return getattr(sys.__stderr__, name)

    def write(self, text):
        sys.__stderr__.write(text)
        if "Really cancel" in text:
            signal.raise_signal(signal.SIGINT)

sys.stderr = Terminal()
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def command(tmp_path):
    return CommandLine(tmp_path)


def cancel_calls(vendor):
    return len(vendor.cancel_calls("SUB-1"))


# Exit status.


@pytest.mark.parametrize(
    ("status", "more", "end"),
    [
        ("active", {}, (0, "✓")),
        ("cancelled", {}, (0, "✓")),
        ("draft", {}, (1, "✗")),
        ("active", {"DRY_RUN": "true"}, (1, "✗")),
        ("active", {"NOTES": "loud"}, (1, "✗")),
    ],
)
async def test_it_is_0_only_if_a_request_would_be_approved(vendor, command, status, more, end):
    vendor.add("SUB-1", status=status)
    ran = await command.run({**vendor.variables(), **more}, "SUB-1")
    assert ((ran.status, ran.last[0]), ran.err) == (end, "")
    assert cancel_calls(vendor) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cancel"], "--cancel needs a subscription"),
        (["SUB-1", "--cancel", "--suggest"], "excludes --answer and --suggest"),
        (["SUB-1", "--cancel", "--answer", "x"], "excludes"),
        (["--suggest"], "--suggest needs an answer"),
        (["SUB-1", "--parameter", "x"], "expected ID=VALUE"),
        (["SUB-1", "--product", "../x"], "expected an id such as PRD-123-456-789"),
        (["SUB-1", "--wait", "-1"], "expected"),
        (["SUB-1", "--answer", "no-such-file"], "no-such-file cannot be read: No such file"),
    ],
)
async def test_it_is_2_for_a_wrong_command_line_or_an_unreadable_file(command, arguments, said):
    ran = await command.run({}, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


async def test_it_is_2_if_the_vendor_explains_no_answers(command, orders):
    answer = command.file("answer", "{}")
    ran = await command.run(orders.variables(), "A-S1", "--answer", answer)
    assert (ran.status, "VENDOR zuora cannot explain" in ran.err) == (2, True)


async def test_the_help_says_what_it_is(command):
    ran = await command.run({}, "--help")
    assert ran.status == 0
    assert " ".join(EXIT_STATUS.split()) in " ".join(ran.out.split())


# The question.


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "yes\n", "sub-1\n", "SUB-1x\n", "SUB-10"])
async def test_only_the_id_itself_is_a_yes(vendor, command, typed):
    vendor.add("SUB-1")
    ran = await command.run(vendor.variables(), "SUB-1", "--cancel", typed=typed)
    assert (ran.status, cancel_calls(vendor)) == (1, 0)
    assert ran.err.endswith(f"{QUESTION}Nothing was sent.\n")


async def test_the_question_is_on_stderr_and_the_report_follows_it(vendor, command):
    vendor.add("SUB-1")
    ran = await command.run(vendor.variables(), "SUB-1", "--cancel", typed=" SUB-1 \n")
    assert (ran.status, cancel_calls(vendor)) == (0, 1)
    assert ran.err == f"\n{QUESTION}"
    before, _, after = ran.out.partition("would be cancelled and the request approved.\n")
    assert "Variables (VENDOR rest)" in before
    assert "This would be sent" in before
    assert "The cancellation (REST_CANCEL_REQUEST)" in after
    assert "Variables" not in after
    assert ran.last == "✓ The subscription is cancelled. A real request would be approved."


@pytest.mark.parametrize(("status", "exit_status"), [("cancelled", 0), ("draft", 1)])
async def test_nothing_is_asked_if_there_is_nothing_to_cancel(vendor, command, status, exit_status):
    vendor.add("SUB-1", status=status)
    ran = await command.run(vendor.variables(), "SUB-1", "--cancel", typed="SUB-1\n")
    assert (ran.status, ran.err) == (exit_status, "Nothing was sent.\n")
    assert cancel_calls(vendor) == 0


async def interrupted(process, when):
    await when
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    return process.returncode, err.decode()


async def test_ctrl_c_at_the_question_sends_nothing(vendor, command):
    vendor.add("SUB-1")
    process = await command.begin("--env", command.env(vendor.variables()), "SUB-1", "--cancel")
    asked = process.stderr.readuntil(b"to confirm: ")
    status, err = await interrupted(process, asked)
    assert (status, err, cancel_calls(vendor)) == (130, "\nInterrupted.\n", 0)


async def test_ctrl_c_as_soon_as_the_question_appears_sends_nothing(vendor, command):
    vendor.add("SUB-1")
    arguments = ("--env", command.env(vendor.variables()), "SUB-1", "--cancel")
    process = await command.begin(*arguments, python=("-c", CTRL_C_WITH_THE_QUESTION))
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert (process.returncode, err.decode()) == (130, f"\n{QUESTION}\nInterrupted.\n")
    assert cancel_calls(vendor) == 0


async def test_ctrl_c_after_the_question_says_that_it_may_have_been_sent(vendor, command):
    vendor.add("SUB-1", shows_after_seconds=300)
    process = await command.begin("--env", command.env(vendor.variables()), "SUB-1", "--cancel")
    process.stdin.write(b"SUB-1\n")

    async def sent():
        while not cancel_calls(vendor):
            await asyncio.sleep(0.05)

    status, err = await interrupted(process, sent())
    assert (status, "The cancellation may have been sent" in err) == (130, True)


# JSON.


async def test_json_is_the_only_thing_on_stdout_and_has_the_same_facts(vendor, command):
    vendor.add("SUB-1")
    variables = {**vendor.variables(), "REST_STATUS_PTH": "x"}
    text = await command.run(variables, "SUB-1")
    ran = await command.run(variables, "SUB-1", "--json")
    report = json.loads(ran.out)
    assert (ran.status, ran.err, cancel_calls(vendor)) == (0, "", 0)
    assert list(report) == [
        *("would_be_approved", "outcome", "decision", "look_at", "was_sent", "subscription"),
        *("vendor", "product", "variables", "unknown_names", "unused_names", "mistakes"),
        *("calls", "requests", "remarks", "suggestions"),
    ]
    [call], [request] = report["calls"], report["requests"]
    assert [*call] == [
        *("name", "method", "url", "status", "error", "milliseconds", "shape", "findings"),
    ]
    assert [*call["findings"][0]] == ["variable", "found", "is_wrong"]
    assert [*request] == ["method", "url", "headers", "body"]
    assert report["variables"][0] == {
        "name": "VENDOR",
        "value": "rest",
        "origin": "initial value",
    }
    assert report["suggestions"] is None
    told = [report["decision"], *report["look_at"], report["subscription"], call["url"]]
    told += [*call["shape"], *(f["found"] for f in call["findings"]), request["url"]]
    assert [each for each in told if each not in text.out] == []


async def test_json_of_a_cancellation_is_one_document_and_the_question_shows_its_reasons(
    vendor, command
):
    vendor.add("SUB-1")
    ran = await command.run(vendor.variables(), "SUB-1", "--cancel", "--json", typed="SUB-1\n")
    report = json.loads(ran.out)
    assert (report["outcome"], report["was_sent"], ran.status) == ("approve", True, 0)
    assert "This would be sent" in ran.err
    assert ran.err.endswith(QUESTION)


# Files of variables.


async def test_values_are_taken_as_they_are(command):
    content = "\ufeff# a comment\n\n A = x=y # z \nB='quoted'\r\n  #C=1\nD=\n"
    found = read_env_file(command.file("env", content))
    assert found == {"A": "x=y # z", "B": "'quoted'", "D": ""}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("A=1\nsecret-in-the-wrong-place\n", "line 2: not NAME=value"),
        ("export A=1\n", "line 1: not NAME=value"),
        ("=1\n", "line 1: not NAME=value"),
        ("A=1\n\nA=2\n", "line 3: a second value for A"),
        (b"A=\xff\n", "is not UTF-8 text"),
    ],
)
async def test_a_mistake_in_a_file_is_reported_by_its_line_and_never_by_its_text(
    command, content, said
):
    file = command.file("env", content)
    with pytest.raises(NotAnEnvFileError) as caught:
        read_env_file(file)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    ran = await command.run(file, "SUB-1")
    assert (ran.status, ran.out, ran.err) == (2, "", f"{caught.value}\n")


async def test_a_terminal_without_the_signs_still_gets_the_report(vendor, command, monkeypatch):
    vendor.add("SUB-1")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    ran = await command.run(vendor.variables(), "SUB-1")
    assert (ran.status, ran.last[:5]) == (0, "? The")
    assert (await command.run({}, "--help")).status == 0


# A vendor of another package.


ACME = """
from connect_ext.http.client import Call
from connect_ext.portal.variable import Variable
from connect_ext.vendors.base import *

class Acme:
    can_be_asked, is_repeatable, advice = True, False, Advice()

    def __init__(self, url, context):
        self.url, self.http = url, context.http

    async def look_up(self, cancellation):
        url = f"{self.url}/subscriptions/{cancellation.subscription_id.text}"
        call = Call("the look (ACME_URL)", "GET", url, address="ACME_URL")
        answer = await self.http.send(call)
        return Subscription(SubscriptionStatus(answer.json()["status"]))

    async def cancel(self, cancellation, subscription):
        raise AssertionError

DEFINITION = VendorDefinition(
    (Variable("ACME_URL", "changeme", "a URL"), Variable("ACME_KEY", "", "a key", secure=True)),
    lambda read: read.url("ACME_URL"),
    Acme,
)
"""


@pytest.fixture
def acme(tmp_path, monkeypatch):
    """A package on the path with the vendor ``acme``."""
    info = tmp_path / "acme_vendor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-vendor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[connect_ext.vendors]\nacme = acme_vendor:DEFINITION\n")
    (tmp_path / "acme_vendor.py").write_text(ACME)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.mark.usefixtures("acme")
async def test_it_is_checked_even_if_it_neither_explains_nor_plans(command):
    async with serving(LocalVendor(auth="none")) as vendor:
        vendor.add("SUB-1")
        variables = {"VENDOR": "acme", "ACME_URL": vendor.url, "ACME_KEY": "secret-of-acme"}
        ran = await command.run(variables, "SUB-1")
        unexplained = await command.run(variables, "SUB-1", "--suggest")
        await vendor.stop()
        closed = await command.run(variables, "SUB-1")
    assert (ran.status, ran.last[0], "The subscription is active." in ran.out) == (0, "✓", True)
    assert "ACME_KEY=(a text of 14 characters)" in ran.out
    assert "This would be sent" not in ran.out
    assert (unexplained.status, "VENDOR acme cannot" in unexplained.err) == (2, True)
    assert closed.last.endswith("nothing listens there; check ACME_URL.")
