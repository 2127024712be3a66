"""View of results: all figures and sentences as one reader reads them; the page and the report render this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadwerk.report.formatter import Formatter
from leadwerk.report.kpi_section import alert_sentence
from leadwerk.report.results.customers import CustomersView, customers_view
from leadwerk.report.results.data import ResultsData
from leadwerk.report.results.outcome_counts import hours_of, totals
from leadwerk.report.results.questions import Question, questions
from leadwerk.report.results.segments import SegmentView, segment_views, segments_answer
from leadwerk.report.wording import Wording


@dataclass(frozen=True)
class ResultsTile:
    """A figure that a reader should see first, with what it means."""

    name: str
    figure: str
    note: str


@dataclass(frozen=True)
class ResultsView:
    """All of the results. `alerts`: a sentence for each KPI outside its limits."""

    intro: str
    has_leads: bool
    alerts: Sequence[str]
    tiles: Sequence[ResultsTile]
    questions: Sequence[Question]
    segments: Sequence[SegmentView]
    segments_answer: str
    customers: CustomersView | None


def results_view(wording: Wording, data: ResultsData) -> ResultsView:
    """The results in the reader's language."""
    everything = totals(data.counts)
    leads, certain = wording.number(everything.leads), wording.number(everything.certain)
    formatter = Formatter(wording.language, wording.policy)
    return ResultsView(
        intro=wording.say("page.results.intro", weeks=data.weeks, leads=leads, certain=certain),
        has_leads=everything.leads > 0,
        alerts=[alert_sentence(formatter, alert) for alert in data.alerts],
        tiles=_tiles(wording, data),
        questions=questions(wording, data),
        segments=segment_views(wording, data),
        segments_answer=segments_answer(wording, data),
        customers=customers_view(wording, data.customers),
    )


def _tiles(wording: Wording, data: ResultsData) -> list[ResultsTile]:
    everything, median = totals(data.counts), hours_of(data.counts, 0.5)
    top = [outcome.converted for outcome in data.outcomes if outcome.predictive_score >= data.hot]
    tiles = [("leads", wording.number(everything.leads)), ("hot", wording.number(everything.hot))]
    if everything.rate is not None:
        tiles.append(("rate", wording.percent(everything.rate, 1)))
    if top:
        tiles.append(("hot_rate", wording.percent(sum(top) / len(top), 1)))
    if median is not None:
        tiles.append(("median", wording.say("page.hours", hours=wording.number(median))))
    return [
        ResultsTile(wording.say(f"page.tile.{name}"), figure, wording.say(f"page.tile.{name}.note"))
        for name, figure in tiles
    ]
