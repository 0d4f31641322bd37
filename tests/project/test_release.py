"""A release is built from the tagged commit, and anybody gets the same files."""

import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from tests.project.test_project import POETRY, project_files
from tools.locks import ROOT
from tools.release.building import build
from tools.release.changelog import CHANGELOG, dated, notes, sections
from tools.release.check import objections

TEXT = CHANGELOG.read_text(encoding="utf-8")
VERSION = POETRY["version"]
TAG = f"v{VERSION}"
HEADING = f"## [{VERSION}]"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The last commit's wheel and source distribution."""
    project_files()  # skips where there is no git
    target = tmp_path_factory.mktemp("built")
    build("HEAD", target)
    return sorted(target.iterdir())


def test_the_newest_version_of_the_changelog_is_that_of_the_project():
    assert dated(TEXT)[0] == VERSION
    assert sections(TEXT)[VERSION]


def test_this_version_may_only_be_released_under_its_own_tag():
    ready = TEXT.replace(sections(TEXT)["Unreleased"] + "\n", "\n")
    assert objections(TAG, ready) == []
    for tag in ("", VERSION, f"{TAG}rc1", "v0.0.1"):
        [objection] = objections(tag, ready)
        assert objection.startswith("The tag is ")


@pytest.mark.parametrize(
    ("changelog", "objection"),
    [
        ("# Changelog\n", "is missing, not"),
        (f"{HEADING} - Unreleased\n\n- A change.\n", "is missing, not"),
        (f"## [9.9.9] - 2031-01-02\n\n{HEADING} - 2026-01-02\n", "is 9.9.9, not"),
        (f"## [Unreleased]\n\n- A change.\n\n{HEADING} - 2026-01-02\n", "under Unreleased"),
    ],
    ids=["no version", "no day", "another version", "changes after it"],
)
def test_an_unfinished_changelog_stops_a_release(changelog, objection):
    [found] = objections(TAG, changelog)
    assert objection in found


def test_the_notes_of_a_release_lead_to_its_own_pages():
    text = notes(VERSION)
    assert f"]({POETRY['repository']}/blob/{TAG}/docs/upgrading.md)" in text
    assert "](docs/" not in text
    assert "\n## " not in text


def test_another_user_on_another_day_builds_the_same_bytes(built, tmp_path):
    script = "import os, sys; os.umask(0o077); from tools.release.building import *"
    script += "; build('HEAD', Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7", "LC_ALL": "C"},
        check=True,
    )
    assert digests(sorted(tmp_path.iterdir())) == digests(built)
    assert len(built) == 2


def digests(files: list[Path]) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_wheel_works_without_the_repository(built, tmp_path):
    """The tests' environment has everything the extension needs, so only the wheel is new."""
    [wheel] = [path for path in built if path.suffix == ".whl"]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = "import runpy, sys; sys.path.insert(0, sys.argv[1])"
    script += "; runpy.run_path(sys.argv[2], run_name='__main__')"
    tried = subprocess.run(
        [sys.executable, "-I", "-c", script, tmp_path, ROOT / "tools/release/installed.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    assert tried.stdout.endswith("CancellationApplication\n")
