"""The ladder as a picture: what a threshold costs in hours, and what it brings in wins."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from leadwerk.errors import InputError
from leadwerk.report.threshold_outlook_table import OutlookRow
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("png", "svg", "pdf")
INK, MUTED, CURVE, TODAY, TIME = "#1f2430", "#6b7280", "#2563eb", "#dc2626", "#059669"
SIZE = (7.2, 4.4)  # inches
STYLE: dict[Any, Any] = {
    "font.size": 10.5, "svg.hashsalt": "ladder", "axes.edgecolor": MUTED, "text.color": INK,
    "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip
RESOLUTION = 150  # dots an inch
# The chart marks every so many points, and today's threshold.
LABELLED = 5


@dataclass(frozen=True, kw_only=True)
class ChartLabels:
    """Labels in the reader's language; `calls` stands in for `wins` where nothing is known of wins."""

    hours: str
    wins: str
    calls: str
    team: str
    today: str


def outlook_chart(
    rungs: Sequence[OutlookRow], labels: ChartLabels, *, today: int, hours: float, file: str = "threshold.png"
) -> bytes:
    """Wins a week over seller's hours a week, a dot a threshold; the team's hours and today's threshold are marked.

    Raises:
        InputError: the file's name ends in none of the formats.
    """
    kind = format_of(file)
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained", dpi=RESOLUTION)
        axes: Axes = figure.add_subplot()
        _draw(axes, rungs, labels, today, hours)
        stream = io.BytesIO()
        # No date within: the same ladder is the same file.
        dated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
        figure.savefig(stream, format=kind, metadata=dated)
    return stream.getvalue()


def format_of(file: str) -> str:
    """The format that a file's name asks for.

    >>> format_of("reports/threshold.svg")
    'svg'

    Raises:
        InputError: it is not one of ours.
    """
    suffix = PurePath(file).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise InputError(
            Message("refusal.plot", ending=suffix or Message("refusal.plot.no_ending")),
            field="plot",
            value=file,
            remedy=Message("refusal.plot.remedy", endings=", ".join("." + name for name in FORMATS)),
        )
    return suffix


def _draw(axes: Axes, rungs: Sequence[OutlookRow], labels: ChartLabels, today: int, hours: float) -> None:
    rungs_with_wins = [rung for rung in rungs if rung.wins]
    heights = {rung.threshold: rung.wins.value if rung.wins else rung.calls for rung in rungs_with_wins or rungs}
    at = {rung.threshold: rung.hours for rung in rungs}
    _interval(axes, rungs_with_wins)
    axes.plot([at[t] for t in heights], list(heights.values()), "o-", color=CURVE, markersize=4, linewidth=1.6)
    for threshold, height in heights.items():
        if threshold % LABELLED == 0 and threshold != today:
            axes.annotate(str(threshold), (at[threshold], height), (5, -11), textcoords="offset points", color=MUTED)
    axes.axvline(hours, color=TIME, linewidth=1.4, linestyle=(0, (4, 3)), label=labels.team)
    if today in heights:
        axes.plot([at[today]], [heights[today]], "o", color=TODAY, markersize=9, label=labels.today, zorder=4)
    axes.set_xlim(left=0, right=1.05 * max(hours, *at.values()))
    axes.set_ylim(bottom=0)
    axes.set_xlabel(labels.hours)
    axes.set_ylabel(labels.wins if rungs_with_wins else labels.calls)
    axes.grid(True, linewidth=0.5, color="#e5e7eb")
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="upper left")


def _interval(axes: Axes, rungs_with_wins: Sequence[OutlookRow]) -> None:
    ends = [
        (rung.hours, rung.wins.low, rung.wins.high)
        for rung in rungs_with_wins
        if rung.wins and rung.wins.low is not None
    ]
    if ends:
        hours, low, high = zip(*ends, strict=True)
        axes.fill_between(hours, low, high, color=CURVE, alpha=0.12, linewidth=0)
