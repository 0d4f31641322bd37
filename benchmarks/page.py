"""Writes docs/benchmarks.md and its charts, from docs/benchmarks.json."""

from __future__ import annotations

import sys

from benchmarks.bars import CHARTS, SCHEMES, pictures
from benchmarks.charts import draw
from benchmarks.report import markdown
from benchmarks.results import DOCS, FILE, Results


def main() -> int:
    """Write the page, and draw each chart in both schemes."""
    results = Results.read(FILE.read_text(encoding="utf-8"))
    (DOCS / "pictures").mkdir(exist_ok=True)
    for chart in CHARTS:
        for scheme in SCHEMES:
            draw(chart, results, scheme, DOCS / chart.file(scheme))
    (DOCS / "benchmarks.md").write_text(markdown(results, pictures(results)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
