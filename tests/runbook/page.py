"""Parses `docs/runbook.md` and writes the plays' output into it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "runbook.md"

_SHOWN = re.compile(r"<!-- shown: ([^\n]+) -->\n```text\n(.*?)```\n", re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


def read() -> str:
    """The page."""
    return PAGE.read_text(encoding="utf-8")


def shown(page: str) -> dict[str, str]:
    """The page's block for each play, by name."""
    return {name: text.rstrip("\n") for name, text in _SHOWN.findall(page)}


def with_shown(page: str, name: str, text: str) -> str:
    """The page with a play's current output."""

    def fresh(found: re.Match[str]) -> str:
        return f"<!-- shown: {name} -->\n```text\n{text}\n```\n" if found[1] == name else found[0]

    return _SHOWN.sub(fresh, page)


def without_blocks(page: str) -> str:
    """The page without its code blocks, where a line may look like a heading."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def headings(page: str, level: int) -> list[str]:
    """The headings of a level, in order."""
    found = _HEADING.findall(without_blocks(page))
    return [title for signs, title in found if len(signs) == level]


def section(page: str, heading: str) -> str:
    """The text below a heading, including its subheadings."""
    level = re.search(rf"^(#+) {re.escape(heading)}$", page, re.MULTILINE)
    assert level, f"The page has no section '{heading}'."
    signs = level[1]
    return re.split(rf"^#{{1,{len(signs)}}} ", page[level.end() :], flags=re.MULTILINE)[0]


def anchors(page: str) -> list[str]:
    """The headings' anchors, as GitHub makes them."""
    titles = [title for _, title in _HEADING.findall(without_blocks(page))]
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def rows(text: str) -> list[list[str]]:
    """The cells of a text's tables, without the header rows."""
    lines = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    heads = {i for i, row in enumerate(cells) if set("".join(row)) <= {"-"}}
    return [row for i, row in enumerate(cells) if i not in heads and i + 1 not in heads]
