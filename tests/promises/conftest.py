from collections.abc import AsyncIterator

import pytest

from tests.in_process import Extension, running_extension


@pytest.fixture
async def extension() -> AsyncIterator[Extension]:
    async with running_extension() as extension:
        yield extension
