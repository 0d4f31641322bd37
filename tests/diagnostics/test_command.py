"""The command: its file, its exit status, its output on the terminal, and how it ends."""

from __future__ import annotations

import asyncio
import re
import resource
import signal
import stat
import time

import pytest

from connect_ext.diagnostics.__main__ import EXIT_STATUS
from connect_ext.diagnostics.in_short import PROMISE
from sandbox.faults import Delay
from tests.diagnostics.running import PATIENCE_SECONDS
from tests.http.servers import raw_server, read_request, says_nothing

NOWHERE = {"REST_API_URL": "https://localhost:1", "REST_API_KEY": "a-key-for-nothing"}
AN_HOUR = 3600


async def test_one_file_that_only_its_owner_can_read_is_written_and_announced(connected, sandbox):
    sandbox.vendor.add("SUB-1")
    sandbox.cancel("SUB-2")
    ran = await connected.run(sandbox.vendor.variables(), "SUB-1")
    [path] = connected.written()
    assert (ran.status, ran.err) == (0, "")
    assert re.fullmatch(r"connect-ext-diagnostics-\d{8}-\d{6}\.json", path.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first, *lines, last = ran.out.splitlines()
    assert (first, last) == (f"Written: {path.name}", PROMISE)
    assert re.fullmatch(r"  variables: \d+, unknown names: 0, mistakes: 0", lines[0])
    assert re.fullmatch(r"  Connect: HTTP 200 in \d+ ms", lines[1])
    assert lines[2:] == [
        "  cancel requests: the newest 2 of 2",
        "  check: a request would be approved (cancel)",
    ]


async def test_people_can_read_it(command):
    ran = await command.run(NOWHERE)
    assert ran.file.startswith('{\n  "about": "Diagnostics of the extension')
    assert [*ran.document] == [
        *("about", "time", "versions", "vendor adapters of other packages"),
        *("process environment", "variables", "Connect", "cancel requests", "check"),
    ]
    assert max(map(len, ran.file.splitlines())) < 300


async def test_nothing_is_changed_at_the_vendor_or_in_connect(connected, sandbox):
    sandbox.vendor.add("SUB-1")
    sandbox.cancel("SUB-2")
    await connected.run(
        sandbox.vendor.variables(), "SUB-1", "--product", sandbox.connect.default_product()
    )
    calls = [*sandbox.vendor.calls, *sandbox.connect.calls.calls]
    assert len(calls) > 4
    assert {call.method for call in calls} == {"GET"}


# Where it is written.


async def test_nothing_is_overwritten(command):
    path = command.file("somebody's", "there.json")
    ran = await command.run(NOWHERE, "--output", path)
    assert (ran.status, ran.out, path.read_text()) == (3, "", "somebody's")
    assert ran.err == f"{path} cannot be written: File exists.\n"


async def test_a_link_that_leads_nowhere_is_not_followed(command):
    target = command.directory / "target"
    (command.directory / "link").symlink_to(target)
    ran = await command.run(NOWHERE, "--output", "link")
    assert (ran.status, target.exists()) == (3, False)


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("no-such-directory/x", "No such file or directory"),
        ("vendor.env/x", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("/sys/connect-ext-diagnostics", "(Permission denied|Read-only file system)"),
    ],
)
async def test_a_place_that_cannot_be_written_to_is_reported_before_any_work(command, output, why):
    ran = await command.run(NOWHERE, "--output", output)
    assert (ran.status, ran.out) == (3, "")
    assert re.fullmatch(rf"\S+ cannot be written: {why}\.\n", ran.err)


async def test_a_full_disk_leaves_nothing_half_written(command):
    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    ran = await command.run(NOWHERE, preexec_fn=full)
    assert (ran.status, ran.out, command.written()) == (3, "", [])
    assert ran.err.endswith("cannot be written: File too large.\n")


@pytest.mark.parametrize(
    "arguments",
    [(), ("--env",), ("--env", "x", "--product", "Blauwal"), ("--env", "x", "1", "2"), ("--no",)],
)
async def test_a_wrong_command_line_is_2_and_writes_nothing(command, arguments):
    process = await command.begin(*arguments)
    _, err = await process.communicate()
    assert (process.returncode, command.written()) == (2, [])
    assert b"usage: python -m connect_ext.diagnostics" in err
    assert b"Blauwal" not in err


async def test_the_help_says_what_it_is(command):
    ran = await command.run(NOWHERE, "--help")
    assert ran.status == 0
    assert " ".join(EXIT_STATUS.split()) in " ".join(ran.out.split())


# How it ends.


async def test_ctrl_c_stops_it_and_leaves_no_file(command):
    called = asyncio.Event()

    async def silent(reader, writer):
        await read_request(reader)
        called.set()
        await says_nothing(reader, writer)

    async with raw_server(silent) as url:
        variables = command.env({**NOWHERE, "REST_API_URL": url})
        process = await command.begin("--env", variables, "SUB-1")
        await asyncio.wait_for(called.wait(), PATIENCE_SECONDS)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert (process.returncode, out, command.written()) == (130, b"", [])
    # Up to Python 3.10, asyncio may add which of its tasks it gave up.
    assert err.startswith(b"\nInterrupted. Nothing was written.\n")


@pytest.mark.slow
async def test_it_is_written_even_if_neither_connect_nor_the_vendor_ever_answers(
    connected, sandbox
):
    tls = sandbox.certificates.server_context
    async with raw_server(says_nothing) as vendor, raw_server(says_nothing, tls) as connect:
        connected.environment["SERVER_ADDRESS"] = connect.removeprefix("https://")
        variables = {**NOWHERE, "REST_API_URL": vendor, "VENDOR_TIMEOUT_SECONDS": "100"}
        began = time.monotonic()
        ran = await connected.run(variables, "SUB-1")
    assert time.monotonic() - began < 90
    assert ran.status == 0
    assert ran.document["Connect"]["problem"] == "Given up after 10 s."
    assert ran.document["check"]["problem"] == "Given up after 45 s."
    assert "problem" not in ran.document["variables"]


@pytest.mark.slow
async def test_connects_other_answers_are_shown_even_if_it_never_returns_a_note(connected, sandbox):
    request_id = sandbox.cancel()
    sandbox.connect.faults.add("GET", "/conversations", Delay(AN_HOUR))
    ran = await connected.run(sandbox.vendor.variables())
    found = {each["id"]: each for each in ran.document["cancel requests"]["newest"]}
    assert found[request_id]["status"] == "pending"
    assert found[request_id]["last report"] == {"problem": "There was no time to read it."}
