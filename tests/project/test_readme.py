"""The README is short, and agrees with the code."""

import re

from connect_ext.vendors.registry import BUILT_IN
from tools.locks import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_read_in_five_minutes():
    assert len(README.split()) < 1000


def test_its_table_of_presets_names_each_vendor_that_needs_only_a_key():
    section = README.partition("\n## Presets\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| [^|]+ \| `([a-z-]+)` \|$", section, re.MULTILINE)
    assert sorted([*named, "rest"]) == sorted(BUILT_IN)
