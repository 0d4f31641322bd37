"""The benchmarks' page and its charts show the stored figures."""

import re
from xml.etree import ElementTree as ET

import pytest

from benchmarks.bars import CHARTS, SCHEMES, pictures
from benchmarks.report import markdown
from benchmarks.results import DOCS, FILE, Results

RESULTS = Results.read(FILE.read_text(encoding="utf-8"))
PAGE = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
TEXT = "{http://www.w3.org/2000/svg}text"


def test_the_page_is_made_from_the_results():
    assert markdown(RESULTS, pictures(RESULTS)) == PAGE, "make charts"


def test_the_page_shows_each_chart_in_both_schemes():
    shown = re.findall(r'(?:src|srcset)="(.+?)"', PAGE)
    assert sorted(shown) == sorted(chart.file(scheme) for chart in CHARTS for scheme in SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_a_chart_shows_the_figures_of_the_results(chart, scheme):
    texts = [element.text for element in ET.parse(DOCS / chart.file(scheme)).iter(TEXT)]
    groups = chart.groups(RESULTS)
    wanted = [group.label for group in groups]
    wanted += [f"{bar.rate:.1f}" for group in groups for bar in group.bars]
    assert texts[: len(wanted)] == wanted, "make charts"
