"""Results: five questions, each answered by a computed sentence, a chart and its table; segments; CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from msgspec import Struct

from leadwerk.drawing import marks
from leadwerk.pipeline.desk.outcome_counts import (
    SEGMENTS,
    OutcomeCount,
    Totals,
    grouped,
    hours_of,
    outcome_counts,
    totals,
    waits,
)
from leadwerk.policy.kpi_limits import Segmentation
from leadwerk.stats.wilson import wilson
from leadwerk.texts.message import Message
from leadwerk.web import Answer
from leadwerk.web.pages import answers, results_charts as charts
from leadwerk.web.pages.cached import cached
from leadwerk.web.pages.calls import hot_threshold
from leadwerk.web.pages.kpi_views import KPIS, alert_texts, trend_view
from leadwerk.web.pages.lead_proof import by_band, score_outcomes
from leadwerk.web.pages.money_views import money_views
from leadwerk.web.pages.rendering import render
from leadwerk.web.pages.table_csv import csv_answer
from leadwerk.web.pages.visit import Visit
from leadwerk.web.pages.wording import Wording
from leadwerk.web.problem_document import NotFound

SECONDS = 900.0
WEEKS = (13, 26, 52)
SEGMENTS_SHOWN = 30
Cells = tuple[str, ...]


class ResultsForm(Struct, frozen=True):
    """The period in weeks, and the field that forms segments."""

    weeks: Literal[13, 26, 52] = 26
    by: Segmentation = "language"


@dataclass(frozen=True)
class Question:
    """A question with its answer, chart, table, and what it was measured on."""

    name: str
    title: str
    answer: str
    svg: str
    note: str
    head: Cells
    rows: Sequence[Cells]


@dataclass(frozen=True)
class SegmentView:
    """A segment's row: its figures, and its interval as a mark."""

    name: str
    figures: Cells
    svg: str
    interval: str


def show(visit: Visit, form: ResultsForm) -> Answer:
    """The page."""
    wording = Wording(visit.policy, visit.language, visit.now)
    counts = _counts(visit, form)
    return render(
        visit,
        "results.html",
        menu_entry="results",
        form=form,
        periods=WEEKS,
        tiles=_tiles(visit, wording, counts),
        alerts=alert_texts(visit),
        questions=[question for question in questions(visit, wording, form) if question],
        segment_names=SEGMENTS,
        segments=_segments(visit, wording, form),
        segments_say=_segments_answer(visit, wording, form, counts),
        total=wording.number(totals(counts).leads),
        certain=wording.number(totals(counts).certain),
    )


def download(visit: Visit, form: ResultsForm, name: str) -> Answer:
    """A table of the page as CSV."""
    wording = Wording(visit.policy, visit.language, visit.now)
    if name == "segments":
        head: Cells = segment_head(wording)
        rows: Sequence[Cells] = [(view.name, *view.figures) for view in _segments(visit, wording, form)]
    else:
        question = next((question for question in questions(visit, wording, form) if question.name == name), None)
        if question is None:
            raise NotFound(
                Message("refusal.results.table", name=name[:60]),
                field="path",
                remedy=Message("refusal.results.table.remedy"),
            )
        head, rows = question.head, question.rows
    return csv_answer(name, [head, *rows])


def questions(visit: Visit, wording: Wording, form: ResultsForm) -> list[Question]:
    """The questions that the data can answer."""
    counts = _counts(visit, form)
    return [
        *_of_scores(visit, wording),
        *_of_time(visit, wording),
        *_of_speed(wording, counts),
        *_of_market(visit, wording, counts, form.weeks),
        *_of_trend(visit, wording, form.weeks),
        *_of_money(visit, wording, form.weeks),
    ]


def _counts(visit: Visit, form: ResultsForm) -> list[OutcomeCount]:
    key = ("results", visit.policy.version, form, visit.now.date())
    return cached(
        key,
        lambda: outcome_counts(visit.warehouse, visit.policy, now=visit.now, weeks=form.weeks, segment=form.by),
        SECONDS,
    )


def _tiles(visit: Visit, wording: Wording, counts: Sequence[OutcomeCount]) -> list[Cells]:
    """The figures a reader should see first: name, figure, and its meaning."""
    everything, median = totals(counts), hours_of(counts, 0.5)
    outcomes = score_outcomes(visit)
    hot = hot_threshold(visit)
    top = [outcome.converted for outcome in outcomes if outcome.predictive_score >= hot]
    tiles = [("leads", wording.number(everything.leads)), ("hot", wording.number(everything.hot))]
    if everything.rate is not None:
        tiles.append(("rate", wording.percent(everything.rate, 1)))
    if top:
        tiles.append(("hot_rate", wording.percent(sum(top) / len(top), 1)))
    if median is not None:
        tiles.append(("median", wording.say("page.hours", hours=wording.number(median))))
    return [(wording.say(f"page.tile.{name}"), figure, wording.say(f"page.tile.{name}.note")) for name, figure in tiles]


def _of_scores(visit: Visit, wording: Wording) -> list[Question]:
    outcomes, hot = score_outcomes(visit), hot_threshold(visit)
    if not outcomes:
        return []
    bands = by_band(outcomes)
    answer = answers.scores_answer(wording, bands, hot)
    rows = []
    for start, band in bands.items():
        low, high = wilson(band.won / band.leads, band.leads)
        span = f"{start}–{start + 9 if start < 90 else 100}"
        rate = wording.percent(band.won / band.leads, 1)
        rows.append((span, wording.number(band.leads), wording.number(band.won), rate, _span(wording, low, high)))
    head = _head(wording, "score", "leads", "won", "rate", "interval")
    note = wording.say("page.measured.scores", count=len(outcomes), figure=wording.number(len(outcomes)))
    svg = charts.bands_chart(wording, bands, hot, answer)
    ranked = sorted(outcomes, key=lambda outcome: -outcome.probability)
    won = sum(outcome.converted for outcome in ranked)
    gains = [
        (share / 20, sum(lead.converted for lead in ranked[: round(len(ranked) * share / 20)]) / won)
        for share in range(1, 21)
    ] if won else []  # fmt: skip
    order = answers.order_answer(wording, gains)
    gain_rows = [(wording.percent(called), wording.percent(won)) for called, won in gains]
    return [
        _question(wording, "scores", answer, svg, note, (head, rows)),
        _question(
            wording, "order", order, charts.gains_chart(wording, gains, order), note,
            (_head(wording, "called", "reached"), gain_rows),
        ),
    ]  # fmt: skip


def _of_time(visit: Visit, wording: Wording) -> list[Question]:
    from leadwerk.pipeline.thresholds.forecast import threshold_outlook

    key = ("outlook", visit.policy.version, visit.now.date())
    outlook = cached(key, lambda: threshold_outlook(visit.warehouse, visit.policy, "model", visit.now), SECONDS)
    if outlook is None or not any(row.calls for row in outlook.rungs):
        return []
    rungs = [(row.threshold, row.calls) for row in outlook.rungs]
    if outlook.hours:
        fields = {"hours": wording.number(outlook.hours, 1), "wanted": outlook.wanted, "today": outlook.today}
        answer = wording.say("page.ladder.says", **fields)
    else:
        answer = wording.say("page.ladder.no_team", today=outlook.today)
    svg = charts.ladder_chart(wording, rungs, outlook.room, outlook.today, answer)
    rows = [
        (wording.number(row.threshold), wording.number(row.calls, 1), wording.number(row.hours, 1))
        for row in outlook.rungs
        if row.threshold % 5 == 0 or row.threshold == outlook.today
    ]
    note = wording.say(f"page.ladder.source.{outlook.source}", count=outlook.past_leads, figure=outlook.past_leads)
    return [_question(wording, "time", answer, svg, note, (_head(wording, "threshold", "calls", "hours"), rows))]


def _of_speed(wording: Wording, counts: Sequence[OutcomeCount]) -> list[Question]:
    curve = waits(counts) if counts else []
    if not curve:
        return []
    answer = answers.speed_answer(wording, hours_of(counts, 0.5), hours_of(counts, 0.9), curve[-1][1])
    rows = [
        (wording.say("page.hours", hours=wording.number(hours)), wording.percent(share, 1)) for hours, share in curve
    ]
    total = totals(counts).leads
    note = wording.say("page.measured.leads", count=total, figure=wording.number(total))
    svg = charts.waits_chart(wording, curve, answer)
    return [_question(wording, "speed", answer, svg, note, (_head(wording, "within", "contacted"), rows))]


def _of_market(visit: Visit, wording: Wording, counts: Sequence[OutcomeCount], weeks: int) -> list[Question]:
    by_week = grouped(counts, lambda row: row.week)
    empty = Totals(leads=0, certain=0, won=0, hot=0)
    series = [by_week.get(week, empty) for week in range(weeks)]
    if not any(week.certain for week in series):
        return []
    first = visit.now - timedelta(days=weeks * 7 - 1)
    days = [wording.day(first + timedelta(days=7 * week)) for week in range(weeks)]
    answer = answers.market_answer(wording, series)
    rows = []
    for day, week in zip(days, series, strict=True):
        if week.leads:
            rate = wording.percent(week.rate, 1) if week.rate is not None else "–"
            span = _span(wording, *wilson(week.rate, week.certain)) if week.rate is not None else "–"
            rows.append((day, wording.number(week.leads), wording.number(week.certain), rate, span))
    note = wording.say("page.measured.certain", days=visit.policy.horizon_days)
    head = _head(wording, "week", "leads", "certain", "rate", "interval")
    return [_question(wording, "market", answer, charts.weeks_chart(wording, series, days, answer), note, (head, rows))]


def _of_trend(visit: Visit, wording: Wording, weeks: int) -> list[Question]:
    trend = trend_view(visit, wording, weeks)
    if trend is None:
        return []
    head = (wording.say("page.when"), *(wording.say(f"page.kpi.{kpi}") for kpi in KPIS))
    note = wording.say("page.trend.measured")
    return [_question(wording, "trend", trend.answer, trend.svg, note, (head, trend.rows))]


def _of_money(visit: Visit, wording: Wording, weeks: int) -> list[Question]:
    note = wording.say("page.money.measured", days=visit.policy.horizon_days)
    return [
        _question(wording, view.name, view.answer, "", note, (view.head, view.rows))
        for view in money_views(visit, wording, weeks)
    ]


def _segments(visit: Visit, wording: Wording, form: ResultsForm) -> list[SegmentView]:
    counts = _counts(visit, form)
    mean = totals(counts).rate or 0.0
    segments = _readable_segments(visit, form, counts)
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
        views.append(SegmentView(_segment_name(wording, form.by, name), figures, svg, _span(wording, low, high)))
    return views


def _readable_segments(visit: Visit, form: ResultsForm, counts: Sequence[OutcomeCount]) -> dict[str | None, Totals]:
    """The segments that the reader may see: of sellers, a seller sees the own figures only."""
    segments = grouped(counts, lambda row: row.segment)
    if form.by == "seller" and not visit.may("manager", "operator"):
        return {name: group for name, group in segments.items() if visit.is_me(name)}
    return segments


def segment_head(wording: Wording) -> Cells:
    """The columns of the segments' table, without the chart."""
    return _head(wording, "segment", "leads", "rate", "median", "slowest", "open", "hot")


def _segments_answer(visit: Visit, wording: Wording, form: ResultsForm, counts: Sequence[OutcomeCount]) -> str:
    segments = _readable_segments(visit, form, counts)
    groups = {name: group for name, group in segments.items() if name is not None}
    return answers.segments_answer(wording, groups, totals(counts).rate)


def _segment_name(wording: Wording, by: Segmentation, name: int | str | None) -> str:
    if name is None:
        return wording.say("page.segment.unknown")
    if by == "language":
        return wording.spoken(str(name))
    return wording.region(str(name)) if by == "region" else str(name)


def _question(
    wording: Wording, name: str, answer: str, svg: str, note: str, table: tuple[Cells, Sequence[Cells]]
) -> Question:
    return Question(name, wording.say(f"page.question.{name}"), answer, svg, note, *table)


def _head(wording: Wording, *names: str) -> Cells:
    return tuple(wording.say(f"page.column.{name}") for name in names)


def _span(wording: Wording, low: float, high: float) -> str:
    return f"{wording.percent(low)} … {wording.percent(high)}"
