from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trustme

from sandbox import LocalVendor
from sandbox.zuora import LocalZuora
from sandbox.zuora_orders import LocalZuoraOrders
from tests.check.unseen import Unseen
from tests.presets.vendors import serving


@pytest.fixture(scope="session")
def authority_of_nobody(tmp_path_factory):
    """An authority that signs nothing here; one is read faster than all of the real ones."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


@pytest.fixture(autouse=True)
def _only_what_these_tests_set(monkeypatch, authority_of_nobody):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_of_nobody))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


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
