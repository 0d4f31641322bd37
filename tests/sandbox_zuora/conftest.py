from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest

from sandbox.zuora import LocalZuora
from tests.sandbox_zuora.calling import Caller


@pytest.fixture
async def zuora() -> AsyncIterator[LocalZuora]:
    local = LocalZuora()
    await local.start()
    yield local
    await local.stop()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5) as client:
        yield client


@pytest.fixture
def caller(zuora: LocalZuora, http: httpx.AsyncClient) -> Callable[[str], Caller]:
    return lambda version: Caller(zuora, http, version)


@pytest.fixture
def day(zuora: LocalZuora) -> Callable[..., str]:
    """A day, counted from today, as a version writes it."""

    def written(days: int = 0, version: str = "69.0") -> str:
        found = (zuora.billing.today() + timedelta(days=days)).isoformat()
        return found if float(version) > 68 else f"{found}T00:00:00.000-08:00"

    return written
