"""The page on vendor adapters shows the current example and a deployment that works."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest
import toml
from poetry.core.masonry import api as builder

from connect_ext.vendors.base import SubscriptionStatus
from tests.project.test_project import POETRY, PYPROJECT
from tools.locks import ROOT

EXAMPLE = ROOT / "examples" / "vendor_adapter"
PAGE = (ROOT / "docs" / "writing-a-vendor-adapter.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.split("\n")[0].strip())
def test_its_code_comes_from_the_example(block: str) -> None:
    assert any(block in path.read_text(encoding="utf-8") for path in EXAMPLE.rglob("*.py"))


def test_it_explains_every_status_that_a_vendor_can_show() -> None:
    assert [each.name for each in SubscriptionStatus if f"| `{each.name}`" not in PAGE] == []


def test_a_fork_with_the_two_entries_builds_one_wheel_with_the_vendor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork, (entries,) = tmp_path / "fork", blocks("toml")
    shutil.copytree(ROOT / "connect_ext", fork / "connect_ext")
    shutil.copytree(EXAMPLE, fork / "adapters" / "acme")
    shutil.copy(ROOT / "README.md", fork)
    (fork / "pyproject.toml").write_text(with_entries(entries), encoding="utf-8")
    monkeypatch.chdir(fork)
    with zipfile.ZipFile(tmp_path / builder.build_wheel(str(tmp_path))) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        points = archive.read(metadata).decode()
        assert {"acme_billing/vendor.py", "connect_ext/events.py"} <= set(archive.namelist())
    offered = toml.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, value in offered["entry-points"]["connect_ext.vendors"].items():
        assert f"[connect_ext.vendors]\n{name}={value}\n" in points
    assert "eventsapp=connect_ext.events:CancellationApplication" in points


def with_entries(entries: str) -> str:
    """The project's pyproject.toml with the page's entries instead of its own."""
    added = toml.loads(entries)
    poetry = {**POETRY, "packages": added["packages"]}
    poetry["plugins"] = {**POETRY["plugins"], **added["tool"]["poetry"]["plugins"]}
    return toml.dumps({**PYPROJECT, "tool": {"poetry": poetry}})
