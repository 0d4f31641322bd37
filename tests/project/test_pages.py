"""The links, commands and modules that the project's pages name exist."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.runbook.page import anchors, without_blocks
from tools.locks import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/*.md")])
LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")


def targets(page: Path) -> Iterator[str]:
    """The links and pictures of a page that stay within the repository."""
    text = re.sub(r"``.+?``|`[^`\n]+`", "", without_blocks(page.read_text(encoding="utf-8")))
    for target in LINK.findall(text):
        if not re.match(r"https?:|mailto:", target):
            yield target


def is_there(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    return file.exists() and (not anchor or anchor in anchors(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert [each for each in targets(page) if not is_there(page, each)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists(page: Path) -> None:
    text, makefile = page.read_text(encoding="utf-8"), (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    modules = set(re.findall(r"python -m ((?:connect_ext|sandbox|tools|benchmarks)[\w.]*)", text))
    assert [each for each in modules if find_spec(each.rstrip(".")) is None] == []


def test_every_module_of_the_house_exists() -> None:
    house = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    house = house.partition("\n## The house\n")[2].partition("\n## ")[0]
    there = {path.name for path in (ROOT / "connect_ext").rglob("*")}
    named = set(re.findall(r"\b([a-z_]+\.py)\b", house))
    folders = set(re.findall(r"^ +([a-z_]+)/", house, re.MULTILINE))
    assert named
    assert folders
    assert named | folders <= there


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent == ROOT / "docs"], ids=lambda page: page.name
)
def test_the_index_names_every_page(page: Path) -> None:
    index = ROOT / "docs" / "index.md"
    linked = {target.partition("#")[0] for target in targets(index)}
    assert page == index or page.name in linked


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n\n[a](#a-heading) [b](#none) [c](page.md#a-heading) [d](none.md)\n"
        "[`e`](none.md#a-heading) `[f](none.md)`\n\n```\n[g](none.md)\n```\n"
    )
    found = [each for each in targets(page) if not is_there(page, each)]
    assert found == ["#none", "none.md", "none.md#a-heading"]
