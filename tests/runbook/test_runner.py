"""The official runner's log has the lines that the page quotes."""

from __future__ import annotations

import asyncio
import re

import pytest

from sandbox import Sandbox
from tests.runbook import page

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
TEXT = page.read()


def quoted(heading: str) -> list[str]:
    """A section's log lines, without the parts that vary."""
    blocks = re.findall(r"```text\n(.*?)```", page.section(TEXT, heading), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if " PID_" in line]


def pattern(line: str) -> str:
    """A quoted line as a pattern: an ellipsis stands for anything, and numbers vary."""
    parts = [re.escape(part) for part in line.split("…")]
    return re.sub(r"\d+(?:st|nd|rd|th)?", r"\\d+(?:st|nd|rd|th)?", ".*".join(parts))


async def test_a_tasks_line_has_its_level_where_the_page_says():
    async with Sandbox() as sandbox:
        await sandbox.vendor.stop()
        runner = await sandbox.start_runner()
        request_id = sandbox.connect.cancel("SUB-1")
        await sandbox.connect.answered(request_id)
        await runner.wait_for_log("outcome=waits")
        [line] = quoted("A line of the log")
        head = line.partition("PR-")[0]
        assert re.search(f"^{pattern(head)}{request_id} ", runner.log, re.MULTILINE)
        await runner.kill()


async def test_an_outage_of_connect_looks_like_the_page_and_ends_by_itself():
    async with Sandbox() as sandbox:
        runner = await sandbox.start_runner()
        await sandbox.connect.go_down()
        lines = quoted("Connect was down")
        assert len(lines) == 2
        await runner.wait_for_log("BackgroundEventsWorker 2nd communication attempt failed")
        for line in lines:
            assert re.search(pattern(line), runner.log), line
        back = "BackgroundEventsWorker connected to wss://"
        assert back in page.section(TEXT, "Connect was down")
        before = runner.log.count(back)
        await sandbox.connect.come_back()
        while runner.log.count(back) == before:
            await asyncio.sleep(0.1)
        await runner.kill()


async def test_a_token_unknown_to_connect_looks_like_the_page():
    said = "received an unexpected status from server: 401"
    assert said in page.section(TEXT, "A revoked or leaked key")
    async with Sandbox() as sandbox:
        starting = asyncio.create_task(
            sandbox.start_runner(environment={"API_KEY": "ApiKey SU-1:revoked"})
        )
        while not any(runner.running for runner in sandbox.runners):
            await asyncio.sleep(0.1)
        await sandbox.runners[0].wait_for_log(said)
        assert not starting.done()  # it has not connected
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
