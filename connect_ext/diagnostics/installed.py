"""Installed versions, and vendor adapters from other packages."""

from __future__ import annotations

import json
import platform
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path

from connect_ext.diagnostics.sections import Facts
from connect_ext.guarded import guarded
from connect_ext.vendors.base import VendorDefinition
from connect_ext.vendors.registry import BUILT_IN, ENTRY_POINT_GROUP

PACKAGES = {
    "runner": "connect-extension-runner",
    "core": "connect-eaas-core",
    "Connect client": "connect-openapi-client",
    "httpx": "httpx",
    "aiohttp": "aiohttp",
    "lxml": "lxml",
    "jmespath": "jmespath",
}


async def installed() -> Facts:
    """The versions by component."""
    return {
        "extension": _own_version(),
        "Python": platform.python_version(),
        "platform": platform.platform(),
        **{name: _version(package) for name, package in PACKAGES.items()},
    }


async def adapters() -> Facts:
    """The vendors from other packages, each with its package and whether it works."""
    return {each.name: await _adapter(each) for each in entry_points(group=ENTRY_POINT_GROUP)}


def _own_version() -> str:
    descriptor = Path(__file__).parents[1] / "extension.json"
    return str(json.loads(descriptor.read_text(encoding="utf-8"))["version"])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


async def _adapter(point: EntryPoint) -> Facts:
    package = point.dist
    return {
        "package": package.metadata["Name"] if package else "unknown",
        "version": package.metadata["Version"] if package else "unknown",
        "works": await _state(point),
    }


async def _state(point: EntryPoint) -> str:
    if point.name in BUILT_IN:
        return "no: the extension itself has a vendor of this name"
    names_one = await guarded(_names_a_definition(point))
    if isinstance(names_one, str):
        return f"no: importing it raises {names_one.partition(': ')[2]}"
    return "it can be imported" if names_one else "no: it names no VendorDefinition"


async def _names_a_definition(point: EntryPoint) -> bool:
    """Whether it names a definition; importing it may raise anything."""
    return isinstance(point.load(), VendorDefinition)
