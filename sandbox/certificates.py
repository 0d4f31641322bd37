"""A throw-away certificate authority for the loopback interface."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

HOST_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Certificates:
    """A server's TLS context, and the CA file that makes clients trust it."""

    server_context: ssl.SSLContext
    ca_bundle: Path

    def client_context(self) -> ssl.SSLContext:
        """A client's TLS context that trusts only this authority."""
        return ssl.create_default_context(cafile=str(self.ca_bundle))


def issue_certificates(directory: Path) -> Certificates:
    """Make a new authority and a server certificate.

    The authority's certificate is written to `ca.pem` in the directory. No private key stays in a
    file.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOST_NAMES).configure_cert(context)
    ca_bundle = directory / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_bundle))
    return Certificates(server_context=context, ca_bundle=ca_bundle)
