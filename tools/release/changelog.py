"""What CHANGELOG.md says of a version."""

from __future__ import annotations

import re

from tools.locks import ROOT
from tools.release.files import project

CHANGELOG = ROOT / "CHANGELOG.md"
UNRELEASED = "Unreleased"

_SECTION = re.compile(r"^## \[(?P<name>[^]]+)\](?: - (?P<date>\S+))?\n", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """The text below each heading, the newest version first."""
    return {
        found["name"]: text[found.end() :].partition("\n## ")[0].strip()
        for found in _SECTION.finditer(text)
    }


def dated(text: str) -> list[str]:
    """The versions that have the day of their release in their heading, the newest first."""
    days = r"\d{4}-\d\d-\d\d"
    return [
        found["name"]
        for found in _SECTION.finditer(text)
        if re.fullmatch(days, found["date"] or "")
    ]


def notes(version: str) -> str:
    """The section of a version, with links that lead to the repository from anywhere."""
    section = sections(CHANGELOG.read_text(encoding="utf-8"))[version]
    return re.sub(r"\]\((?!https?:)", f"]({project()['repository']}/blob/v{version}/", section)
