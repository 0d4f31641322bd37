import ssl

import pytest
import trustme

from connect_ext.http.client import HttpClient
from tests.surroundings import only_what_these_tests_set, stranger

__all__ = ["only_what_these_tests_set", "stranger"]


@pytest.fixture
async def http():
    client = HttpClient(timeout_seconds=10, max_concurrency=50)
    yield client
    await client.aclose()


@pytest.fixture
async def hasty():
    """A client with a time-out of half a second."""
    client = HttpClient(timeout_seconds=0.5, max_concurrency=4)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture
def tls(authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
