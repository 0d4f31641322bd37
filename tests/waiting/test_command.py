"""The command as a process against the sandbox: its exit status, files and output."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connect_ext.waiting.command import EXIT_STATUS, main
from connect_ext.waiting.showing import COLUMNS
from sandbox.faults import Delay
from tests.waiting.world import PATIENCE_SECONDS, CommandLine, waiting

ROOT = Path(__file__).parents[2]


# Exit status.


async def test_it_is_0_if_nothing_waits(command):
    ran = await command.run()
    assert (ran.status, ran.out, ran.err) == (0, "", "")


async def test_it_is_0_if_nobody_is_needed(world, command):
    request_id = world.cancel(status="cancelled")
    ran = await command.run()
    assert (ran.status, ran.err) == (0, "")
    [line] = ran.out.splitlines()
    assert line.startswith(f"{request_id}\t")


async def test_it_is_1_if_somebody_is_needed(world, command):
    world.cancel(status="frozen")
    ran = await command.run()
    assert (ran.status, ran.err) == (1, "")
    assert "\tperson\t" in ran.out


async def test_it_is_3_if_the_vendor_is_down(world, command):
    world.cancel()
    await world.vendor.stop()
    ran = await command.run()
    assert ran.status == 3
    assert ran.err.startswith("Not everything could be seen. 1 request: The status request")
    assert "not-known:unreachable" in ran.out


async def test_it_is_3_if_connect_is_down(world, command):
    world.cancel()
    await world.connect.go_down()
    ran = await command.run()
    assert (ran.status, ran.out) == (3, "")
    assert ran.err == (
        "Not everything could be seen. Connect could not be reached for listing the cancel"
        " requests: nothing listens there.\n"
    )


async def test_it_is_3_if_connects_certificate_is_not_trusted(world, command, stranger):
    command.environment["SSL_CERT_FILE"] = str(stranger)
    ran = await command.run()
    assert (ran.status, ran.out, ran.err.count("\n")) == (3, "", 1)


async def test_it_is_3_with_a_wrong_token(world, command):
    command.environment["API_KEY"] = "ApiKey SU-000-000:not-the-token"
    ran = await command.run()
    assert (ran.status, ran.out) == (3, "")
    assert "Connect answers HTTP 401" in ran.err
    assert "not-the-token" not in ran.err


async def test_mistakes_in_the_file_are_reported_and_the_requests_listed(tmp_path, world):
    request_id = world.cancel()
    variables = {**world.extension.variables, "REST_STATUS_PATH": "][", "NOTES": "loud"}
    ran = await CommandLine(tmp_path, world.sandbox, variables).run()
    assert ran.status == 1
    assert "2 mistakes in the extension's variables" in ran.err
    assert "NOTES got 'loud'" in ran.err
    assert ran.out.startswith(f"{request_id}\t")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--product", "../x"], "expected an id such as PRD-123-456-789"),
        (["--calls-per-minute", "1"], "expected a whole number from 30 to 60000"),
        (["--calls-per-minute", "٣٠٠"], "expected a whole number"),
        (["PR-1"], "unrecognized arguments"),
    ],
)
def test_it_is_2_for_a_wrong_command_line(capsys, arguments, said):
    with pytest.raises(SystemExit) as ended:
        main(["--env", "vendor.env", *arguments])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        (("API_KEY", ""), "API_KEY must hold the extension's token"),
        (("SERVER_ADDRESS", "https://api.example/x"), "SERVER_ADDRESS must be a host"),
        (("ENVIRONMENT_ID", "ENV-1"), "ENVIRONMENT_ID must be an id such as"),
    ],
)
def test_it_is_2_for_an_incomplete_environment(capsys, tmp_path, monkeypatch, variable, said):
    file, (name, value) = tmp_path / "vendor.env", variable
    file.write_text("REST_API_KEY=a-key\n")
    monkeypatch.setenv("API_KEY", "ApiKey SU-000-000:a-token")
    monkeypatch.setenv(name, value)
    assert main(["--env", str(file)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(said)


def test_it_is_2_for_a_file_that_cannot_be_read(capsys, tmp_path):
    assert main(["--env", str(tmp_path / "no-such-file")]) == 2
    assert "cannot be read" in capsys.readouterr().err


async def test_without_an_environment_and_a_product_the_owner_is_unknown(world, command):
    request_id = world.cancel()
    command.environment["ENVIRONMENT_ID"] = ""
    unknown = await command.run()
    named = await command.run("--product", world.connect.default_product())
    assert (unknown.status, named.status, named.err) == (3, 0, "")
    assert "name the products" in unknown.err
    assert request_id in unknown.out
    assert request_id in named.out


async def test_ctrl_c_stops_it_at_once(world, command):
    world.cancel("SUB-1")
    rule = world.vendor.faults.add("GET", "SUB-1", Delay(PATIENCE_SECONDS))
    process = await command.begin()
    while not rule.hits:
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS / 3)
    assert (process.returncode, out, err) == (130, b"", b"\nInterrupted.\n")


async def test_the_help_says_what_it_is(command):
    ran = await command.run("--help")
    words = " ".join(ran.out.split())
    assert ran.status == 0
    assert EXIT_STATUS in words
    assert ", ".join(COLUMNS) in words


# Output.


async def test_a_reader_that_has_seen_enough_is_no_error(world, command):
    """A pipe and the reader hold about 70 kB; this is more."""
    for _ in range(150):
        world.cancel(status="draft")
    run = f"{shlex.join(command.command)} --json --calls-per-minute 60000"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"{run} | head -n 1; exit ${{PIPESTATUS[0]}}"),
        env=command.surroundings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert (process.returncode, said) == (0, (b"{\n", b""))


async def test_json_is_the_only_thing_that_is_written(tmp_path):
    async with waiting(ON_REFUSAL="hold") as world:
        request_id = await world.held()
        world.cancel("SUB-1")
        await world.vendor.stop()
        command = CommandLine(tmp_path, world.sandbox, world.extension.variables)
        ran = await command.run("--json")
    told = json.loads(ran.out)
    assert (ran.status, ran.err) == (1, "")
    assert (told["needs_person"], told["is_whole"]) == (True, False)
    assert told["requests"][0]["id"] == request_id
    assert told["problems"][0].startswith("2 requests: ")


async def test_awk_and_grep_find_their_columns(world, command):
    wanted = world.cancel(status="frozen")
    world.cancel()
    found = await asyncio.create_subprocess_shell(
        f"{shlex.join(command.command)} | grep -w person | awk '{{ print $1, $6, $9 }}'",
        env=command.surroundings,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(found.communicate(), PATIENCE_SECONDS)
    assert out.decode() == f"{wanted} not-known:unknown-status unknown-status\n"


BUGGY = """
from connect_ext.portal.variable import Variable
from connect_ext.vendors.base import *

class Buggy:
    can_be_asked, is_repeatable, advice = True, False, Advice()

    async def look_up(self, cancellation):
        raise LookupError("a-secret-of-the-vendor")

DEFINITION = VendorDefinition(
    (Variable("BUGGY_KEY", "", "a key", secure=True),), lambda read: None, lambda *_: Buggy()
)
"""


async def test_a_bug_is_reported_by_its_place_and_the_others_are_listed(
    tmp_path, world, monkeypatch
):
    info = tmp_path / "buggy_vendor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: buggy-vendor\nVersion: 1.0\n")
    points = "[connect_ext.vendors]\nbuggy = buggy_vendor:DEFINITION\n"
    (info / "entry_points.txt").write_text(points)
    (tmp_path / "buggy_vendor.py").write_text(BUGGY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    product_id = world.connect.create_product()
    asset_id = world.connect.create_subscription("SUB-1", product_id=product_id)
    broken, whole = world.connect.create_cancel_request(asset_id), world.cancel()
    overrides = json.dumps({product_id: {"VENDOR": "buggy"}})
    variables = {**world.extension.variables, "PRODUCT_OVERRIDES": overrides}
    ran = await CommandLine(tmp_path, world.sandbox, variables).run()
    of = {line.split("\t")[0]: line for line in ran.out.splitlines()}
    assert (ran.status, ran.err) == (1, "")
    assert "LookupError at buggy_vendor.py" in of[broken]
    assert "\tactive\t" in of[whole]
    assert "secret" not in ran.out


def test_no_task_imports_what_only_a_terminal_needs():
    code = (
        "import sys; import connect_ext.events, connect_ext.waiting.scheduled;"
        "print([m for m in sys.modules if m.endswith(('waiting.table', 'rich.progress'))])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
