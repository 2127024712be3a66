"""Segments of results: leads, rates with intervals and first contact, by a field of the lead."""

from __future__ import annotations

from dataclasses import dataclass

from leadwerk.drawing import marks
from leadwerk.policy.kpi_limits import Segmentation
from leadwerk.report.results import answers
from leadwerk.report.results.data import ResultsData
from leadwerk.report.results.outcome_counts import Totals, grouped, hours_of, totals
from leadwerk.report.results.table_words import Cells, column_heads, interval_text
from leadwerk.report.wording import Wording
from leadwerk.stats.wilson import wilson

SEGMENTS_SHOWN = 30


@dataclass(frozen=True)
class SegmentView:
    """A segment's row: its figures, and its interval as a mark."""

    name: str
    figures: Cells
    svg: str
    interval: str


def segment_views(wording: Wording, data: ResultsData) -> list[SegmentView]:
    """The largest segments, with intervals on one scale."""
    counts = data.counts
    mean = totals(counts).rate or 0.0
    segments = _readable_segments(data)
    groups = sorted(segments.items(), key=lambda item: -item[1].leads)[:SEGMENTS_SHOWN]
    bounds = {
        name: wilson(group.rate, group.certain) for name, group in groups if group.rate is not None and group.certain
    }
    # One scale for all segments, and room for the mean beside the largest rate.
    most = min(1.0, max((2 * (group.rate or 0) for _, group in groups), default=0.0) or 1.0)
    views = []
    for name, group in groups:
        rows = [row for row in counts if row.segment == name]
        rate = wording.percent(group.rate, 1) if group.rate is not None else "–"
        low, high = bounds.get(name, (0.0, 1.0))
        median, slowest = (hours_of(rows, share) for share in (0.5, 0.9))
        figures = (
            wording.number(group.leads),
            rate,
            *("–" if hours is None else wording.say("page.hours", hours=hours) for hours in (median, slowest)),
            wording.number(group.leads - group.certain),
            wording.number(group.hot),
        )
        svg = marks.interval(group.rate, low, high, mean=mean, most=most) if group.rate is not None else ""
        views.append(SegmentView(segment_name(wording, data.by, name), figures, svg, interval_text(wording, low, high)))
    return views


def _readable_segments(data: ResultsData) -> dict[str | None, Totals]:
    """The segments that the reader may see: of sellers, a seller sees the own figures only."""
    segments = grouped(data.counts, lambda row: row.segment)
    if data.by == "seller" and data.only_seller is not None:
        return {name: group for name, group in segments.items() if data.may_show(name)}
    return segments


def segment_head(wording: Wording, by: Segmentation) -> Cells:
    """The columns of the segments' table, without the chart."""
    return wording.say(f"page.by.{by}"), *column_heads(wording, "leads", "rate", "median", "slowest", "open", "hot")


def segments_answer(wording: Wording, data: ResultsData) -> str:
    """Which segments differ, in a sentence."""
    # By their names as the table says them: a sentence of codes would name "en" beside a row "English".
    groups = {
        segment_name(wording, data.by, name): group
        for name, group in _readable_segments(data).items()
        if name is not None
    }
    return answers.segments_answer(wording, groups, totals(data.counts).rate)


def segment_name(wording: Wording, by: str, name: int | str | None) -> str:
    """What a segment by a field is called; leads without a value have a name, too."""
    if name in (None, ""):
        return wording.say("page.segment.unknown")
    if by == "language":
        return wording.spoken(str(name))
    return wording.region(str(name)) if by == "region" else str(name)
