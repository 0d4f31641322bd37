"""The example vendor adapter works when installed the usual way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from packaging.utils import canonicalize_name

from benchmarks.environment import ROOTS, required
from tools.locks import DEV_LOCK, ROOT

EXAMPLE = ROOT / "examples" / "vendor_adapter"
BESIDE_PRODUCTION = ("poetry-core", "psutil", "pytest-asyncio", "pytest-timeout", "trustme")
"""The packages that build both distributions and that the sandbox and the example's tests need."""

PATIENCE = 500.0
"""Half a minute on an idle machine; packages may have to be downloaded."""


@pytest.fixture
def environment() -> Iterator[Path]:
    """The interpreter of a new environment, with the extension and the example installed.

    It is removed afterwards; pytest would keep three.
    """
    with TemporaryDirectory(prefix="adapter-") as directory:
        lock, place = Path(directory, "lock"), Path(directory, "environment")
        lock.write_text(needed(), encoding="utf-8")
        run(ROOT / ".ci" / "make-env", place, lock, sys.executable)
        python = place / "bin" / "python"
        packages = "--no-deps", "--no-build-isolation", ROOT, EXAMPLE
        run(python, "-m", "pip", "install", "-qq", "--no-input", *packages)
        yield python


def needed() -> str:
    """The part of the lock that the example's tests need."""
    names = {canonicalize_name(name) for name in required(*ROOTS, *BESIDE_PRODUCTION)}
    entries = re.split(r"(?m)^(?=\S)", (ROOT / DEV_LOCK).read_text(encoding="utf-8"))
    return "".join(entry for entry in entries if entry.partition("==")[0] in names)


def run(*command: str | Path) -> str:
    """The output of a command; it must succeed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        # Compiling all packages would take as long as installing them.
        env={**own, "PIP_COMPILE": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(2 * PATIENCE)
def test_its_own_tests_pass_in_a_fresh_environment(environment: Path) -> None:
    place = run(environment, "-c", "import acme_billing; print(acme_billing.__file__)")
    assert environment.parent.parent in Path(place.strip()).parents
    assert " passed in " in run(environment, "-m", "pytest", "-p", "no:cacheprovider", EXAMPLE)
