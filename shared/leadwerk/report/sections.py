"""Sections on the models behind the results, in the report's order; one that has nothing to say is left out.

What the page Results states too is not repeated here: leadwerk.report.results is the one definition of it.
"""

from __future__ import annotations

import numpy as np
from msgspec.structs import asdict

from leadwerk.registry.manifest import CandidateEvaluation
from leadwerk.report import charts
from leadwerk.report.calls_saved import calls_saved
from leadwerk.report.drift_section import drift_section
from leadwerk.report.formatter import NOTHING, Formatter
from leadwerk.report.model_sections import importance_section, segments_section
from leadwerk.report.provenance import source, test_evidence_paragraphs
from leadwerk.report.quality_sections import (
    left_out_section,
    thresholds_section,
    words_section,
)
from leadwerk.report.report_data import ReportData, ScoredOutcomes
from leadwerk.report.report_rows import ExtractTotals
from leadwerk.report.score_bands import score_bands
from leadwerk.report.section import ReportSection, ReportTable, section
from leadwerk.report.simulation_truth import compare_with_truth
from leadwerk.report.stage_section import stage_section
from leadwerk.report.training_sections import change_section, model_card, models_section
from leadwerk.stats.curves import calibration_bins

METRICS = ("auc", "pr_auc", "lift_at_10", "ece", "log_loss", "brier", "precision", "recall", "f1")
CANDIDATES = ("challenger", "logistic_regression", "boosting", "general", "champion", "points", "both")
GRADES, LEVELS = "ABCD", "1234"
STATES = ("sent", "retry", "pending", "dead_letter")


def sections(formatter: Formatter, facts: ReportData) -> list[ReportSection | None]:
    """All sections; None where the facts say nothing."""
    return [
        _savings(formatter, facts),
        words_section(formatter, facts),
        compare_with_truth(formatter, facts.simulation_truth),
        _gains(formatter, facts),
        _calibration(formatter, facts),
        thresholds_section(formatter, facts),
        importance_section(formatter, facts.champion),
        _distribution(formatter, facts),
        _matrix(formatter, facts),
        _by_points(formatter, facts),
        stage_section(formatter, facts),
        _comparison(formatter, facts),
        segments_section(formatter, facts.champion),
        change_section(formatter, facts.runs),
        drift_section(formatter, facts.drift),
        _deliveries(formatter, facts),
        models_section(formatter, facts.runs),
        _data(formatter, facts.extracted),
        model_card(formatter, facts.champion),
        left_out_section(formatter, facts),
    ]


def _savings(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    savings = calls_saved(facts)
    if savings is None or savings.after is None:
        return None
    sentence = formatter.say(
        "report.savings.text",
        before=formatter.decimal(savings.before, 1),
        after=formatter.decimal(savings.after, 1),
        kept=formatter.share(savings.conversion_share),
        threshold=facts.results.hot,
    )
    return section(formatter, "report.savings", paragraphs=[sentence, source(formatter, facts)], wide=True)


def _gains(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    savings = calls_saved(facts)
    # Of leads that were scored before their outcome, the question "order" of the results says it.
    if savings is None or not savings.gains or facts.results.outcomes:
        return None
    fifth = next(conversions for calls, conversions in savings.gains if calls >= 0.2)
    svg = charts.gains(savings.gains, (formatter.say("report.gains.x"), formatter.say("report.gains.y")))
    paragraphs = [formatter.say("report.gains.text", reached=formatter.share(fifth)), source(formatter, facts)]
    return section(formatter, "report.gains", paragraphs=paragraphs, svg=svg)


def _calibration(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    savings = calls_saved(facts)
    if savings is None:
        return None
    truth = _true_means(facts.scored)
    labels = formatter.say("report.predicted"), formatter.say("report.observed")
    seen = formatter.say("report.calibration.truth") if truth else ""
    paragraphs = [formatter.say("report.calibration.text"), seen, source(formatter, facts)]
    return section(
        formatter,
        "report.calibration",
        paragraphs=paragraphs,
        svg=charts.calibration(savings.calibration, labels, truth),
    )


def _true_means(scored: ScoredOutcomes) -> list[tuple[float, float]]:
    """(predicted, true) means of tenths by prediction; empty where the truth is not known."""
    if scored.true_probability is None or not scored.tells:
        return []
    # Leads that closed before the moment have no true chance any more.
    has_truth = ~np.isnan(scored.true_probability)
    bins = calibration_bins(scored.true_probability[has_truth], scored.probability[has_truth])
    return [(tenth.predicted, tenth.observed) for tenth in bins]


def _distribution(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    if not facts.scores:
        return None
    labels = formatter.say("report.score"), formatter.say("report.leads_count")
    hot, warm = facts.results.hot, facts.policy.bands.warm
    return section(formatter, "report.distribution", svg=charts.distribution(facts.scores, labels, hot, warm))


def _matrix(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    """How many leads are in each cell of fit × interest, without the disqualified ones."""
    if not facts.cells:
        return None
    count = {cell: 0 for cell, _ in facts.cells}
    for (cell, cluster), leads in facts.cells.items():
        # Disqualified leads keep their row but do not count: sellers do not call them.
        count[cell] += leads * (cluster != "DISQUALIFIED")
    rows = [(grade, *(formatter.count(count.get(grade + level, 0)) for level in LEVELS)) for grade in GRADES]
    return section(
        formatter,
        "report.matrix",
        paragraphs=[formatter.say("report.matrix.text")],
        table=ReportTable(rows, ("", *LEVELS)),
    )


def _by_points(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    """Conversions by points, for leads that came before there was a model."""
    outcomes, bands = facts.points_outcomes, facts.policy.points.bands
    if not outcomes.tells:
        return None
    # Bands are 0 to 100; points outside them stand at the ends, as the caption states.
    whole = np.clip(np.floor(outcomes.points), 0, 100).astype(np.int64)
    labels = formatter.say("report.points"), formatter.say("report.rate")
    average = float(outcomes.converted.mean())
    svg = charts.conversion_by_band(
        score_bands(whole, outcomes.converted), average, labels, bands.hot, bands.warm, name="pointed"
    )
    paragraphs = [
        formatter.say("report.bands.text", hot=bands.hot, warm=bands.warm),
        formatter.say("report.source.pointed", leads=formatter.count(len(outcomes))),
    ]
    return section(formatter, "report.pointed", paragraphs=paragraphs, svg=svg)


def _comparison(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    champion = facts.champion
    if champion is None or not champion.metrics:
        return None
    candidates = [name for name in CANDIDATES if name in champion.metrics]
    evaluations = [champion.metrics[name] for name in candidates]
    rows = [
        (
            formatter.say(f"report.metric.{metric}"),
            *(_cell(formatter, metric, evaluation) for evaluation in evaluations),
        )
        for metric in METRICS
    ]
    header = ("", *(formatter.say(f"report.candidate.{name}") for name in candidates))
    return section(
        formatter,
        "report.comparison",
        paragraphs=test_evidence_paragraphs(formatter, facts),
        table=ReportTable(rows, header),
        wide=True,
    )


def _cell(formatter: Formatter, metric: str, evaluation: CandidateEvaluation) -> str:
    value, interval = formatter.metric_with_interval(metric, evaluation.metric(metric))
    return value if interval == NOTHING else f"{value}  ({interval})"


def _deliveries(formatter: Formatter, facts: ReportData) -> ReportSection:
    if not facts.deliveries:
        return section(formatter, "report.deliveries", paragraphs=[formatter.say("report.deliveries.none")])
    clusters = [c for c in ("HOT", "WARM", "COLD", "DISQUALIFIED") if any(c == key[0] for key in facts.deliveries)]
    rows = [
        (cluster, *(formatter.count(facts.deliveries.get((cluster, state), 0)) for state in STATES))
        for cluster in clusters
    ]
    header = (formatter.say("report.cluster"), *(formatter.say(f"report.delivery.{state}") for state in STATES))
    return section(formatter, "report.deliveries", table=ReportTable(rows, header))


def _data(formatter: Formatter, extracted: ExtractTotals | None) -> ReportSection | None:
    if extracted is None or not extracted.days:
        return None
    rows = [
        (formatter.say(f"report.data.{name}"), formatter.count(value or 0)) for name, value in asdict(extracted).items()
    ]
    return section(formatter, "report.data", table=ReportTable(rows))
