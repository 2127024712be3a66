"""Questions that results answer: each with a computed sentence, a chart, its table, and what it was measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from leadwerk.report.kpi_alerts import DailyKpi
from leadwerk.report.money_figures import MoneyFigures
from leadwerk.report.results import answers, charts
from leadwerk.report.results.band_outcomes import by_band
from leadwerk.report.results.changes import by_week, changes_text, marks
from leadwerk.report.results.data import ResultsData
from leadwerk.report.results.groups import group_rows, groups_answer, groups_note, groups_table
from leadwerk.report.results.money import money_views
from leadwerk.report.results.outcome_counts import OutcomeCount, Totals, grouped, hours_of, totals, waits
from leadwerk.report.results.table_words import Cells, column_heads, interval_text
from leadwerk.report.results.trend import KPIS, trend_view
from leadwerk.report.threshold_outlook_table import Outlook
from leadwerk.report.wording import Wording
from leadwerk.stats.wilson import wilson


@dataclass(frozen=True)
class Question:
    """A question with its answer, chart, table, and what it was measured on; `text_columns` are no figures."""

    name: str
    title: str
    answer: str
    svg: str
    note: str
    head: Cells
    rows: Sequence[Cells]
    text_columns: int = 1


def questions(wording: Wording, data: ResultsData) -> list[Question]:
    """The questions that the data can answer."""
    return [
        *_of_scores(wording, data),
        *_of_groups(wording, data),
        *_of_time(wording, data.outlook),
        *_of_speed(wording, data.counts),
        *_of_market(wording, data),
        *_of_trend(wording, data.kpis),
        *_of_money(wording, data.money),
    ]


def _of_scores(wording: Wording, data: ResultsData) -> list[Question]:
    outcomes, hot = data.outcomes, data.hot
    if not outcomes:
        return []
    bands = by_band(outcomes)
    answer = answers.scores_answer(wording, bands, hot)
    rows = []
    for start, band in bands.items():
        low, high = wilson(band.won / band.leads, band.leads)
        span = f"{start}–{start + 9 if start < 90 else 100}"
        rate = wording.percent(band.won / band.leads, 1)
        rows.append(
            (span, wording.number(band.leads), wording.number(band.won), rate, interval_text(wording, low, high))
        )
    head = column_heads(wording, "score", "leads", "won", "rate", "interval")
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
            (column_heads(wording, "called", "reached"), gain_rows),
        ),
    ]  # fmt: skip


def _of_groups(wording: Wording, data: ResultsData) -> list[Question]:
    rows = group_rows(data.outcomes, data.hot) if data.outcomes else []
    if not rows:
        return []
    count = len(data.outcomes)
    measured = wording.say("page.measured.scores", count=count, figure=wording.number(count))
    note = f"{measured} {groups_note(wording)}"
    question = _question(
        wording, "groups", groups_answer(wording, data.outcomes, rows), "", note, groups_table(wording, rows)
    )
    return [replace(question, text_columns=2)]


def _of_time(wording: Wording, outlook: Outlook | None) -> list[Question]:
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
    return [_question(wording, "time", answer, svg, note, (column_heads(wording, "threshold", "calls", "hours"), rows))]


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
    return [_question(wording, "speed", answer, svg, note, (column_heads(wording, "within", "contacted"), rows))]


def _of_market(wording: Wording, data: ResultsData) -> list[Question]:
    weekly_counts = grouped(data.counts, lambda row: row.week)
    empty = Totals(leads=0, certain=0, won=0, hot=0)
    series = [weekly_counts.get(week, empty) for week in range(data.weeks)]
    if not any(week.certain for week in series):
        return []
    first = wording.now - timedelta(days=data.weeks * 7 - 1)
    days = [wording.day(first + timedelta(days=7 * week)) for week in range(data.weeks)]
    answer, changes = answers.market_answer(wording, series), by_week(data.changes, first, data.weeks)
    rows = [
        (days[place], changes_text(wording, changes.get(place, ())), *_week_figures(wording, week))
        for place, week in enumerate(series)
        if week.leads or place in changes
    ]
    note = wording.say("page.measured.certain", days=wording.policy.horizon_days)
    if changes:
        note = f"{note} {wording.say('page.market.marks')}"
    head = column_heads(wording, "week", "changes", "leads", "certain", "rate", "interval")
    svg = charts.weeks_chart(wording, series, days, answer, marks(wording, changes))
    return [replace(_question(wording, "market", answer, svg, note, (head, rows)), text_columns=2)]


def _week_figures(wording: Wording, week: Totals) -> Cells:
    rate = wording.percent(week.rate, 1) if week.rate is not None else "–"
    span = interval_text(wording, *wilson(week.rate, week.certain)) if week.rate is not None else "–"
    return wording.number(week.leads), wording.number(week.certain), rate, span


def _of_trend(wording: Wording, history: Sequence[DailyKpi]) -> list[Question]:
    trend = trend_view(wording, history)
    if trend is None:
        return []
    head = (wording.say("page.when"), *(wording.say(f"page.kpi.{kpi}") for kpi in KPIS))
    note = wording.say("page.trend.measured")
    return [_question(wording, "trend", trend.answer, trend.svg, note, (head, trend.rows))]


def _of_money(wording: Wording, figures: MoneyFigures | None) -> list[Question]:
    if figures is None:
        return []
    note = wording.say("page.money.measured", days=wording.policy.horizon_days)
    return [
        _question(wording, view.name, view.answer, "", note, (view.head, view.rows))
        for view in money_views(wording, figures)
    ]


def _question(
    wording: Wording, name: str, answer: str, svg: str, note: str, table: tuple[Cells, Sequence[Cells]]
) -> Question:
    return Question(name, wording.say(f"page.question.{name}"), answer, svg, note, *table)
