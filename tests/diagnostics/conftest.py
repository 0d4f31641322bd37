from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.diagnostics.running import Diagnostics
from tests.surroundings import only_what_these_tests_set, stranger

__all__ = ["only_what_these_tests_set", "stranger"]


@pytest.fixture
def command(tmp_path: Path) -> Diagnostics:
    """The command in its own directory, without a Connect."""
    return Diagnostics(tmp_path)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as each:
        yield each


@pytest.fixture
def connected(sandbox: Sandbox, tmp_path: Path) -> Diagnostics:
    """The command with the sandbox's Connect."""
    return Diagnostics(tmp_path, surroundings_of(sandbox))


def surroundings_of(sandbox: Sandbox) -> dict[str, str]:
    return {
        "API_KEY": sandbox.connect.api_key,
        "SERVER_ADDRESS": sandbox.connect.address,
        "SSL_CERT_FILE": str(sandbox.ca_bundle),
    }
