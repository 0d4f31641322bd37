"""`serve` and its page: the port, the browser, and who may read its files."""

from __future__ import annotations

import asyncio
import socket
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.commands import PATIENCE, command, line_with

# A browser in the terminal, for which whoever opens it waits.
BROWSER = """\
#!{python}
import pathlib, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=10) as page:
    pathlib.Path("seen").write_bytes(page.read())
"""


@pytest.fixture
def where(tmp_path: Path, project_root: Path) -> dict[str, Any]:
    return {"cwd": tmp_path, "root": project_root}


async def ended(*arguments: str, **where: Any) -> tuple[int, str]:
    """How a command ends that cannot be carried out, and what it says."""
    async with command(*arguments, **where) as process:
        words = await asyncio.wait_for(process.stdout.read(), PATIENCE)
        return await process.wait(), words.decode()


async def test_a_port_that_is_taken_is_said_before_a_runner_is_started(where):
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        status, words = await ended("serve", "--port", str(port), **where)
    assert status == 1
    assert words == f"the page cannot be served at port {port}: Address already in use\n"
    assert not [*(where["cwd"] / ".sandbox").glob("*.log")]


@pytest.mark.parametrize("port", ["-1", "65536", "http", "9" * 5_000])
async def test_what_is_no_port_is_a_mistake(where, port):
    status, words = await ended("serve", f"--port={port}", **where)
    assert status == 2
    assert words.endswith("argument --port: expected a number from 0 to 65535\n")


async def test_a_browser_in_the_terminal_gets_the_page(where, tmp_path):
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(BROWSER.format(python=sys.executable))
    browser.chmod(0o755)
    async with command("serve", "--no-runner", "--open", **where, BROWSER=str(browser)) as serving:
        await line_with(serving, "portal")
        deadline = time.monotonic() + PATIENCE
        while not (seen.exists() and b"Subscriptions" in seen.read_bytes()):
            assert time.monotonic() < deadline, "the browser has not got the page"
            await asyncio.sleep(0.05)


async def test_nobody_else_reads_its_files(where, tmp_path):
    (tmp_path / ".sandbox").mkdir(mode=0o755)
    async with command("serve", "--no-runner", **where) as serving:
        await line_with(serving, "portal")
        assert stat.S_IMODE((tmp_path / ".sandbox").stat().st_mode) == 0o700
