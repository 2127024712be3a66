"""Charts as SVG that takes its colours from the page around it, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadwerk.report.score_bands import ScoreBand
from leadwerk.stats.calibration_bin import CalibrationBin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Drawn in these colours, which are then replaced by the page's own (see page.css).
INK, MUTED, LINE, ACCENT, SECOND, HOT, WARM, COLD = (
    "#010101", "#020202", "#030303", "#040404", "#050505", "#060606", "#070707", "#080808",
)  # fmt: skip
VARIABLES = {
    INK: "--ink", MUTED: "--muted", LINE: "--line", ACCENT: "--accent", SECOND: "--second", HOT: "--hot",
    WARM: "--warm", COLD: "--cold",
}  # fmt: skip
WIDE, SQUARE = (6.4, 3.6), (4.6, 4.0)  # inches, at 72 points
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": LINE,
    "legend.frameon": False,
    "legend.labelcolor": INK,
}


def importance(sizes: Mapping[str, float]) -> str:
    """Bars of what moves the score, the largest on top."""
    with _Chart((6.4, 0.9 + 0.34 * len(sizes)), "importance") as chart:
        names = list(sizes)[::-1]
        chart.axes.barh(names, [sizes[name] for name in names], color=ACCENT, height=0.62)
        chart.axes.tick_params(axis="y", length=0, labelcolor=INK)
        chart.axes.set_xticks([])
        chart.axes.spines[["left", "bottom"]].set_visible(False)
    return chart.svg


def calibration(
    bins: Sequence[CalibrationBin], labels: tuple[str, str], truth: Sequence[tuple[float, float]] = ()
) -> str:
    """Predicted against observed, with intervals; `truth` adds (predicted, true) means of a simulated market."""
    with _Chart(SQUARE, "calibration") as chart:
        end = 1.08 * max([high for _, high in (b.interval for b in bins)] + [b.predicted for b in bins])
        chart.axes.plot([0, end], [0, end], color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        predicted, observed = [b.predicted for b in bins], [b.observed for b in bins]
        reach = list(zip(*map(_reach, bins), strict=True))
        chart.axes.errorbar(
            predicted, observed, yerr=reach, fmt="o", color=ACCENT, ecolor=ACCENT, elinewidth=1, markersize=6, zorder=3
        )
        if truth:
            xs, ys = zip(*truth, strict=True)
            chart.axes.plot(xs, ys, marker="D", linestyle="none", color=SECOND, markersize=5, zorder=4)
        _percent_axes(chart.axes, labels, end)
    return chart.svg


def _reach(calibration_bin: CalibrationBin) -> tuple[float, float]:
    low, high = calibration_bin.interval
    # The interval of a share of 0 ends at it, but for the last digit.
    return max(calibration_bin.observed - low, 0), max(high - calibration_bin.observed, 0)


def gains(curve: Sequence[tuple[float, float]], labels: tuple[str, str], mark: float = 0.2) -> str:
    """Share of the conversions reached by share of the leads called, best first; `mark` is pointed out."""
    with _Chart(SQUARE, "gains") as chart:
        xs, ys = zip(*curve, strict=True)
        chart.axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        chart.axes.fill_between(xs, xs, ys, color=ACCENT, alpha=0.14, linewidth=0)
        chart.axes.plot(xs, ys, color=ACCENT, linewidth=2.5)
        at = min(range(len(xs)), key=lambda i: abs(xs[i] - mark))
        chart.axes.plot([xs[at]], [ys[at]], "o", color=SECOND, markersize=8)
        chart.axes.annotate(
            f"{xs[at]:.0%} → {ys[at]:.0%}", (xs[at], ys[at]), (10, -14), textcoords="offset points", color=INK
        )
        _percent_axes(chart.axes, labels, 1)
    return chart.svg


def conversion_by_band(
    bands: Sequence[ScoreBand], average: float, labels: tuple[str, str], hot: int, warm: int, *, name: str = "bands"
) -> str:
    """Conversion rate of each score band, coloured by what the policy calls it; the line is the average lead."""
    with _Chart(WIDE, name) as chart:
        rates = [band.rate or 0 for band in bands]
        colours = [cluster_colour(band.low, hot, warm) for band in bands]
        bars = chart.axes.bar([f"{b.low}–{b.high}" for b in bands], rates, color=colours, width=0.72)
        chart.axes.bar_label(
            bars, [f"{b.rate:.0%}\nn {b.leads:,}" if b.rate is not None else "" for b in bands],
            fontsize=9, color=MUTED, padding=2,
        )  # fmt: skip
        chart.axes.tick_params(axis="x", labelsize=9)
        chart.axes.axhline(average, color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        chart.axes.set_ylim(0, max([*rates, average]) * 1.25)
        _percent_ticks(chart.axes.yaxis)
        chart.axes.set_xlabel(labels[0])
        chart.axes.set_ylabel(labels[1])
    return chart.svg


def distribution(counts: Mapping[int, int], labels: tuple[str, str], hot: int, warm: int) -> str:
    """How many leads have which score, in fives."""
    with _Chart(WIDE, "distribution") as chart:
        lows = range(0, 100, 5)
        heights = [sum(n for s, n in counts.items() if low <= min(s, 99) < low + 5) for low in lows]
        colours = [cluster_colour(low, hot, warm) for low in lows]
        chart.axes.bar([low + 2.5 for low in lows], heights, width=4.4, color=colours)
        chart.axes.set_xlim(0, 100)
        chart.axes.set_xlabel(labels[0])
        chart.axes.set_ylabel(labels[1])
    return chart.svg


def cluster_colour(score: int, hot: int, warm: int) -> str:
    """The colour of a score's cluster."""
    return HOT if score >= hot else WARM if score >= warm else COLD


def _percent_axes(axes: Axes, labels: tuple[str, str], end: float) -> None:
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(True, linewidth=0.6)
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        _percent_ticks(axis)


def _percent_ticks(axis: Any) -> None:
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1, decimals=0))


class _Chart:
    """A figure that becomes `svg` when the block ends; without pyplot, so without global state."""

    svg = ""

    def __init__(self, size: tuple[float, float], name: str) -> None:
        self._size, self._name = size, name

    def __enter__(self) -> _Chart:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        # The salt makes the ids of this chart's parts its own on the page, and the same every time.
        self._context = mpl.rc_context({**_STYLE, "svg.hashsalt": self._name})
        self._context.__enter__()
        self.figure: Figure = Figure(figsize=self._size, layout="constrained")
        self.figure.patch.set_alpha(0)
        self.axes: Axes = self.figure.add_subplot()
        self.axes.patch.set_alpha(0)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            stream = io.StringIO()
            self.figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
            self.svg = themed(stream.getvalue())
        self._context.__exit__(None, None, None)


def themed(svg: str) -> str:
    """Matplotlib's SVG as part of a page: without prologue and metadata, in the page's colours and font.

    >>> themed('<?xml version="1.0"?><svg width="1pt"><text style="fill: #010101; font: 11px sans"/></svg>')
    '<svg ><text style="fill: var(--ink); font: 11px inherit"/></svg>'
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?)\s(?:width|height)="[^"]*"', r"\1 ", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?)\s(?:width|height)="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 inherit", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg.strip()
