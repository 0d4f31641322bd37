"""A local Connect over real TLS, and a client that trusts it."""

from __future__ import annotations

import ssl
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from connect.client import AsyncConnectClient, fluent

from sandbox import LocalConnect
from sandbox.certificates import Certificates, issue_certificates

Call = Callable[..., Any]


def pytest_configure(config: pytest.Config) -> None:
    # Up to Python 3.10, asyncio reports every TLS connection as unclosed that the other side ended.
    if sys.version_info < (3, 11):
        unclosed = "unclosed transport <asyncio.sslproto:ResourceWarning"
        config.addinivalue_line("filterwarnings", f"ignore:{unclosed}")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def connect(certificates: Certificates) -> AsyncIterator[LocalConnect]:
    connect = LocalConnect(certificates.server_context, countdown_scale=0.001, retry_seconds=30)
    await connect.start()
    yield connect
    await connect.stop()


@pytest.fixture
async def session(
    certificates: Certificates, connect: LocalConnect
) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=certificates.client_context())
    headers = {"Authorization": connect.api_key}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        yield session


@pytest.fixture
async def client(connect: LocalConnect, certificates: Certificates) -> AsyncIterator[Any]:
    # The client keeps one transport for each endpoint and makes its own TLS context; it is too late
    # to set a runner's environment variable for this process.
    context: ssl.SSLContext = certificates.client_context()
    transports = fluent._ASYNC_TRANSPORTS
    transports[connect.url] = httpx.AsyncHTTPTransport(verify=context)
    yield AsyncConnectClient(connect.api_key, endpoint=connect.url, use_specs=False, max_retries=0)
    await transports.pop(connect.url).aclose()


@pytest.fixture
def call(session: aiohttp.ClientSession, connect: LocalConnect) -> Call:
    """Make a call; returns its status and its JSON."""

    async def make(method: str, path: str, payload: Any = None, **options: Any) -> Any:
        url = f"{connect.url}/{path}"
        async with session.request(method, url, json=payload, **options) as response:
            return response.status, await response.json()

    return make


@pytest.fixture
def project_root() -> Path:
    return Path(__file__).resolve().parent.parent.parent
