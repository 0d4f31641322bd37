"""docs/operating.md explains everything that the extension tells an operator."""

import json

import pytest

from connect_ext.metrics.reading import as_json
from tests.metrics.test_reading import MUCH
from tests.runbook import page
from tools.locks import ROOT

METRICS = json.loads(as_json(MUCH))["metrics"]
TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", [*METRICS, *METRICS["vendors"]["rest"], *METRICS["longest"][0]])
def test_each_field_of_the_metrics_is_explained(field):
    assert f"`{field}`" in page.section(TEXT, "Metrics")
