"""The list as a schedule of the portal, by the official runner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from connect_ext.cause import Cause
from connect_ext.events import MAX_OUTPUT_CHARACTERS
from connect_ext.next_steps import NEXT_STEPS
from sandbox import Sandbox

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

METHOD = "list_what_waits"
PATIENCE = 90.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    """With a running runner; each test has a product of its own."""
    async with Sandbox(countdown_scale=1.0, retry_seconds=600) as sandbox:
        runner = await sandbox.start_runner()
        yield sandbox
        await runner.kill()


async def scheduled(sandbox: Sandbox, parameter: Any = None) -> Any:
    """The task of a list in the portal, once it is settled."""
    schedule_id = sandbox.connect.create_schedule(METHOD, parameter)
    sandbox.connect.trigger(schedule_id)
    return await sandbox.connect.schedule_settled(schedule_id, PATIENCE)


async def waiting_request(sandbox: Sandbox, product_id: str, **fields: Any) -> str:
    """A request that its task has left waiting."""
    vendor_id = sandbox.vendor.add(**fields).id
    asset_id = sandbox.connect.create_subscription(vendor_id, product_id=product_id)
    request_id = sandbox.connect.create_cancel_request(asset_id)
    await sandbox.connect.answered(request_id, timeout=PATIENCE)
    return request_id


async def test_a_list_in_which_nobody_is_needed_succeeds(sandbox):
    product_id = sandbox.connect.create_product()
    request_id = await waiting_request(sandbox, product_id, status="cancelling")
    task = await scheduled(sandbox, {"products": [product_id]})
    assert task.status.value == "succeeded"
    first, second, third = task.output.splitlines()
    assert first == "1 request waits, none for a person."
    assert second.startswith(f"{request_id} (AS-")
    assert second.endswith("; at the vendor: cancelling")
    assert third.startswith("  now: The request would wait: The vendor is cancelling")
    assert sandbox.connect.status(request_id) == "pending"


async def test_one_with_a_request_for_a_person_fails_and_says_what_to_do(sandbox):
    product_id = sandbox.connect.create_product()
    request_id = await waiting_request(sandbox, product_id, status="frozen")
    task = await scheduled(sandbox, {"products": [product_id]})
    assert task.status.value == "failed"
    lines = task.output.splitlines()
    assert lines[0] == "1 request waits, 1 for a person."
    assert lines[1].startswith(request_id)
    assert lines[-1] == f"  next: {NEXT_STEPS[Cause.UNKNOWN_STATUS]}"
    log = sandbox.runners[0].log
    assert "What waits: 1 request waits, 1 for a person (1 unknown-status)." in log


async def test_without_a_product_the_tasks_tell_what_is_ours(sandbox):
    product_id = sandbox.connect.create_product()
    ours = await waiting_request(sandbox, product_id, status="cancelling")
    with sandbox.connect.silently():
        asset_id = sandbox.connect.create_subscription("SUB-theirs", product_id=product_id)
        theirs = sandbox.connect.create_cancel_request(asset_id)
    task = await scheduled(sandbox)
    assert ours in task.output
    assert theirs not in task.output
    assert "of another environment left out." in task.output


@pytest.mark.parametrize(
    "parameter", [{"product": []}, {"products": "PRD-1"}, {"products": ["../x"]}]
)
async def test_a_wrong_parameter_is_reported_with_the_expected_form(sandbox, parameter):
    task = await scheduled(sandbox, parameter)
    assert (task.status.value, '"products", a list of ids' in task.output) == ("failed", True)


async def test_a_long_list_is_cut_at_its_end_and_says_how_many_are_missing(sandbox):
    product_id = sandbox.connect.create_product()
    with sandbox.connect.silently():
        for _ in range(30):
            vendor_id = sandbox.vendor.add(status="frozen").id
            asset_id = sandbox.connect.create_subscription(vendor_id, product_id=product_id)
            sandbox.connect.create_cancel_request(asset_id)
    task = await scheduled(sandbox, {"products": [product_id]})
    assert len(task.output) <= MAX_OUTPUT_CHARACTERS
    assert task.output.startswith("30 requests wait, 30 for a person.")
    shown = task.output.count("PR-1000")
    assert task.output.endswith(f"\nand {30 - shown} more")
