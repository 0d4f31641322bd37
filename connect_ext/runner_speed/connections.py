"""The runner's own calls to Connect, over the connections and the parser that ours go over."""

from __future__ import annotations

from connect_ext.http.transport import Transport
from connect_ext.runner_speed.runner import CLIENT, RUNNER, loaded


def keep(count: int) -> None:
    """Give the Connect client so many connections, which stay open (its own keeps twenty)."""
    endpoint = loaded(f"{RUNNER}.config", "ConfigHelper")().get_api_url()
    loaded(CLIENT, "_ASYNC_TRANSPORTS")[endpoint] = Transport(count)
