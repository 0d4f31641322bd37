"""Connect for a command: account and host come from the process's environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connect.client import AsyncConnectClient

from connect_ext.connect.api import ConnectApi
from connect_ext.connect.listing import Environment
from connect_ext.connect.object_id import is_object_id
from connect_ext.shared_state import SharedState

DEFAULT_ADDRESS = "api.cnct.info"
"""The runner's own default."""

_ENVIRONMENT_ID = re.compile(r"ENV-[0-9-]+-\d\d")
_ADDRESS = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?")


class NoConnectionError(Exception):
    """An environment variable of the process is missing or wrong; the text says which."""


@dataclass(frozen=True)
class Connection:
    """An account in Connect, with the extension's environment in it, if named."""

    client: AsyncConnectClient
    environment: Environment | None = None

    def api(self, shared: SharedState) -> ConnectApi:
        """Make the API client for this account."""
        return shared.connect_api(self.client)


def connection(environment: Mapping[str, str]) -> Connection:
    """Read the account from ``API_KEY`` and ``SERVER_ADDRESS``, like the runner.

    Raises ``NoConnectionError``.
    """
    token = environment.get("API_KEY", "").strip()
    if not token.isascii() or not token.isprintable() or not token:
        raise NoConnectionError(
            "API_KEY must hold the extension's token in Connect, as in the environment of the"
            " runner."
        )
    address = environment.get("API_ADDRESS") or environment.get("SERVER_ADDRESS", "")
    address = address.strip() or DEFAULT_ADDRESS
    if not _ADDRESS.fullmatch(address):
        raise NoConnectionError(
            "SERVER_ADDRESS must be a host of Connect such as api.connect.cloudblue.com, without"
            " 'https://' and without a path."
        )
    client = AsyncConnectClient(
        token, endpoint=f"https://{address}/public/v1", use_specs=False, max_retries=0
    )
    return Connection(client, _environment(environment.get("ENVIRONMENT_ID", "").strip()))


def _environment(environment_id: str) -> Environment | None:
    if not environment_id:
        return None
    if not is_object_id(environment_id) or not _ENVIRONMENT_ID.fullmatch(environment_id):
        raise NoConnectionError("ENVIRONMENT_ID must be an id such as ENV-1234-5678-01.")
    # So does the runner (docs/facts.md, Connect 6).
    return Environment(f"SRVC-{environment_id[4:-3]}", environment_id)
