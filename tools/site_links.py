"""A hook of mkdocs: links from a page to files outside docs/ lead to the repository.

On GitHub such a link is relative; the site has only docs/. The repository's address is that of
pyproject.toml; without one, the link's text stays and the link goes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^)\s]+)\)")
_REPOSITORY = re.compile(r'^repository = "(.+)"$', re.MULTILINE)


def on_config(config: Any) -> None:
    """Take the repository's address from pyproject.toml."""
    pyproject = Path(config["config_file_path"]).with_name("pyproject.toml")
    if found := _REPOSITORY.search(pyproject.read_text(encoding="utf-8")):
        # Not as `repo_url`: the theme would fetch the number of its stars from elsewhere.
        config["extra"]["repository"] = found[1]


def on_page_markdown(markdown: str, *, config: Any, **_: object) -> str:
    """The page with its links that lead out of docs/ changed."""
    return with_links(markdown, config["extra"].get("repository", ""))


def with_links(markdown: str, repository: str) -> str:
    """The text with each link to a file outside docs/ as one to the repository, if it has one."""
    to = rf"[\1]({repository.rstrip('/')}/blob/main/\2)" if repository else r"\1"
    return _LINK.sub(to, markdown)
