"""Every dependency of the deployed extension has a review and a reason."""

import re

import pytest

from connect_ext.vendors.registry import ENTRY_POINT_GROUP
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
NOT_THE_RUNNERS = re.findall(r"^\| `([\w-]+)` (?:\|[^|]*){2}\| \*\*no\*\* \|", REVIEW, re.MULTILINE)


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


def test_the_packages_that_the_runner_does_not_bring_are_those_in_the_review():
    from benchmarks.environment import ROOTS, required

    runner, both = required(ROOTS[0]), required(*ROOTS)
    brought = set(both) - set(runner) - {ROOTS[1], "async-timeout"}
    transport = re.findall(r"`([\w-]+)`", re.search(r"\*\*Brings\*\*.*", REVIEW)[0])
    assert brought == {*NOT_THE_RUNNERS, *transport} - {"async-timeout"}
    for name in brought:
        # A vendor adapter may be a package of its own.
        assert {point.group for point in both[name].entry_points} <= {ENTRY_POINT_GROUP}


def test_no_xml_parser_has_its_default_configuration():
    """CVE-2026-41066: the runner's range of lxml rules out the fixed version."""
    for path in (ROOT / "connect_ext").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"iterparse|ETCompatXMLParser|HTMLParser|XPath|XSLT", text), path
        assert "etree.XMLParser(" not in text or "resolve_entities=False" in text, path
        assert not re.search(r"etree\.fromstring\([^,]*\)", text), path
