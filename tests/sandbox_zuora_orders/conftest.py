from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.zuora_orders import LocalZuoraOrders
from tests.sandbox_zuora_orders.calling import Caller


@pytest.fixture
async def zuora() -> AsyncIterator[LocalZuoraOrders]:
    local = LocalZuoraOrders()
    await local.start()
    yield local
    await local.stop()
    await local.late_orders_done()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5) as client:
        yield client


@pytest.fixture
def caller(zuora: LocalZuoraOrders, http: httpx.AsyncClient) -> Caller:
    return Caller(zuora, http)
