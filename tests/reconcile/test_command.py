"""The command as an operator and a monitoring system use it."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

import pytest
import pytest_asyncio

from connect_ext.reconcile.command import EXIT_STATUS
from sandbox.faults import Delay, Respond
from tests.reconcile.planting import Past, past
from tests.reconcile.running import FAST, Command, Ran, ended
from tests.reconcile.sorts import MAIN, SORTS, Sort

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

DONE, NEEDS_PERSON, WRONG_USE, NOT_WHOLE, INTERRUPTED = 0, 1, 2, 3, 130


def sort(name: str) -> Sort:
    return next(each for each in SORTS if each.name == name)


@pytest_asyncio.fixture(loop_scope="session")
async def planted() -> AsyncIterator[Past]:
    async with past() as each:
        yield each


@pytest.fixture
def command(planted, tmp_path) -> Command:
    return Command(planted.sandbox, tmp_path)


# Exit status.


async def test_it_is_0_if_nobody_is_needed_else_1(planted, command):
    planted.plant([sort("forgotten")], 1)
    ran = await command.run(*FAST)
    assert (ran.status, ran.err) == (DONE, "")
    assert ran.out.startswith("Needs a person: 0\nPut right: 1\n  cancelled (1)\n")
    planted.plant([sort("approved, and goes on")], 1)
    ran = await command.run(*FAST)
    assert (ran.status, ran.err) == (NEEDS_PERSON, "")
    assert ran.out.startswith("Needs a person: 1\n  still-active (1). Next step: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--days", "-1"], "expected a whole number from 0 to 3650"),
        (["--days", "soon"], "expected a whole number"),
        (["--calls-per-minute", "1"], "expected a whole number from 30 to 60000"),
        (["--product", "../x"], "expected an id such as PRD-123-456-789"),
        (["--verbose"], "unrecognized arguments: --verbose"),
        (["--resume", "/nowhere/journal"], "/nowhere/journal cannot be read and written."),
        (["--env", "/nowhere/vendor.env"], "/nowhere/vendor.env cannot be read: No such file"),
    ],
)
async def test_it_is_2_for_a_wrong_command_line(command, arguments, said):
    ran = await command.run(*arguments)
    assert (ran.status, ran.out) == (WRONG_USE, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"API_KEY": None}, "API_KEY must hold the extension's token in Connect"),
        ({"API_KEY": "ApiKey SU-1:ä"}, "API_KEY must hold the extension's token in Connect"),
        ({"SERVER_ADDRESS": "https://localhost"}, "SERVER_ADDRESS must be a host of Connect"),
        ({"ENVIRONMENT_ID": "ENV-1"}, "ENVIRONMENT_ID must be an id such as ENV-1234-5678-01."),
    ],
)
async def test_it_is_2_for_a_wrong_environment(command, environment, said):
    ran = await command.run(**environment)
    assert (ran.status, ran.out, ran.err.count("\n")) == (WRONG_USE, "", 1)
    assert ran.err.startswith(said)


def said_that_not_whole(ran: Ran, said: str) -> None:
    """Check that one sentence says why a comparison failed, and nothing else is wrong."""
    assert (ran.status, ran.err) == (NOT_WHOLE, "")
    first, *others = ran.out.splitlines()
    assert first.startswith("Not everything could be compared. ")
    assert said in first
    assert others == [
        *("Needs a person: 0", "Put right: 0", "Still waiting: 0", "Could not be compared: 0"),
        "Looked at: nothing.",
    ]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"SERVER_ADDRESS": "localhost:9"},
            "Connect could not be reached for listing the cancel requests: nothing listens there.",
        ),
        ({"SSL_CERT_FILE": None}, "its certificate is not trusted."),
        ({"API_KEY": "ApiKey SU-1:wrong"}, "HTTP 401"),
        ({"ENVIRONMENT_ID": None}, "name the products that only this environment serves"),
    ],
)
async def test_it_is_3_if_connect_cannot_be_read(planted, command, environment, said):
    planted.plant([sort("forgotten")], 1)
    said_that_not_whole(await command.run(*FAST, **environment), said)
    assert planted.sandbox.vendor.calls == []


async def test_it_is_3_if_connect_is_down_or_forbids_it(planted, command):
    planted.plant([sort("forgotten")], 1)
    planted.connect.faults.add("GET", "/requests$", Respond(503))
    said_that_not_whole(await command.run(*FAST), "Connect answers HTTP 503")
    planted.connect.faults.clear()
    planted.connect.unreadable.add("tasks")
    said_that_not_whole(await command.run(*FAST), "does not show the tasks of this environment")
    ran = await command.run(*FAST, "--product", MAIN)
    assert (ran.status, planted.ends()) == (DONE, planted.right_ends())


async def test_it_is_3_for_wrong_variables(planted, command):
    planted.connect.set_variable("NOTES", "loud")
    ran = await command.run("--json", *FAST)
    assert (ran.status, ran.err, ran.report["findings"]) == (NOT_WHOLE, "", [])
    [problem] = ran.report["problems"]
    assert "NOTES got 'loud'; it takes private, message or off." in problem


async def test_it_is_3_if_the_vendor_is_down_and_nothing_is_lost(planted, command):
    [approved] = planted.plant([sort("settled")], 1)
    [forgotten] = planted.plant([sort("forgotten")], 1)
    await planted.sandbox.vendor.stop()
    ran = await command.run("--json", *FAST)
    assert ran.status == NOT_WHOLE
    found = {each["id"]: (each["kind"], each["cause"]) for each in ran.report["findings"]}
    assert found == {
        forgotten.id: ("waits", "unreachable"),
        approved.id: ("not-compared", "unreachable"),
    }
    await planted.sandbox.vendor.start()
    assert (await command.run(*FAST)).status == DONE
    assert planted.ends() == planted.right_ends()


# What it writes.


async def test_json_is_the_only_thing_on_stdout_even_if_the_run_was_impossible(command):
    ran = await command.run("--json", *FAST, SERVER_ADDRESS="localhost:9")
    assert [*ran.report] == ["needs_person", "is_whole", "problems", "looked_at", "findings"]
    assert (ran.status, ran.report["is_whole"], len(ran.report["problems"])) == (3, False, 1)


async def test_a_finding_in_json_says_everything_a_person_needs(planted, command):
    [one] = planted.plant([sort("approved, and goes on")], 1)
    [found] = (await command.run("--json", *FAST)).report["findings"]
    request = planted.connect.request(one.id)
    assert (found["id"], found["asset_id"]) == (one.id, request["asset"]["id"])
    assert (found["product_id"], found["kind"]) == (MAIN, "needs-a-person")
    assert datetime.fromisoformat(found["since"]) == datetime.fromisoformat(request["updated"])
    assert "costs the vendor money" in found["what"]
    assert "Cancel the subscription at the vendor" in found["next_step"]


async def test_the_help_says_what_its_exit_status_means(command):
    ran = await command.run("--help")
    assert (ran.status, ran.err) == (DONE, "")
    assert " ".join(EXIT_STATUS.split()) in " ".join(ran.out.split())


async def test_a_reader_who_goes_away_does_no_harm(planted, command):
    """Like ``| head -1``."""
    planted.plant([sort("forgotten")], 1)
    reading, writing = os.pipe()
    process = await command.begin(*FAST, stdout=writing)
    os.close(writing)
    os.close(reading)
    ran = await ended(process)
    assert (ran.status, ran.err) == (DONE, "")
    assert planted.ends() == planted.right_ends()


@pytest.mark.parametrize("is_json", [True, False])
async def test_a_terminal_shows_a_bar_for_each_sort_and_stdout_only_the_report(
    planted, command, is_json
):
    planted.plant([sort("forgotten"), sort("settled"), sort("active")], 3)
    terminal, stderr = pty.openpty()
    process = await command.begin(
        *FAST, *(["--json"] if is_json else []), stderr=stderr, TERM="xterm", COLUMNS="100"
    )
    os.close(stderr)
    shown = asyncio.to_thread(read_all, terminal)
    ran, bars = await asyncio.gather(ended(process), shown)
    os.close(terminal)
    for name in ("Open requests", "Approved requests", "Active subscriptions"):
        assert re.search(rf"{name} +\S+ 3/3 ", bars)
    assert "Traceback" not in bars
    assert ran.status == DONE
    assert ran.out.startswith("{" if is_json else "Needs a person: 0\n")
    assert "\x1b" not in ran.out


def read_all(terminal: int) -> str:
    """Everything shown on a terminal, without colours, until nobody writes to it any more."""
    said = b""
    # The terminal's other side was closed, which Linux reports as an error.
    with suppress(OSError):
        while part := os.read(terminal, 4096):
            said += part
    return re.sub(r"\x1b\[[0-9?;]*[A-Za-z]", "", said.decode())


# Ctrl-C.


@pytest.mark.parametrize("where", ["vendor", "connect"])
async def test_ctrl_c_ends_it_at_once_and_a_new_run_does_the_rest(
    planted, command, tmp_path, where
):
    planted.plant([sort("forgotten")], 3)
    journal = tmp_path / "journal"
    server = planted.connect if where == "connect" else planted.sandbox.vendor
    stuck = server.faults.add("GET", ".", Delay(600))
    process = await command.begin("--resume", str(journal), *FAST)
    while not stuck.hits:
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGINT)
    ran = await asyncio.wait_for(ended(process), 20)
    said = "\nInterrupted. Finished work stands; a new run does the rest.\n"
    assert ran == Ran(INTERRUPTED, "", said)
    assert journal.exists()
    server.faults.clear()
    assert (await command.run("--resume", str(journal), *FAST)).status == DONE
    assert planted.ends() == planted.right_ends()
    assert not journal.exists()


# Pace.


async def test_calls_per_minute_are_limited(planted, command):
    planted.plant([sort("settled")], 14)
    assert (await command.run("--calls-per-minute", "60")).status == DONE
    calls = [*planted.connect.calls.calls, *planted.sandbox.vendor.calls]
    moments = sorted(call.at.timestamp() for call in calls)
    assert len(moments) > 16
    # 16 at once, then 44 in each minute; late answers may come a few at a time.
    for first, start in enumerate(moments):
        for number, end in enumerate(moments[first:], start=1):
            assert number <= 16 + (end - start) * 44 / 60 + 8
