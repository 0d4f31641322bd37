"""The full debug log of the demo, played at the runner's debug level."""

import io

from rich.console import Console

from sandbox import Sandbox
from sandbox.connect.objects import Customer
from sandbox.demo import COUNTDOWN_SCALE, play, prepare
from tests.leaks import leaks


async def test_the_demo_ends_well_and_its_debug_log_holds_no_secret_and_no_personal_data():
    said = io.StringIO()
    console = Console(file=said, width=80)
    async with Sandbox(countdown_scale=COUNTDOWN_SCALE, log_level="DEBUG") as sandbox:
        prepare(sandbox)
        runner = await sandbox.start_runner(debug=True)
        assert await play(sandbox, console), said.getvalue()
        await runner.stop()
        log = runner.log
        secrets = {
            "REST_API_KEY": sandbox.vendor.api_key,
            "ZUORA_PASSWORD": sandbox.zuora.variables()["ZUORA_PASSWORD"],
            "Connect's token": sandbox.connect.api_key.partition(":")[2],
            **{f"session {token}": token for token in sandbox.zuora.sessions.tokens},
        }
    assert "Received message" in log
    assert "approved" in log
    assert "method=POST http=200" in log
    assert any(name.startswith("session") for name in secrets)
    assert leaks(log + said.getvalue(), secrets) == []
    for mark in Customer().personal_data():
        assert mark
        assert mark not in log
        assert mark not in said.getvalue()
