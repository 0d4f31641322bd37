"""Fixtures that keep the machine's authorities and proxies out of a test."""

import pytest
import trustme

__all__ = ["only_what_these_tests_set", "stranger"]


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that signs nothing here; it is read faster than all of the real ones."""
    path = tmp_path_factory.mktemp("stranger") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


@pytest.fixture(autouse=True)
def only_what_these_tests_set(monkeypatch, stranger):
    """Trust only that authority and use no proxy, in every test of a folder that imports this."""
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
