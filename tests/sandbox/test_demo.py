"""The demo's own checks, without a runner: the test plays the extension."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import pytest

from sandbox import Sandbox
from sandbox.demo import Telling
from sandbox.stories import OTHERS, prepare

NOT_SCHEDULED = "it was not scheduled until then"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        prepare(sandbox)
        yield sandbox


def begun(sandbox: Sandbox, status: str) -> Telling:
    """The story of a request that is scheduled and ends like this, played until it is scheduled."""
    [story] = [each for each in OTHERS if each.turn and each.end.request == status]
    telling = Telling(story, sandbox)
    telling.begin()
    planned = datetime.now(timezone.utc) + timedelta(days=90)
    sandbox.connect.requests.schedule(telling.request_id, {"planned_date": planned.isoformat()})
    return telling


async def test_a_scheduled_request_is_shown_with_its_day_and_then_takes_its_turn(
    sandbox: Sandbox,
) -> None:
    day, back = begun(sandbox, "approved"), begun(sandbox, "revoked")
    assert day.walk.startswith("pending → scheduled for 20")
    await asyncio.gather(day.finish(0.01), back.finish(0.01))
    assert (day.walk, day.status) == ("pending → scheduled → pending", "pending")
    assert (back.walk, back.status) == ("pending → scheduled → revoking", "revoking")
    for telling in (day, back):
        assert NOT_SCHEDULED not in (telling.problems or [])


async def test_a_request_that_does_not_stay_scheduled_until_its_day_is_a_problem(
    sandbox: Sandbox,
) -> None:
    early, never = begun(sandbox, "approved"), begun(sandbox, "revoked")
    sandbox.connect.requests.advance(never.request_id)
    finishing = asyncio.create_task(early.finish(0.01))
    await asyncio.sleep(0.1)
    sandbox.connect.requests.advance(early.request_id)
    sandbox.connect.agent_approve(early.request_id)
    await asyncio.gather(finishing, never.finish(0.01))
    assert early.walk == "pending → scheduled → approved"
    for telling in (early, never):
        assert NOT_SCHEDULED in (telling.problems or [])
