"""Every pointer to a fact leads to a heading of docs/facts.md."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("connect_ext", "sandbox", "tests", "tools", "benchmarks", "docs", "examples")
HEADING = re.compile(r"^## ((?:Connect|Zuora|Orders|HTTP) \d+(?:\.\d+)?) \S", re.MULTILINE)

# A pointer may name several sections and continue on the next line of its comment.
BREAK = r"(?:[ \t]*\n[ \t]*(?:\#:?[ \t]*)?|[ \t]+)"
NUMBERS = re.compile(rf"\d+(?:\.\d+)*(?:(?:,(?:{BREAK}and)?|{BREAK}and){BREAK}\d+(?:\.\d+)*)*")
POINTER = re.compile(rf"docs/facts\.md,{BREAK}(\w+){BREAK}({NUMBERS.pattern})")
BEGINNING = re.compile(r"docs/facts\.md,")
ELSEWHERE = re.compile(r"(?<![\w/])(?:\.\./shared/)?facts/\w+\.md")


def texts() -> Iterator[tuple[Path, str]]:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    for path in sorted([*files, ROOT / "README.md"]):
        if path.suffix in (".py", ".md") and path not in (Path(__file__), ROOT / "docs/facts.md"):
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def sections_in(text: str) -> list[str]:
    return [
        f"{source} {number}"
        for source, numbers in POINTER.findall(text)
        for number in re.findall(r"\d+(?:\.\d+)*", numbers)
    ]


@pytest.fixture(scope="module")
def headings() -> list[str]:
    return HEADING.findall((ROOT / "docs" / "facts.md").read_text(encoding="utf-8"))


def test_no_heading_is_repeated(headings: list[str]) -> None:
    assert headings
    assert len(headings) == len(set(headings))


def test_every_pointer_leads_to_a_heading(headings: list[str]) -> None:
    found = [(str(path), section) for path, text in texts() for section in sections_in(text)]
    assert found
    assert [each for each in found if each[1] not in headings] == []


def test_every_pointer_names_a_section() -> None:
    vague = [
        str(path)
        for path, text in texts()
        if len(BEGINNING.findall(text)) != len(POINTER.findall(text))
    ]
    assert vague == []


def test_the_facts_point_only_to_themselves(headings: list[str]) -> None:
    text = (ROOT / "docs" / "facts.md").read_text(encoding="utf-8")
    # "HTTP 404" is a status, not a section; only Connect and Orders have more than nine sections.
    pointers = re.findall(r"\b(?:(?:Zuora|HTTP) \d(?!\d)|(?:Connect|Orders) \d+)(?:\.\d+)?", text)
    assert sorted(set(pointers) - set(headings)) == []


def test_no_comment_points_to_a_file_outside_the_repository() -> None:
    assert [(str(path), each) for path, text in texts() for each in ELSEWHERE.findall(text)] == []


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("(docs/facts.md, Connect 3.2)", ["Connect 3.2"]),
        ("docs/facts.md, Zuora 1.2, 2 and 3.1.", ["Zuora 1.2", "Zuora 2", "Zuora 3.1"]),
        ("# (docs/facts.md,\n    # Zuora 2.6), and", ["Zuora 2.6"]),
        ("docs/facts.md, Zuora 2.2,\n    2.8", ["Zuora 2.2", "Zuora 2.8"]),
        ("docs/facts.md, HTTP 1, and the RFC", ["HTTP 1"]),
        ("docs/facts.md, Orders 8\n    # and 10.", ["Orders 8", "Orders 10"]),
    ],
)
def test_a_pointer_is_read_whole(text: str, sections: list[str]) -> None:
    assert sections_in(text) == sections
