import ssl

import pytest
import trustme

from connect_ext.http.client import HttpClient


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that signs nothing here; one is read faster than all of the real ones."""
    path = tmp_path_factory.mktemp("stranger") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


@pytest.fixture(autouse=True)
def _only_what_these_tests_set(monkeypatch, stranger):
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def http():
    client = HttpClient(timeout_seconds=2, max_concurrency=50)
    yield client
    await client.aclose()


@pytest.fixture
async def hasty():
    """A client that waits for a fifth of a second."""
    client = HttpClient(timeout_seconds=0.2, max_concurrency=4)
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
