"""``make lock``: writes all lock files. Runs in an environment with uv and Poetry.

Production also installs the runner, which Poetry does not know; uv resolves with it. So Poetry
starts from uv's versions. Poetry chooses one version of a package for all Pythons where uv may
choose two; uv then follows, so that the tests run with the versions that production gets.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from poetry.repositories.pypi_repository import PyPiRepository

from tools.locks import (
    DEV_LOCK,
    DOCS_LOCK,
    OFFICIAL_LOCK,
    POETRY_LOCK,
    ROOT,
    content_hash,
    pins,
    poetry_lock,
    requirements,
    without_a_hash,
)

# The part of a lock that makes Poetry prefer a version.
_PREFERRED = """\
[[package]]
name = "{}"
version = "{}"
optional = false
python-versions = "*"
groups = ["main"]
files = []

"""
_METADATA = '[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = ""\n'

_INDEX = '\n[[tool.poetry.source]]\nname = "index"\nurl = "{}"\n'
_SOURCE_OF_A_PACKAGE = re.compile(r"\n\[package\.source\]\n(?:\w+ = .*\n)+")
_CONTENT_HASH = re.compile(r'(?m)^content-hash = ".*"$')


def main(*options: str) -> None:
    """Write all locks; the options are passed to uv."""
    if unlockable := without_a_hash(requirements()[DEV_LOCK]):
        sys.exit(
            f"pip's lock can hold no hash of {', '.join(unlockable)}: a dependency must come from"
            " a registry. For a vendor adapter see docs/writing-a-vendor-adapter.md."
        )
    compile_with_uv(DEV_LOCK, *options)
    lock_with_poetry()
    with constraints() as path:
        compile_with_uv(DEV_LOCK, "--constraints", str(path))
    compile_with_uv(OFFICIAL_LOCK, *options)
    compile_with_uv(DOCS_LOCK, *options)


def compile_with_uv(lock: str, *options: str) -> None:
    """Compile one lock for all Pythons and platforms; pinned versions stay if possible."""
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


def lock_with_poetry() -> None:
    """Write poetry.lock with the versions of requirements-dev.lock.

    Without a source, Poetry needs more of the registry than its simple index, and a mirror has only
    that. So a copy of the project names the index, and it is removed from the lock again.
    """
    preferred = [_PREFERRED.format(*pin) for pin in pins(DEV_LOCK)]
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    with TemporaryDirectory() as directory:
        copy, lock = Path(directory, "pyproject.toml"), Path(directory, POETRY_LOCK)
        copy.write_text(pyproject + _INDEX.format(PyPiRepository().url), encoding="utf-8")
        lock.write_text("".join(preferred) + _METADATA, encoding="utf-8")
        _poetry("lock", directory)
        text = _SOURCE_OF_A_PACKAGE.sub("", lock.read_text(encoding="utf-8"))
    text = _CONTENT_HASH.sub(f'content-hash = "{content_hash()}"', text)
    (ROOT / POETRY_LOCK).write_text(text, encoding="utf-8")
    _poetry("check", str(ROOT), "--lock")


def _poetry(command: str, directory: str, *options: str) -> None:
    """Run Poetry without its own environment or cache."""
    with TemporaryDirectory() as cache:
        subprocess.run(
            [
                Path(sys.executable).with_name("poetry"),
                *(command, "--directory", directory, "--no-interaction", "--quiet", *options),
            ],
            env=os.environ | {"POETRY_VIRTUALENVS_CREATE": "false", "POETRY_CACHE_DIR": cache},
            check=True,
        )


@contextmanager
def constraints() -> Iterator[Path]:
    """A file with the versions in poetry.lock."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "constraints.txt")
        path.write_text(
            "".join(f"{each['name']}=={each['version']}\n" for each in poetry_lock()["package"])
        )
        yield path


if __name__ == "__main__":
    main(*sys.argv[1:])
