"""Gives the runner's own calls to Connect the same connections and parser as ours."""

from __future__ import annotations

from connect_ext.http.transport import Transport
from connect_ext.runner_speed.runner import CLIENT, RUNNER, loaded


def keep(count: int) -> None:
    """Give the Connect client ``count`` connections that stay open (its own pool keeps twenty)."""
    endpoint = loaded(f"{RUNNER}.config", "ConfigHelper")().get_api_url()
    loaded(CLIENT, "_ASYNC_TRANSPORTS")[endpoint] = Transport(count)
