"""What only a simulation knows: models against the true chances, and not against the luck of outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leadwerk.report.formatter import Formatter
from leadwerk.report.report_data import CallingComparison, SimulationTruth, TruthComparison
from leadwerk.report.section import ReportSection, ReportTable, section


def compare_with_truth(formatter: Formatter, truth: SimulationTruth | None) -> ReportSection | None:
    """A column for each model and period; None where the truth is unknown."""
    if truth is None or not truth.against:
        return None
    paragraphs = [formatter.say("report.truth.text")]
    if truth.calling:
        paragraphs.insert(0, _calling(formatter, truth.calling))
    header = ("", *(_who(formatter, comparison) for comparison in truth.against))
    figures: Mapping[str, Callable[[TruthComparison], str]] = {
        "report.truth.cases": lambda of: formatter.count(of.cases),
        "report.metric.auc": lambda of: formatter.decimal(of.auc, 3),
        "report.truth.best": lambda of: formatter.decimal(of.best, 3),
        "report.truth.share": lambda of: formatter.share(of.auc / of.best, 1),
        "report.metric.ece": lambda of: formatter.share(of.ece, 1),
        "report.metric.lift_at_10": lambda of: f"× {formatter.decimal(of.lift_at_10, 1)}",
    }
    rows = [(formatter.say(key), *map(figure, truth.against)) for key, figure in figures.items()]
    return section(formatter, "report.truth", paragraphs=paragraphs, table=ReportTable(rows, header), wide=True)


def _who(formatter: Formatter, comparison: TruthComparison) -> str:
    return formatter.say(
        f"report.truth.{comparison.model}", first=formatter.day(comparison.first), last=formatter.day(comparison.last)
    )


def _calling(formatter: Formatter, calling: CallingComparison) -> str:
    return formatter.say(
        "report.truth.calling",
        leads=formatter.count(calling.leads),
        before=formatter.decimal(calling.before, 1),
        after=formatter.decimal(calling.after, 1),
        saved=formatter.share(calling.saved),
    )
