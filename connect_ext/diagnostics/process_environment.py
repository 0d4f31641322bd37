"""The process's environment: whether each relevant variable is set, but no values."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from datetime import datetime

from connect_ext.command_line.authorities import AUTHORITIES, has_usable_authorities
from connect_ext.diagnostics.sections import Facts

NAMES = ("API_KEY", "SERVER_ADDRESS", "API_ADDRESS", "ENVIRONMENT_ID", "CONNECT_EXT_RUNNER_SPEED")
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
MORE_AUTHORITIES = ("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def process_environment(environment: Mapping[str, str]) -> Facts:
    """Tell which variables are set; either spelling of a proxy's counts."""
    proxies = {name: environment.get(name) or environment.get(name.lower()) for name in PROXIES}
    return {
        **{name: _is_set(environment.get(name)) for name in NAMES},
        **{name: _is_set(value) for name, value in proxies.items()},
        AUTHORITIES: _state_of_authorities(environment),
        **{name: _can_be_read(environment.get(name)) for name in MORE_AUTHORITIES},
    }


def time_here() -> Facts:
    """The time by this machine's clock, and its time zone."""
    now = datetime.now().astimezone()
    return {"now": now.isoformat(timespec="seconds"), "time zone": now.tzname()}


def leave_out_unusable_authorities(environment: MutableMapping[str, str]) -> None:
    """Unset an unusable ``SSL_CERT_FILE``, with which the official client cannot be imported."""
    if not has_usable_authorities(environment):
        environment.pop(AUTHORITIES, None)


def _state_of_authorities(environment: Mapping[str, str]) -> str:
    if not has_usable_authorities(environment):
        return "set, but cannot be read as certificates; below, it counts as not set"
    return _can_be_read(environment.get(AUTHORITIES))


def _is_set(value: str | None) -> str:
    return "set" if value and value.strip() else "not set"


def _can_be_read(path: str | None) -> str:
    if not path:
        return "not set"
    return "set, and can be read" if os.access(path, os.R_OK) else "set, but cannot be read"
