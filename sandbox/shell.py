"""Everything a program needs to act for the extension in the running sandbox, as a runner does."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.address import DIRECTORY, Address
from sandbox.connect.environment import Environment, Variable
from sandbox.connect.journal import Happening
from sandbox.own_vendor import AUTHORITIES, NAME, past_proxies

VARIABLES_FILE = DIRECTORY / "variables.env"


class VariablesFile:
    """Keeps the portal's variables in a file, always up to date, until it is removed."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._is_kept = False

    def write(self) -> None:
        """Write it now, and again at every change."""
        self._is_kept = True
        # Some of them are keys.
        VARIABLES_FILE.touch(mode=0o600)
        text = env_text(self._environment.variables.values())
        VARIABLES_FILE.write_text(text, "utf-8", "replace")

    def happened(self, happening: Happening) -> None:
        """Write it again after a change of a variable, or after a runner has declared its own."""
        if self._is_kept and happening.kind in ("variable", "instance"):
            self.write()

    def remove(self) -> None:
        """Remove it."""
        self._is_kept = False
        VARIABLES_FILE.unlink(missing_ok=True)


def env_text(variables: Iterable[Variable]) -> str:
    """The variables, one `NAME=value` per line, without those that do not fit on one."""
    return "".join(f"{each.name}={each.value}\n" for each in variables if fits_on_a_line(each))


def fits_on_a_line(variable: Variable) -> bool:
    """Whether a file with one `NAME=value` per line can hold a variable."""
    has_breaks = "\n" in variable.value or "\r" in variable.value
    return not has_breaks and NAME.fullmatch(variable.name) is not None


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
