"""``make dist``: builds wheel and source distribution, the same bytes each time, and their hashes.

What is built comes from a clean checkout of the commit, never from the working directory, whose
files may be changed, ignored or readable to nobody else. Beside the two go SHA256SUMS, which
``sha256sum --check`` reads, and the change log's section as the notes of the release.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.locks import ROOT
from tools.release.changelog import notes
from tools.release.files import project

DIST = ROOT / "dist"
SUMS = "SHA256SUMS"
NOTES = "NOTES.md"

_BUILD = """
import sys
from poetry.core.masonry import api
for build in (api.build_wheel, api.build_sdist):
    build(sys.argv[1])
"""


def main() -> int:
    """Build twice and compare; exit status 1 if the two differ."""
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        first, second = build("HEAD", Path(one)), build("HEAD", Path(other))
        if first != second:
            print(f"Two builds of the same commit differ: {first} and {second}")
            return 1
        shutil.rmtree(DIST, ignore_errors=True)
        DIST.mkdir()
        for name in first:
            shutil.copy(Path(one, name), DIST)
    sums = "".join(f"{digest}  {name}\n" for name, digest in first.items())
    (DIST / SUMS).write_text(sums, encoding="utf-8")
    (DIST / NOTES).write_text(notes(project()["version"]) + "\n", encoding="utf-8")
    print(sums, end="")
    return 0


def build(commit: str, target: Path) -> dict[str, str]:
    """Build a commit into a directory; the SHA-256 of each file by its name."""
    with TemporaryDirectory() as directory:
        checkout = Path(directory, project()["name"])
        _git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(checkout))
        _git("-C", str(checkout), "checkout", "--quiet", "--detach", _git("rev-parse", commit))
        moment = _git("log", "-1", "--format=%ct", commit)
        subprocess.run(
            [sys.executable, "-c", _BUILD, str(target)],
            cwd=checkout,
            env=os.environ | {"SOURCE_DATE_EPOCH": moment},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(target.iterdir())}


def _git(*arguments: str) -> str:
    """What git says."""
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
