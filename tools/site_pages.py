"""A hook of mkdocs: where GitHub and mkdocs read a page differently, the site follows GitHub.

A link to a file outside docs/ leads to the repository, whose address is that of pyproject.toml;
without one, its text stays and the link goes. In a table's code, a bar needs no backslash.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^)\s]+)\)")
_REPOSITORY = re.compile(r'^repository = "(.+)"$', re.MULTILINE)
_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_CODE = re.compile(r"``.+?``|`[^`]+`")


def on_config(config: Any) -> None:
    """Take the repository's address from pyproject.toml."""
    pyproject = Path(config["config_file_path"]).with_name("pyproject.toml")
    if found := _REPOSITORY.search(pyproject.read_text(encoding="utf-8")):
        # Not as `repo_url`: the theme would fetch the number of its stars from elsewhere.
        config["extra"]["repository"] = found[1]


def on_page_markdown(markdown: str, *, config: Any, **_: object) -> str:
    """The page as the site reads it."""
    return with_bars(with_links(markdown, config["extra"].get("repository", "")))


def with_links(markdown: str, repository: str) -> str:
    """The text with each link to a file outside docs/ as one to the repository, if it has one."""
    to = rf"[\1]({repository.rstrip('/')}/blob/main/\2)" if repository else r"\1"
    return _LINK.sub(to, markdown)


def with_bars(markdown: str) -> str:
    """The text with bare bars in the code of its tables' rows."""
    return _ROW.sub(lambda row: _CODE.sub(_bare, row[0]), markdown)


def _bare(code: re.Match[str]) -> str:
    return code[0].replace("\\|", "|")
