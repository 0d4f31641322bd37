"""The event loop keeps running while a check reads the worst answers: other tasks run beside it."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.check.trying import everything_told, tried
from tests.hostile.answers import OF_REST
from tests.hostile.heartbeat import MOST_LATE_SECONDS, Heartbeat, at_best
from tests.hostile.sides import PATHS
from tests.http.servers import raw_server, speaks

SIX_AT_ONCE = 6

pytestmark = pytest.mark.undisturbed


async def lateness(said: bytes, **more: str) -> float:
    """The longest delay of the loop while some checks read the answer."""
    async with raw_server(speaks(said)) as url:
        variables = {**PATHS, "REST_API_URL": url, "REST_AUTH": "none", **more}
        await tried(variables, "SUB-1")
        async with Heartbeat() as heart:
            checks = (tried(variables, "SUB-1", suggest=True) for _ in range(SIX_AT_ONCE))
            reports = await asyncio.wait_for(asyncio.gather(*checks), 100)
    assert all(everything_told(report) for report in reports)
    return heart.latest


@pytest.mark.parametrize("name", OF_REST)
async def test_the_loop_keeps_running(name):
    said = OF_REST[name]()
    assert await at_best(lambda: lateness(said)) <= MOST_LATE_SECONDS


async def test_the_loop_keeps_running_while_a_thousand_overrides_are_read():
    values = {f"PRD-1-{n}": {"REST_API_KEY": f"k3y-of-{n}"} for n in range(1000)}
    said, overrides = next(iter(OF_REST.values()))(), json.dumps(values)
    late = await at_best(lambda: lateness(said, PRODUCT_OVERRIDES=overrides))
    assert late <= MOST_LATE_SECONDS
