"""The sandbox's page over HTTP: one sandbox for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.portal.desk import Desk, opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk() -> AsyncIterator[Desk]:
    async with opened() as desk:
        yield desk


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder run in the event loop of the session, with the sandbox."""
    for item in items:
        if item.path.parent.name == "portal":
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
