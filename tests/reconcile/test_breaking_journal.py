"""A journal belongs to one run, not to another environment's or last week's."""

import json
import os
import time
from datetime import timedelta

from connect_ext.reconcile.resuming import FileJournal
from sandbox import Sandbox
from sandbox.connect.environment import ENVIRONMENT_ID
from sandbox.faults import Respond
from tests.reconcile.running import FAST, Command

ORDER = {"days": 30, "products": ["PRD-100-000-001"]}


def test_old_findings_do_not_count_as_current(tmp_path):
    path = tmp_path / "journal"
    journal = FileJournal(path, ORDER)
    journal.keep("PR-1-002", None)
    journal.close()
    yesterday = time.time() - 24 * 3600
    os.utime(path, (yesterday, yesterday))
    again = FileJournal(path, ORDER)
    assert not again.has("PR-1-002")
    again.keep("PR-2-002", None)
    again.close()
    after = FileJournal(path, ORDER)
    assert not after.has("PR-1-002")
    assert after.has("PR-2-002")
    after.close()


async def test_a_run_that_connect_ended_early_is_resumed(tmp_path):
    path = tmp_path / "journal"
    async with Sandbox() as sandbox:
        request_id = sandbox.cancel("SUB-1", status="cancelled")
        sandbox.connect.agent_approve(request_id)
        sandbox.connect.backdate(request_id, timedelta(hours=2))
        outage = sandbox.connect.faults.add(
            *("GET", "/assets$", Respond(403)),
            predicate=lambda request, _: "ordering" in request.query_string,
        )
        run = Command(sandbox, tmp_path).run
        arguments = (*FAST, "--resume", str(path))
        assert "HTTP 403" in (await run(*arguments)).out
        assert path.exists()
        (look,) = sandbox.vendor.calls
        sandbox.connect.faults.remove(outage)
        assert (await run(*arguments)).status == 0
        assert sandbox.vendor.calls == [look]
        assert not path.exists()


async def test_a_run_for_another_environment_does_not_resume_it(tmp_path):
    path = tmp_path / "journal"
    order = {"environment": ENVIRONMENT_ID, "days": 0, "products": []}
    path.write_text(f"{json.dumps(order)}\n")
    async with Sandbox() as sandbox:
        run = Command(sandbox, tmp_path).run
        arguments = ("--days", "0", "--resume", str(path))
        other = await run(*arguments, ENVIRONMENT_ID=f"{ENVIRONMENT_ID[:-1]}2")
        assert other.status == 2
        assert "is from a run with other options" in other.err
        assert path.exists()
        assert (await run(*arguments)).status == 0
        assert not path.exists()
