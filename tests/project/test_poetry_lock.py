"""Production installs exactly the packages that the tests ran with."""

import re
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name
from poetry.core.packages.dependency import Dependency

from benchmarks.environment import required
from tests.project.test_project import POETRY, PYPROJECT
from tools.locks import (
    DEV_LIST,
    DEV_LOCK,
    ROOT,
    content_hash,
    listed,
    pins,
    poetry_lock,
    without_a_hash,
)

PACKAGES = poetry_lock()["package"]
NAMES = [each["name"] for each in PACKAGES]


def test_poetry_considers_the_lock_current() -> None:
    assert poetry_lock()["metadata"]["content-hash"] == content_hash()


def test_the_hash_covers_everything_that_poetry_would_hash() -> None:
    assert {"project", "dependency-groups"} & PYPROJECT.keys() == set()


def test_poetry_knows_only_the_main_group() -> None:
    assert {"group", "dev-dependencies"} & POETRY.keys() == set()
    assert {group for each in PACKAGES for group in each["groups"]} == {"main"}


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_a_package_has_the_files_that_the_tests_run_with(package: dict[str, Any]) -> None:
    assert set(package) & {"source", "develop"} == set()
    (version,) = {version for name, version in pins(DEV_LOCK) if name == package["name"]}
    assert package["version"] == version
    assert {each["hash"] for each in package["files"]} == hashes_with_pip(package["name"])
    assert package["files"]


def hashes_with_pip(name: str) -> set[str]:
    text = (ROOT / DEV_LOCK).read_text(encoding="utf-8")
    (entry,) = [each for each in re.split(r"(?m)^(?=\S)", text) if each.startswith(f"{name}==")]
    return set(re.findall(r"--hash=(\S+)", entry))


def test_the_lock_holds_exactly_the_extensions_requirements() -> None:
    extension = POETRY["name"]
    here = {
        each["name"]
        for each in PACKAGES
        if "markers" not in each or Marker(each["markers"]).evaluate()
    }
    assert here == {canonicalize_name(name) for name in required(extension)} - {extension}


def test_no_test_tool_is_in_the_lock() -> None:
    """Except three that the official packages bring to every extension."""
    assert {each.name for each in listed(DEV_LIST)} & set(NAMES) == {"inflect", "psutil", "pytest"}


def test_a_dependency_that_pip_cannot_lock_is_recognised(tmp_path: Path) -> None:
    origins = (tmp_path.as_uri(), "git+https://git.example/adapter.git@v1.0.0")
    wanted = [Dependency.create_from_pep_508(f"adapter @ {origin}") for origin in origins]
    assert without_a_hash(wanted) == ["adapter", "adapter"]
    assert without_a_hash(listed(DEV_LIST)) == []


def test_the_container_does_not_go_past_the_lock() -> None:
    commands = re.findall(r"poetry (\w+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert commands == ["install"]
