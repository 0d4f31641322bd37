from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from connect_ext.http.client import HttpClient
from tests.presets.world import World, running_world


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One official runner for all presets."""
    async with running_world() as world:
        yield world


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(timeout_seconds=5, max_concurrency=20)
    yield client
    await client.aclose()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests with the runner share the session's event loop, like the sandbox."""
    for item in items:
        if item.path.name == "test_end_to_end.py" and item.path.parent.name == "presets":
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
