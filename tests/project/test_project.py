"""The project's own files agree with one another."""

import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
import toml
import yaml
from poetry.core.masonry import api as builder

from tools.locks import DEV_LOCK, ROOT, disagreements, pins, requirements

LOCKS = sorted(requirements())
PYPROJECT = toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
POETRY = PYPROJECT["tool"]["poetry"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))

# Written in pieces, so that this file does not match itself.
FORBIDDEN = re.compile(
    "|".join(
        (
            r"pyp" + r"i\.(org|python|io)",
            r"pythonhost" + r"ed",
            r"registry\.npm" + r"js|npm" + r"js\.com",
            r"(gh" + r"cr|qu" + r"ay)\.io",
            r"docker" + r"\.io",
            r"(?<![\w.-])/(ro" + r"ot|ho" + r"me|Us" + r"ers|wo" + r"rk)/",
            r"(?<![\w.-])/tm" + r"p/\w",
            r"(?<![\w.-])/op" + r"t/\w",
            r"\.py" + r"env/",
        )
    )
)


def project_files() -> list[Path]:
    """The files that git tracks or would track."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    try:
        listed = subprocess.run(
            [*command, "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    files = {ROOT / name for name in listed.stdout.decode().split("\0") if name}
    return sorted(each for each in files if each.is_file())


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_satisfies_the_requirements(lock: str) -> None:
    assert disagreements(lock) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_in_the_lock_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    starts = [line for line in text.splitlines() if not line.startswith(" ")]
    assert len(starts) == len(pins(lock)) > len(requirements()[lock])
    entries = re.split(r"(?m)^(?=\S)", text)
    assert [entry for entry in entries if entry and "--hash=sha256:" not in entry] == []


def test_the_runner_has_the_same_version_everywhere() -> None:
    (version,) = [v for name, v in pins(DEV_LOCK) if name == "connect-extension-runner"]
    wanted = {each.name: str(each.constraint) for each in requirements()[DEV_LOCK]}
    assert wanted["connect-extension-runner"] == version
    assert f"connect-extension-runner:{version}\n" in (ROOT / "Dockerfile").read_text()


def test_no_file_names_a_registry_host_or_a_path_of_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in project_files()
        for match in FORBIDDEN.finditer(path.read_bytes().decode("utf-8", errors="ignore"))
    ]
    assert found == []


def test_the_descriptor_at_the_top_is_a_link_to_the_one_beside_the_application() -> None:
    link = ROOT / "extension.json"
    assert link.is_symlink()
    assert link.readlink() == Path("connect_ext/extension.json")


def test_the_descriptor_and_pyproject_agree() -> None:
    descriptor = json.loads((ROOT / "extension.json").read_text(encoding="utf-8"))
    assert descriptor["version"] == POETRY["version"]
    # The runner fails at the handshake without these two.
    assert descriptor["readme_url"].endswith("/README.md")
    assert descriptor["changelog_url"].endswith("/CHANGELOG.md")


def test_the_wheel_holds_the_descriptor_and_only_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / builder.build_wheel(str(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith("/entry_points.txt"))
        assert "eventsapp=connect_ext.events:CancellationApplication" in archive.read(
            metadata
        ).decode().replace(" ", "")
    assert "connect_ext/extension.json" in names
    packages = {each["include"] for each in POETRY["packages"]}
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == packages


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_names_each_action_by_its_commit(workflow):
    actions = re.findall(r"uses: *(\S+)(.*)", workflow.read_text(encoding="utf-8"))
    assert len(actions) >= 2
    for action, comment in actions:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v[0-9]+\.[0-9]+\.[0-9]+", comment)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_write_only_if_it_runs_nothing_of_the_repository(workflow):
    text = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert text["permissions"] in ({}, {"contents": "read"})
    for job in text["jobs"].values():
        if job.get("permissions", {"contents": "read"}) != {"contents": "read"}:
            used = [step.get("uses", "").partition("@")[0] for step in job["steps"]]
            assert "actions/checkout" not in used


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_targets_that_make_has(workflow):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"run: make ([a-z-]+)", workflow.read_text(encoding="utf-8"))
    assert [each for each in targets if f"\n{each}: " not in makefile] == []
