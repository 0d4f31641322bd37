"""``make release-files``: writes the version and the repository's address wherever else they stand.

Both come from pyproject.toml. A fork changes ``repository`` there, and runs this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from poetry.core.pyproject.toml import PyProjectTOML

from tools.locks import ROOT

DESCRIPTOR = "connect_ext/extension.json"
DEPLOYMENT = "connect-deployment.yaml"


def main() -> None:
    """Bring the files up to date."""
    for name in (DESCRIPTOR, DEPLOYMENT):
        path = ROOT / name
        path.write_text(up_to_date(path.read_text(encoding="utf-8")), encoding="utf-8")


def project() -> Mapping[str, str]:
    """Poetry's section of pyproject.toml."""
    return PyProjectTOML(ROOT / "pyproject.toml").poetry_config


def up_to_date(text: str) -> str:
    """The text of one of the files with the values that belong into it; the rest stays."""
    for key, value in values().items():
        line = rf'(?m)^( *"?{key}"?: "?)[^",\n]*("?,?)$'
        text = re.sub(line, rf"\g<1>{value}\g<2>", text)
    return text


def values() -> dict[str, str]:
    """Each value by the key that it has in the files."""
    repository = project()["repository"]
    return {
        "version": project()["version"],
        "readme_url": f"{repository}/blob/main/README.md",
        "changelog_url": f"{repository}/blob/main/CHANGELOG.md",
        "package_id": package_id(repository),
        "website": repository,
    }


def package_id(repository: str) -> str:
    """The id under which Connect's deploy tool finds its extension: the address, turned around.

    So a fork is never taken for the extension that it was forked from.
    """
    address = urlsplit(repository)
    words = [*reversed((address.hostname or "").split(".")), *address.path.split("/")]
    return ".".join(re.findall(r"[a-z0-9]+", " ".join(words).lower()))


if __name__ == "__main__":
    main()
