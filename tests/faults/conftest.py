"""One world with one runner for all tests of this folder."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.world import World, open_world

# 30 seconds of a rescheduled task are 0.6 here.
COUNTDOWN_SCALE = 0.02


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One sandbox and one runner, since starting the runner costs most."""
    async with open_world(countdown_scale=COUNTDOWN_SCALE, retry_seconds=30) as world:
        world.runner = await world.sandbox.start_runner()
        yield world
        await world.runner.kill()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder share the session's event loop and its world."""
    for item in items:
        if item.path.parent.name == "faults":
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(600))
            if inspect.iscoroutinefunction(getattr(item, "function", None)):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
