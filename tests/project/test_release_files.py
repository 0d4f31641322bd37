"""The version and the address are in pyproject.toml; all other files take them from there."""

import json
import re

import pytest

from tests.project.test_project import POETRY, project_files
from tools.locks import ROOT
from tools.release.files import DEPLOYMENT, DESCRIPTOR, package_id, up_to_date

ADDRESS = POETRY["repository"]


@pytest.mark.parametrize("name", [DESCRIPTOR, DEPLOYMENT])
def test_a_file_with_the_version_or_the_address_is_up_to_date(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert up_to_date(text) == text, "run: make release-files"


def test_only_a_changed_value_is_corrected():
    text = (ROOT / DESCRIPTOR).read_text(encoding="utf-8")
    changed = json.loads(text) | {"version": "0.1", "readme_url": "https://fork.example/README"}
    assert json.loads(up_to_date(json.dumps(changed, indent=2))) == json.loads(text)


def test_no_other_file_has_the_address():
    """A fork changes one line; any other file would keep the old address."""
    holders = {
        str(path.relative_to(ROOT))
        for path in project_files()
        if not path.is_symlink() and ADDRESS.encode() in path.read_bytes()
    }
    assert holders == {"pyproject.toml", DESCRIPTOR, DEPLOYMENT}


def test_only_its_owner_can_claim_the_address():
    assert re.fullmatch(r"https://github\.com/[a-z0-9-]+/[a-z0-9-]+", ADDRESS)


def test_a_fork_is_deployed_as_an_extension_of_its_own():
    ours, fork = package_id(ADDRESS), package_id("https://git.acme.example/Billing/cancel_it.git")
    assert ours.startswith("com.github.")
    assert fork == "example.acme.git.billing.cancel.it.git"


@pytest.mark.parametrize("word", [r"your[ -]organi[sz]ation", r"@example\.com", r"CHANGE[ _]?ME"])
def test_no_published_file_asks_to_be_edited(word):
    for name in ("pyproject.toml", DESCRIPTOR, DEPLOYMENT, "overview.md"):
        assert not re.search(word, (ROOT / name).read_text(encoding="utf-8"), re.IGNORECASE), name
