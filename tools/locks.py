"""The lock files: their required contents, by pyproject.toml, and how they are written.

``make lock`` runs this in an environment that holds uv and poetry-core.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from poetry.core.constraints.version import parse_constraint
from poetry.core.factory import Factory
from poetry.core.packages.dependency import Dependency

ROOT = Path(__file__).resolve().parents[1]

# The official command line tool validates with another core than the runner runs with.
OFFICIAL_CORE = Dependency("connect-eaas-core", ">=38,<39")

_PIN = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\$", re.MULTILINE
)


def requirements() -> dict[str, list[Dependency]]:
    """The requirements that each lock file must satisfy, by its name."""
    package = Factory().create_poetry(ROOT).package
    runtime = list(package.dependency_group("main").dependencies)
    test = list(package.dependency_group("test").dependencies)
    builder = [each for each in test if each.name == "poetry-core"]
    others = [each for each in runtime if each.name != OFFICIAL_CORE.name]
    return {
        "requirements-dev.lock": runtime + test,
        "requirements-official.lock": [OFFICIAL_CORE, *others, *builder],
    }


def pins(lock: str) -> list[tuple[str, str]]:
    """The name and version of each package in a lock file."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return [(pin["name"], pin["version"]) for pin in _PIN.finditer(text)]


def disagreements(lock: str) -> list[str]:
    """Each requirement of pyproject.toml that the lock file does not satisfy."""
    locked: dict[str, list[str]] = {}
    for name, version in pins(lock):
        locked.setdefault(name, []).append(version)
    found = []
    for wanted in requirements()[lock]:
        versions = locked.get(wanted.name, [])
        if not versions:
            found.append(f"{lock} has no {wanted.name}")
        found += [
            f"{lock} has {wanted.name} {version}, pyproject.toml asks for {wanted.constraint}"
            for version in versions
            if not wanted.constraint.allows_any(parse_constraint(f"=={version}"))
        ]
    return found


def write(lock: str, *options: str) -> None:
    """Compile one lock for every Python and platform; versions pinned already stay if possible."""
    subprocess.run(
        [
            Path(sys.executable).with_name("uv"),
            *("pip", "compile", "--quiet", "--universal", "--python-version", "3.10"),
            *("--python", sys.executable, "--no-python-downloads", "--generate-hashes"),
            *("--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header"),
            *("--output-file", lock, *options, "-"),
        ],
        input="\n".join(each.to_pep_508() for each in requirements()[lock]),
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        check=True,
    )


if __name__ == "__main__":
    for each in requirements():
        write(each, *sys.argv[1:])
