"""What only a simulation knows: models against the true chances, and not against the luck of outcomes."""

from __future__ import annotations

from leadwerk.report.formatter import Formatter
from leadwerk.report.report_data import CallingComparison, SimulationTruth, TruthComparison
from leadwerk.report.section import ReportSection, section


def compare_with_truth(words: Formatter, known: SimulationTruth | None) -> ReportSection | None:
    """A column for each model and period; None where the truth is unknown."""
    if known is None or not known.against:
        return None
    told = [words.say("report.truth.text")]
    if known.calling:
        told.insert(0, _calling(words, known.calling))
    header = ("", *(_who(words, one) for one in known.against))
    rows = [
        (words.say("report.truth.cases"), *(words.count(one.cases) for one in known.against)),
        (words.say("report.metric.auc"), *(words.decimal(one.auc, 3) for one in known.against)),
        (words.say("report.truth.best"), *(words.decimal(one.best, 3) for one in known.against)),
        (words.say("report.truth.share"), *(words.share(one.auc / one.best, 1) for one in known.against)),
        (words.say("report.metric.ece"), *(words.share(one.ece, 1) for one in known.against)),
        (words.say("report.metric.lift_at_10"), *(f"× {words.decimal(one.lift_at_10, 1)}" for one in known.against)),
    ]
    return section(words, "report.truth", paragraphs=told, header=header, rows=rows, wide=True)


def _who(words: Formatter, one: TruthComparison) -> str:
    return words.say(f"report.truth.{one.model}", first=words.day(one.first), last=words.day(one.last))


def _calling(words: Formatter, calling: CallingComparison) -> str:
    return words.say(
        "report.truth.calling",
        leads=words.count(calling.leads),
        before=words.decimal(calling.before, 1),
        after=words.decimal(calling.after, 1),
        saved=words.share(calling.saved),
    )
