"""One runner for all tests of this folder that can share it; each test has its own product."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from sandbox import Sandbox

# 30 seconds of a rescheduled task take a third of a second here.
COUNTDOWN_SCALE = 0.01
# A variable's length is limited; products of finished tests need no variables.
MOST_PRODUCTS = 20


class World:
    """A sandbox with a running runner, where every test has products with its own variables."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.connect, self.vendor = sandbox.connect, sandbox.vendor
        self._numbers = count(100)
        self._overrides: dict[str, dict[str, str]] = {}

    def subscription_id(self) -> str:
        """An id at the vendor that no other test uses."""
        return f"SUB-{next(self._numbers)}"

    def product(self, *, scheduling: bool = True, **variables: str) -> str:
        """A new product with these variables; the running extension learns of them at once."""
        product_id = f"PRD-777-000-{next(self._numbers)}"
        self.connect.create_product(product_id=product_id, scheduling=scheduling)
        self.override(product_id, **variables)
        return product_id

    def override(self, product_id: str, **variables: str) -> None:
        """Replace the product's variables."""
        self._overrides[product_id] = variables
        if len(self._overrides) > MOST_PRODUCTS:
            del self._overrides[next(iter(self._overrides))]
        self.connect.set_variable("PRODUCT_OVERRIDES", json.dumps(self._overrides))

    def cancel(self, product_id: str | None = None, **fields: object) -> tuple[str, str]:
        """A new subscription that is cancelled: the ids of the request and at the vendor."""
        subscription = self.vendor.add(self.subscription_id(), **fields)
        asset_id = self.connect.create_subscription(
            subscription.id, product_id=product_id or self.product()
        )
        return self.connect.create_cancel_request(asset_id), subscription.id

    def cancellations(self, subscription_id: str) -> int:
        """How often the vendor really cancelled it."""
        return self.vendor.subscriptions[subscription_id].cancellations


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def world() -> AsyncIterator[World]:
    async with Sandbox(countdown_scale=COUNTDOWN_SCALE, retry_seconds=30) as sandbox:
        runner = await sandbox.start_runner(debug=True)
        yield World(sandbox)
        await runner.kill()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder run in the session's event loop, like the sandbox."""
    for item in items:
        if item.path.parent.name == "e2e":
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
