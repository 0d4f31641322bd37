from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.surroundings import only_what_these_tests_set, stranger
from tests.waiting.world import CommandLine, World, waiting

__all__ = ["only_what_these_tests_set", "stranger"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with waiting() as world:
        yield world


@pytest.fixture
def command(tmp_path, world):
    return CommandLine(tmp_path, world.sandbox, world.extension.variables)
