"""The report: the page Results in its printable form, and the models behind it. Facts in, HTML out."""

from __future__ import annotations

from pathlib import Path

from leadwerk.catalogue.languages import Language
from leadwerk.drawing.plot import charts_css
from leadwerk.registry.manifest import CandidateEvaluation
from leadwerk.report.calls_saved import calls_saved
from leadwerk.report.formatter import Formatter
from leadwerk.report.provenance import in_the_test, source
from leadwerk.report.report_data import ReportData
from leadwerk.report.results.segments import segment_head
from leadwerk.report.results.view import results_view
from leadwerk.report.sections import sections
from leadwerk.report.wording import Wording

FOLDER = Path(__file__).parent


def render(facts: ReportData, language: Language | None = None) -> str:
    """The page in `language` (else the policy's first); needs nothing but a browser."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    spoken = language or facts.policy.languages[0]
    # StrictUndefined: a typo in the template fails a test instead of leaving a blank on the page.
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    formatter, wording = Formatter(spoken, facts.policy), Wording(facts.policy, spoken, facts.now)
    return environment.get_template("page.html").render(
        t=formatter.say,
        language=spoken,
        css=charts_css() + (FOLDER / "page.css").read_text("utf-8"),
        facts=facts,
        written_at=facts.now.strftime("%Y-%m-%d %H:%M UTC"),
        segment_head=segment_head(wording, facts.results.by),
        results=results_view(wording, facts.results),
        tiles=_tiles(formatter, facts),
        sections=[section for section in sections(formatter, facts) if section],
    )


def _tiles(formatter: Formatter, facts: ReportData) -> list[dict[str, str]]:
    """The figures a reader should see first."""
    tiles = []
    savings = calls_saved(facts)
    if savings and savings.saved is not None:
        tiles.append(
            _tile(formatter.share(savings.saved), formatter.say("report.calls_saved"), source(formatter, facts))
        )
    if facts.test:
        tiles += _test_tiles(formatter, facts, facts.test)
    if facts.scores:
        tiles.append(
            _tile(formatter.count(sum(facts.scores.values())), formatter.say("report.leads"), _newest(formatter, facts))
        )
    elif facts.cells:
        hot = sum(leads for (_, cluster), leads in facts.cells.items() if cluster == "HOT")
        note = formatter.say("report.leads.called_hot", count=formatter.count(hot))
        tiles.append(_tile(formatter.count(sum(facts.cells.values())), formatter.say("report.leads.pointed"), note))
    return tiles


def _newest(formatter: Formatter, facts: ReportData) -> str:
    """How many of the leads with a score are HOT by today's threshold."""
    hot = facts.results.hot
    return formatter.say(
        "report.leads.hot", count=formatter.count(sum(n for s, n in facts.scores.items() if s >= hot)), hot=hot
    )


def _tile(figure: str, title: str, note: str) -> dict[str, str]:
    return {"figure": figure, "title": title, "note": note}


def _test_tiles(formatter: Formatter, facts: ReportData, test: CandidateEvaluation) -> list[dict[str, str]]:
    """The champion's figures out of time: those of the table of all candidates."""
    titles = {
        "auc": formatter.say("report.auc"),
        "lift_at_10": formatter.say("report.lift", percent=formatter.share(0.1)),
        "ece": formatter.say("report.ece"),
    }
    tiles = []
    for metric, title in titles.items():
        figure, interval = formatter.metric_with_interval(metric, test.metric(metric))
        figure_text = f"× {figure}" if metric == "lift_at_10" else figure
        tiles.append(_tile(figure_text, title, f"{interval}; {in_the_test(formatter, facts)}"))
    return tiles
