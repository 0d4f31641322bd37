"""The site of docs/: its contents, and where it renders pages differently from GitHub."""

import re

import pytest

from tools.locks import ROOT
from tools.site_pages import on_config, with_bars, with_links

LINK = "see [the example](../examples/vendor_adapter), or [Zuora](zuora.md#orders-zuora)"


def test_the_contents_of_the_site_name_every_page_once():
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"- ([a-z-]+\.md)$", contents, re.MULTILINE)
    assert sorted(named) == sorted(page.name for page in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize(
    ("repository", "link"),
    [
        ("https://example.com/it", "[the example](https://example.com/it/blob/main/examples/"),
        ("https://example.com/it/", "[the example](https://example.com/it/blob/main/examples/"),
        ("", "see the example, or"),
    ],
)
def test_a_link_out_of_the_pages_leads_to_the_repository(repository, link):
    assert link in with_links(LINK, repository)
    assert "[Zuora](zuora.md#orders-zuora)" in with_links(LINK, repository)


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        ('repository = "https://example.com/it"\n', {"repository": "https://example.com/it"}),
        ('readme = "README.md"\n', {}),
    ],
)
def test_the_address_of_the_repository_is_that_of_pyproject(tmp_path, line, extra):
    (tmp_path / "pyproject.toml").write_text(f"[tool.poetry]\n{line}")
    config = {"config_file_path": str(tmp_path / "mkdocs.yml"), "extra": {}}
    on_config(config)
    assert config["extra"] == extra


def test_a_bar_in_a_tables_code_is_shown_without_its_backslash():
    text = "`a \\| b`\n\n| `a \\|\\| b` | c \\| d |\n"
    assert with_bars(text) == "`a \\| b`\n\n| `a || b` | c \\| d |\n"
