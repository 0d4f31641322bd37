"""An environment as in production: the runner, the extension and their requirements."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOTS = ("connect-extension-runner", "connect-cancellation-extension")


def make_environment(directory: Path) -> Path:
    """Make one from links to this environment's packages; return its interpreter.

    The runner searches all installed distributions for each task. Distributions that only the tests
    need would slow it down.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = directory / "lib" / version / "site-packages"
    for each in required(*ROOTS).values():
        _link(each, packages)
    return directory / "bin" / "python"


def required(*names: str) -> dict[str, Distribution]:
    """Distributions by name, with everything that they require here."""
    found: dict[str, Distribution] = {}
    wanted = [(name, frozenset[str]()) for name in names]
    seen = set(wanted)
    while wanted:
        name, extras = wanted.pop()
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # required on other systems only
        for text in found[name].requires or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in {"", *extras}):
                entry = requirement.name.lower(), frozenset(requirement.extras)
                if entry not in seen:
                    seen.add(entry)
                    wanted.append(entry)
    return found


def _link(each: Distribution, packages: Path) -> None:
    for name in {file.parts[0] for file in each.files or () if file.parts[0] != ".."}:
        source, link = Path(str(each.locate_file(name))), packages / name
        if source.is_dir() and link.is_symlink() and link.resolve() != source.resolve():
            raise RuntimeError(f"two places have {name}")
        if not link.exists() and name != "__pycache__":
            link.symlink_to(source)
