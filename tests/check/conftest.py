from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox import LocalVendor
from sandbox.zuora import LocalZuora
from sandbox.zuora_orders import LocalZuoraOrders
from tests.check.unseen import Unseen
from tests.presets.vendors import serving
from tests.surroundings import only_what_these_tests_set, stranger

__all__ = ["only_what_these_tests_set", "stranger"]


@pytest.fixture
async def vendor() -> AsyncIterator[LocalVendor]:
    async with serving(LocalVendor()) as each:
        yield each


@pytest.fixture
async def oauth() -> AsyncIterator[LocalVendor]:
    async with serving(LocalVendor(auth="oauth2")) as each:
        yield each


@pytest.fixture
async def zuora() -> AsyncIterator[LocalZuora]:
    async with serving(LocalZuora()) as each:
        yield each


@pytest.fixture
async def orders() -> AsyncIterator[LocalZuoraOrders]:
    async with serving(LocalZuoraOrders()) as each:
        yield each


@pytest.fixture
async def unseen() -> AsyncIterator[Unseen]:
    async with serving(Unseen()) as each:
        yield each
