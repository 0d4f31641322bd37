"""One sandbox with the official runner in it, and one local Acme, for all tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.metadata import entry_points

import pytest
import pytest_asyncio

from local_acme import Contract, LocalAcme
from sandbox import Sandbox
from world import World


@pytest_asyncio.fixture(scope="session")
async def world() -> AsyncIterator[World]:
    """The sandbox, in which 30 seconds of waiting take a third of a second."""
    if not entry_points(group="connect_ext.vendors", name="acme-billing"):
        pytest.exit("Install the package first: pip install --no-deps -e .", returncode=2)
    acme = LocalAcme()
    await acme.start()
    # The minimum time before another attempt may be made.
    variables = {**acme.variables(), "SETTLE_MINUTES": "0.05", "VENDOR_TIMEOUT_SECONDS": "1.5"}
    try:
        async with Sandbox(variables=variables, countdown_scale=0.01) as sandbox:
            await sandbox.start_runner()
            yield World(sandbox, acme)
    finally:
        await acme.stop()


@pytest.fixture
def contract(world: World) -> Contract:
    """A running contract."""
    return world.acme.add()
