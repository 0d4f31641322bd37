"""Every dependency of the deployed extension has a review and a reason."""

import re

import pytest
from packaging.requirements import Requirement

from tests.project.test_project import POETRY
from tools.locks import ROOT, pins

REVIEW = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
RUNTIME = {name: r for name, r in POETRY["dependencies"].items() if name != "python"}
ROWS = {
    name: (wanted, reviewed)
    for name, wanted, reviewed in re.findall(
        r"^\| `([\w-]+)` \| `([^`]+)` \| ([\d.]+)", REVIEW, re.MULTILINE
    )
}


def test_the_review_holds_exactly_the_runtime_dependencies():
    assert {name: wanted for name, (wanted, _) in ROWS.items()} == RUNTIME


@pytest.mark.parametrize("name", RUNTIME)
def test_the_reviewed_version_is_the_locked_one(name):
    assert (name, ROWS[name][1]) in pins("requirements-dev.lock")


@pytest.mark.parametrize("name", RUNTIME)
def test_a_comment_in_pyproject_gives_the_reason(name):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    before = text.partition("[tool.poetry.dependencies]")[2].partition(f"\n{name} =")[0]
    assert before.splitlines()[-1].startswith("# ")


def test_only_two_are_not_in_the_runners_container_already():
    from importlib.metadata import distribution

    found, left = set(), ["connect-extension-runner"]
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name not in found:
            found.add(name)
            needed = [Requirement(each) for each in distribution(name).requires or []]
            left += [r.name for r in needed if not r.marker or r.marker.evaluate({"extra": ""})]
    assert set(RUNTIME) - found == {"jmespath", "sniffio"}
    for name in ("jmespath", "sniffio"):
        assert not distribution(name).requires
        assert not distribution(name).entry_points


def test_no_xml_parser_has_its_default_configuration():
    """CVE-2026-41066, which the runner's range of lxml does not let us update away."""
    for path in (ROOT / "connect_ext").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"iterparse|ETCompatXMLParser|HTMLParser|XPath|XSLT", text), path
        assert "etree.XMLParser(" not in text or "resolve_entities=False" in text, path
        assert not re.search(r"etree\.fromstring\([^,]*\)", text), path
