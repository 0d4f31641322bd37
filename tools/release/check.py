"""``make release-check TAG=v1.2.3``: whether this commit may be released under a tag."""

from __future__ import annotations

import sys

from tools.locks import ROOT
from tools.release.changelog import CHANGELOG, UNRELEASED, dated, sections
from tools.release.files import DEPLOYMENT, DESCRIPTOR, project, up_to_date


def main(tag: str = "") -> int:
    """Print each reason against the release; exit status 1 if there is any."""
    found = objections(tag, CHANGELOG.read_text(encoding="utf-8"))
    print("\n".join(found) or f"{tag} may be released")
    return int(bool(found))


def objections(tag: str, changelog: str) -> list[str]:
    """Each reason against a release of this commit under the tag."""
    version = project()["version"]
    released = dated(changelog)
    found = []
    if tag != f"v{version}":
        found.append(
            f"The tag is {tag or 'missing'}, and the version in pyproject.toml is {version}."
        )
    if released[:1] != [version]:
        newest = released[0] if released else "missing"
        found.append(f"The newest version with a day in CHANGELOG.md is {newest}, not {version}.")
    if sections(changelog).get(UNRELEASED):
        found.append(f"CHANGELOG.md has changes under {UNRELEASED}, which the release would have.")
    for name in (DESCRIPTOR, DEPLOYMENT):
        text = (ROOT / name).read_text(encoding="utf-8")
        if up_to_date(text) != text:
            found.append(f"{name} is not up to date: run make release-files.")
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
