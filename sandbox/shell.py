"""Everything a program needs to act for the extension in the running sandbox, as a runner does."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.address import DIRECTORY, Address
from sandbox.connect.environment import Variable
from sandbox.own_vendor import AUTHORITIES, past_proxies

VARIABLES_FILE = DIRECTORY / "variables.env"


def write_variables(variables: Iterable[Variable]) -> None:
    """Write the portal's variables to a file, one `NAME=value` per line."""
    VARIABLES_FILE.write_text("".join(f"{each.name}={each.value}\n" for each in variables))


def exports(address: Address) -> str:
    """Shell commands that set the environment of a runner."""
    trusted = Path(address.ca_bundle)
    if address.vendor_url is None:
        trusted = trusted.with_name(AUTHORITIES)
    environment = {
        "API_KEY": address.api_key,
        "ENVIRONMENT_ID": address.environment_id,
        "SERVER_ADDRESS": urlsplit(address.url).netloc,
        "SSL_CERT_FILE": str(trusted),
        **past_proxies(),
    }
    return "\n".join(f"export {name}={shlex.quote(it)}" for name, it in environment.items())
