"""Draws the charts: SVG with the text as text, one file for each colour scheme."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from benchmarks.bars import SPEEDS, Chart, Group
from benchmarks.results import Results

WIDTH_INCHES = 5.0
BAR_INCHES = 0.2
AROUND_INCHES = 1.0
"""The title, the legend and the margins."""
BAR, BETWEEN_GROUPS = 1.0, 0.5
NO_SPEED = "none"

# The same results make the same files, and a reader's own fonts are used.
mpl.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "benchmarks",
        "font.family": "sans-serif",
        "font.size": 10,
    }
)
METADATA = {"Date": None, "Creator": None}


@dataclass(frozen=True)
class Palette:
    """The colours of a scheme; those of bars differ in lightness as well, for the colour-blind."""

    background: str
    text: str
    bars: dict[str, str]


PALETTES = {
    "light": Palette(
        "#ffffff",
        "#1f2328",
        {NO_SPEED: "#a17f10", "off": "#8b949e", "lookups": "#3d8bdb", "all": "#0b4f9e"},
    ),
    "dark": Palette(
        "#0d1117",
        "#e6edf3",
        {NO_SPEED: "#d9b64a", "off": "#6e7681", "lookups": "#3d7fc4", "all": "#9ecbff"},
    ),
}


def draw(chart: Chart, results: Results, scheme: str, path: Path) -> None:
    """Write a chart's file."""
    palette, groups = PALETTES[scheme], chart.groups(results)
    bars = sum(len(group.bars) * BAR + BETWEEN_GROUPS for group in groups)
    height = bars * BAR_INCHES + AROUND_INCHES
    figure = Figure((WIDTH_INCHES, height), facecolor=palette.background, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    axes = figure.add_subplot(facecolor=palette.background)
    figure.suptitle(chart.title, x=0.02, ha="left", weight="bold", size=11, color=palette.text)
    _draw_bars(axes, groups, palette)
    _draw_legend(figure, groups, palette)
    figure.savefig(path, format="svg", metadata=METADATA)


def _draw_bars(axes: Axes, groups: list[Group], palette: Palette) -> None:
    top = 0.0
    middles = []
    for group in groups:
        places = [top + BAR * number for number in range(len(group.bars))]
        drawn = axes.barh(
            places,
            [bar.rate for bar in group.bars],
            height=0.9 * BAR,
            color=[palette.bars[bar.speed or NO_SPEED] for bar in group.bars],
        )
        axes.bar_label(drawn, fmt="%.1f", padding=3, color=palette.text, size=9)
        middles.append(sum(places) / len(places))
        top = places[-1] + BAR + BETWEEN_GROUPS
    axes.set_yticks(middles, [group.label for group in groups], color=palette.text)
    axes.tick_params(length=0)
    axes.set_xticks([])
    axes.margins(x=0.15, y=0.02)
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)


def _draw_legend(figure: Figure, groups: list[Group], palette: Palette) -> None:
    used = {bar.speed for group in groups for bar in group.bars}
    patches = [
        Patch(color=palette.bars[speed], label=name)
        for speed, name in SPEEDS.items()
        if speed in used
    ]
    figure.legend(
        handles=patches,
        loc="outside lower left",
        ncols=len(patches),
        frameon=False,
        labelcolor=palette.text,
        fontsize=9,
        handlelength=1,
        columnspacing=1,
    )
