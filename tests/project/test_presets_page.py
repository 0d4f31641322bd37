"""docs/presets.md describes each preset as it is."""

import re
from importlib import import_module

import pytest

from connect_ext.vendors.registry import BUILT_IN
from tests.e2e.test_stripe import AT_THE_END, STRIPE
from tests.runbook import page
from tools.preset_tables import PAGE, PRESETS, with_tables

TEXT = PAGE.read_text(encoding="utf-8")


def test_its_tables_are_up_to_date():
    assert with_tables(TEXT) == TEXT, "run: python -m tools.preset_tables"


def test_each_preset_has_a_section_with_its_table_and_more():
    assert re.findall(r"^## .* \(`([a-z-]+)`\)$", TEXT, re.MULTILINE) == list(PRESETS)
    for section in TEXT.split("\n## ")[1:]:
        name = re.search(r"\(`([a-z-]+)`\)", section)[1]
        assert re.findall(r"<!-- table: (.*) -->", section) == [name]
        assert "\n- **" in section.partition("<!-- end -->")[2]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_the_name_that_vendor_takes(name):
    preset = import_module(BUILT_IN[name]).PRESET
    assert (preset.name, preset.key_needs[-1:]) == (name, ".")


@pytest.mark.parametrize(
    ("heading", "variables"),
    [
        ("An example: Stripe", STRIPE),
        ("An example: Stripe, at the end of the period", AT_THE_END),
    ],
    ids=["at once", "at the end"],
)
def test_the_tests_run_the_worked_examples(heading, variables):
    rows = re.findall(r"^\| `([A-Z_]+)` \| `(.*)` \|$", page.section(TEXT, heading), re.MULTILINE)
    assert dict(rows) == variables
