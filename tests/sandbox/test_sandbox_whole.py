"""The whole sandbox, and its command line from two processes."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from sandbox import LocalVendor, RunnerFailed, Sandbox
from sandbox.address import Address
from tests.sandbox.commands import PATIENCE, client, command, line_with

ASKING = """
import os, httpx
path = f"devops/services/SRVC-1000-2000/environments/{os.environ['ENVIRONMENT_ID']}"
url = f"https://{os.environ['SERVER_ADDRESS']}/public/v1/{path}"
answer = httpx.get(url, headers={"Authorization": os.environ["API_KEY"]})
print(answer.status_code, answer.json()["status"])
"""


async def test_the_variables_point_to_the_vendor_by_default() -> None:
    async with Sandbox(variables={"REST_API_KEY": "wrong", "DRY_RUN": "true"}) as sandbox:
        values = {name: each.value for name, each in sandbox.connect.environment.variables.items()}
        assert values == {
            "VENDOR": "rest",
            "REST_API_URL": sandbox.vendor.url,
            "REST_AUTH": "bearer",
            "REST_API_KEY": "wrong",
            "DRY_RUN": "true",
        }


@pytest.mark.parametrize("auth", ["bearer", "basic", "oauth2", "none", "header:X-Key"])
def test_every_kind_of_credentials_has_its_variables(auth: str) -> None:
    variables = LocalVendor(auth=auth).variables()
    assert variables["REST_AUTH"] == auth
    assert ("REST_API_KEY" in variables) == (auth in ("bearer", "basic", "header:X-Key"))
    assert ("REST_OAUTH_CLIENT_SECRET" in variables) == (auth == "oauth2")


async def test_a_cancelled_subscription_is_known_to_the_vendor_and_to_connect() -> None:
    async with Sandbox() as sandbox:
        request = sandbox.connect.request(sandbox.cancel("SUB-77", status="draft"))
        params = {each["id"]: each["value"] for each in request["asset"]["params"]}
        assert params["subscription_id"] == "SUB-77"
        assert sandbox.vendor.subscriptions["SUB-77"].status == "draft"
        sandbox.connect.set_variable("X", "y")
        with pytest.raises(TimeoutError, match=request["id"]):
            await sandbox.connect.settled(request["id"], timeout=0.05)


async def test_a_stopped_server_leaves_no_connection_of_a_client_that_does_not_read() -> None:
    async with Sandbox() as sandbox:
        port, trust = urlsplit(sandbox.connect.url).port, sandbox.certificates.client_context()
        reader, writer = await asyncio.open_connection("localhost", port, ssl=trust)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()
        assert _connections(port) == 1
    assert _connections(port) == 0
    writer.transport.abort()
    await asyncio.sleep(0.05)


def _connections(port: int | None) -> int:
    """How many open connections this process's server has on a port."""
    sockets = psutil.Process().connections("tcp")
    return sum(each.laddr.port == port and bool(each.raddr) for each in sockets)


async def test_a_runner_without_its_handler_says_what_it_logged() -> None:
    async with Sandbox() as sandbox:
        with pytest.raises(RunnerFailed, match="did not connect"):
            await sandbox.start_runner(handler="no_such_module:Handler", timeout=60)
        assert not sandbox.runners[0].running
        assert "no_such_module" in sandbox.runners[0].log


async def test_another_process_can_make_one_more_request_and_follow_it(
    tmp_path: Path, project_root: Path
) -> None:
    where = {"cwd": tmp_path, "root": project_root}
    async with command("serve", "--no-runner", **where) as serving:
        await line_with(serving, "-m sandbox cancel")
        address = json.loads((tmp_path / ".sandbox" / "state.json").read_text())
        async with command("cancel", **where) as cancelling:
            request_id = (await line_with(cancelling, "pending")).split()[0]
            async with client(address) as session:
                url = f"{address['url']}/requests/{request_id}/fail"
                async with session.post(url, json={"reason": "in use"}) as response:
                    assert response.status == 200
            assert "in use" in await line_with(cancelling, "failed")
            assert await asyncio.wait_for(cancelling.wait(), PATIENCE) == 0
    assert serving.returncode == 0
    assert not (tmp_path / ".sandbox" / "state.json").exists()


async def test_another_process_can_play_the_planned_date_and_the_customers_side(
    tmp_path: Path, project_root: Path
) -> None:
    where = {"cwd": tmp_path, "root": project_root}
    async with command("serve", "--no-runner", **where) as serving:
        await line_with(serving, "-m sandbox cancel")
        address = json.loads((tmp_path / ".sandbox" / "state.json").read_text())
        async with command("cancel", **where) as cancelling, client(address) as session:
            request_id = (await line_with(cancelling, "pending")).split()[0]
            url = f"{address['url']}/requests/{request_id}"
            planned = {"planned_date": "2999-12-31T00:00:00Z"}
            for name, shown in (("forward", "pending"), ("revoke", "revoking")):
                await session.post(f"{url}/schedule", json=planned)
                assert "2999-12-31" in await line_with(cancelling, "scheduled")
                async with command(name, request_id, **where) as playing:
                    assert request_id in await line_with(playing, shown)
                    assert request_id in await line_with(cancelling, shown)
            await session.post(f"{url}/confirm")
            assert "subscription active" in await line_with(cancelling, "revoked")
            assert await asyncio.wait_for(cancelling.wait(), PATIENCE) == 0
        async with command("forward", request_id, **where) as refused:
            assert "Only scheduled" in await line_with(refused, "REQ_003")


async def test_another_program_can_act_for_the_extension(
    tmp_path: Path, project_root: Path
) -> None:
    where = {"cwd": tmp_path, "root": project_root}
    variables = tmp_path / ".sandbox" / "variables.env"
    async with command("serve", "--no-runner", "--variable", "NOTES=off", **where) as serving:
        await line_with(serving, "-m sandbox cancel")
        async with command("environment", **where) as printing:
            raw, _ = await asyncio.wait_for(printing.communicate(), PATIENCE)
        assert "NOTES=off" in variables.read_text().splitlines()
        assert ".sandbox/variables.env" in raw.decode()
        program = await asyncio.create_subprocess_exec(
            *("sh", "-c", f'{raw.decode()}\nexec "$0" -c "$1"', sys.executable, ASKING),
            stdout=asyncio.subprocess.PIPE,
        )
        answer, _ = await asyncio.wait_for(program.communicate(), PATIENCE)
        assert answer.split() == [b"200", b"connected"]
    assert not variables.exists()


async def test_another_process_can_make_connect_forget_a_request(
    tmp_path: Path, project_root: Path
) -> None:
    where = {"cwd": tmp_path, "root": project_root}
    async with command("serve", "--no-runner", **where) as serving:
        await line_with(serving, "-m sandbox cancel")
        async with command("cancel", **where) as cancelling:
            request_id = (await line_with(cancelling, "pending")).split()[0]
        async with command("forget", request_id, "--hours", "26", **where) as forgetting:
            yesterday = datetime.now(timezone.utc) - timedelta(hours=26)
            assert f"pending  since {yesterday:%Y-%m-%d}" in await line_with(forgetting, request_id)
            assert await asyncio.wait_for(forgetting.wait(), PATIENCE) == 0
        await line_with(serving, "forgotten")
        async with command("forget", "PR-0", **where) as refused:
            await line_with(refused, "NOT_FOUND")


@pytest.mark.e2e
async def test_another_process_can_run_a_schedulable_and_see_its_output(
    tmp_path: Path, project_root: Path
) -> None:
    where, state = {"cwd": tmp_path, "root": project_root}, tmp_path / ".sandbox" / "state.json"
    async with Sandbox(directory=state.parent) as sandbox:
        runner = await sandbox.start_runner(handler="tests.sandbox.schedulables:Schedulables")
        state.write_text(json.dumps(asdict(Address.of(sandbox))))
        for result, shown, code in (("success", "succeeded", 0), ("fail", "failed", 1)):
            parameter = json.dumps({"result": result, "output": "one line\nand another"})
            async with command(
                "schedule", "run_sync", "--parameter", parameter, **where
            ) as running:
                await line_with(running, "run_sync")
                await line_with(running, shown)
                assert await line_with(running, "") == "one line\n"
                assert await line_with(running, "") == "and another\n"
                assert await asyncio.wait_for(running.wait(), PATIENCE) == code
        async with command("schedule", "no_method", **where) as refused:
            assert "no_method" in await line_with(refused, "VAL_001")
        await runner.kill()


async def test_cancelling_without_a_sandbox_is_one_clear_sentence(
    tmp_path: Path, project_root: Path
) -> None:
    async with command("cancel", cwd=tmp_path, root=project_root) as process:
        assert "python -m sandbox serve" in await line_with(process, "no sandbox")
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 1
