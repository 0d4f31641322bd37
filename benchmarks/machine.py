"""What was measured on: the machine, without its name, and the packages."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import psutil

PACKAGES = ("connect-extension-runner", "httpx", "aiohttp", "connect-openapi-client")


def machine() -> str:
    """The machine and its Python."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, {platform.system()};"
        f" {platform.python_implementation()} {platform.python_version()}"
    )


def packages() -> dict[str, str]:
    """The versions of the packages that matter most."""
    return {name: version(name) for name in PACKAGES}
