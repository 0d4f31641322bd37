"""The lock files, and the requirements from pyproject.toml and the lists beside it.

Production installs ``poetry.lock``. The tests run with ``requirements-dev.lock``: the same
packages, the runner and the test tools. ``requirements-official.lock`` is for ``make official``,
``requirements-docs.lock`` for ``make docs`` and the pictures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from poetry.core.constraints.version import parse_constraint
from poetry.core.factory import Factory
from poetry.core.packages.dependency import Dependency
from poetry.core.pyproject.toml import PyProjectTOML

ROOT = Path(__file__).resolve().parents[1]

POETRY_LOCK = "poetry.lock"
DEV_LOCK = "requirements-dev.lock"
OFFICIAL_LOCK = "requirements-official.lock"
DOCS_LOCK = "requirements-docs.lock"

DEV_LIST = "requirements-dev.in"
DOCS_LIST = "requirements-docs.in"

# The official command line tool and the runner use different versions of the core.
OFFICIAL_CORE = Dependency("connect-eaas-core", ">=38,<39")

_PIN = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\$", re.MULTILINE
)


def requirements() -> dict[str, list[Dependency]]:
    """The requirements that each of pip's lock files must satisfy, by its file name."""
    package = Factory().create_poetry(ROOT).package
    runtime = list(package.dependency_group("main").dependencies)
    dev = listed(DEV_LIST)
    builder = [each for each in dev if each.name == "poetry-core"]
    others = [each for each in runtime if each.name != OFFICIAL_CORE.name]
    return {
        DEV_LOCK: runtime + dev,
        OFFICIAL_LOCK: [OFFICIAL_CORE, *others, *builder],
        DOCS_LOCK: listed(DOCS_LIST),
    }


def listed(name: str) -> list[Dependency]:
    """The requirements in a list such as requirements-dev.in."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    texts = [line.partition("#")[0].strip() for line in lines]
    return [Dependency.create_from_pep_508(text) for text in texts if text]


def without_a_hash(wanted: Iterable[Dependency]) -> list[str]:
    """The names of dependencies from a directory, a file, a URL or a repository."""
    return sorted(each.name for each in wanted if each.is_direct_origin())


def pins(lock: str) -> list[tuple[str, str]]:
    """The name and version of each package in one of pip's lock files."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return [(pin["name"], pin["version"]) for pin in _PIN.finditer(text)]


def disagreements(lock: str) -> list[str]:
    """Each requirement that one of pip's lock files does not satisfy."""
    locked: dict[str, list[str]] = {}
    for name, version in pins(lock):
        locked.setdefault(name, []).append(version)
    found = []
    for wanted in requirements()[lock]:
        versions = locked.get(wanted.name, [])
        if not versions:
            found.append(f"{lock} has no {wanted.name}")
        found += [
            f"{lock} has {wanted.name} {version}, but {wanted.constraint} is required"
            for version in versions
            if not wanted.constraint.allows_any(parse_constraint(f"=={version}"))
        ]
    return found


def poetry_lock() -> dict[str, Any]:
    """The contents of poetry.lock."""
    return PyProjectTOML(ROOT / POETRY_LOCK).data


def content_hash() -> str:
    """The hash that tells Poetry whether pyproject.toml has changed since it was locked.

    Poetry itself is not installed for the tests, so this repeats its
    ``Locker._get_content_hash`` for a project without the section of PEP 621.
    """
    poetry = PyProjectTOML(ROOT / "pyproject.toml").poetry_config
    relevant = {
        key: poetry.get(key) for key in ("dependencies", "source", "extras", "dev-dependencies")
    }
    if "group" in poetry:
        relevant["group"] = poetry["group"]
    return sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()
