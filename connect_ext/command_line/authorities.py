"""A command's certificate authorities, from the file in ``SSL_CERT_FILE``."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

AUTHORITIES = "SSL_CERT_FILE"


def has_usable_authorities(environment: Mapping[str, str]) -> bool:
    """Whether the file can be read as certificates, or no file is named."""
    path = environment.get(AUTHORITIES)
    if not path:
        return True
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        return False
    return True
