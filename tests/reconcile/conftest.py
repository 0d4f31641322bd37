from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.reconcile.world import World, reconciling


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with reconciling() as world:
        yield world
