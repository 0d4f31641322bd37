"""The locks: what they must hold, by pyproject.toml, and how they are written.

`make lock` runs this in an environment that holds uv and poetry-core.
"""

import re
import subprocess
import sys
from pathlib import Path

from poetry.core.constraints.version import parse_constraint
from poetry.core.factory import Factory
from poetry.core.packages.dependency import Dependency

ROOT = Path(__file__).parents[2]

# What the official command line tool validates with, instead of what the runner runs with.
OFFICIAL_CORE = Dependency("connect-eaas-core", ">=38,<39")

_PIN = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\$", re.MULTILINE
)


def requirements() -> dict[str, list[Dependency]]:
    """What each lock is asked to hold, by the name of its file."""
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
    """Name and version of each package that a lock names."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return [(pin["name"], pin["version"]) for pin in _PIN.finditer(text)]


def disagreements(lock: str) -> list[str]:
    """What pyproject.toml asks for and the lock does not give."""
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
    """Compile one lock for every Python and platform. What it pins already stays, if it can."""
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
