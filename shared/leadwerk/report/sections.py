"""The sections of the report, in the page's order; one that has nothing to say is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from leadwerk.registry.manifest import Manifest
from leadwerk.report import charts
from leadwerk.report.calls_saved import calls_saved
from leadwerk.report.formatter import NOTHING, Formatter
from leadwerk.report.provenance import learned_from_file_order, source, test_evidence_paragraphs
from leadwerk.report.report_data import ReportData, ScoredOutcomes, TrainingRun
from leadwerk.report.score_bands import score_bands
from leadwerk.report.section import ReportSection, section
from leadwerk.report.simulation_truth import compare_with_truth
from leadwerk.stats.curves import calibration_bins
from leadwerk.texts import label

METRICS = ("auc", "pr_auc", "lift_at_10", "ece", "log_loss", "brier", "precision", "recall", "f1")
CANDIDATES = ("challenger", "logistic_regression", "boosting", "general", "champion", "points", "both")
SHOWN_GROUPS = 15
GRADES, LEVELS = "ABCD", "1234"
STATES = ("sent", "retry", "pending", "dead_letter")


def sections(words: Formatter, facts: ReportData) -> list[ReportSection | None]:
    """All sections; None where the facts say nothing."""
    return [
        _savings(words, facts),
        compare_with_truth(words, facts.known),
        _gains(words, facts),
        _calibration(words, facts),
        _bands(words, facts),
        _importance(words, facts.champion),
        _distribution(words, facts),
        _matrix(words, facts),
        _by_points(words, facts),
        _comparison(words, facts),
        _segments(words, facts.champion),
        _change(words, facts.runs),
        _deliveries(words, facts),
        _models(words, facts.runs),
        _data(words, facts.extracted),
        _card(words, facts.champion),
    ]


def _savings(words: Formatter, facts: ReportData) -> ReportSection | None:
    found = calls_saved(facts)
    if found is None or found.after is None:
        return None
    sentence = words.say(
        "report.savings.text",
        before=words.decimal(found.before, 1),
        after=words.decimal(found.after, 1),
        kept=words.share(found.kept),
        threshold=facts.policy.bands.hot,
    )
    return section(words, "report.savings", paragraphs=[sentence, source(words, facts)], wide=True)


def _gains(words: Formatter, facts: ReportData) -> ReportSection | None:
    found = calls_saved(facts)
    if found is None or not found.gains:
        return None
    fifth = next(reached for share, reached in found.gains if share >= 0.2)
    svg = charts.gains(found.gains, (words.say("report.gains.x"), words.say("report.gains.y")))
    told = [words.say("report.gains.text", reached=words.share(fifth)), source(words, facts)]
    return section(words, "report.gains", paragraphs=told, svg=svg)


def _calibration(words: Formatter, facts: ReportData) -> ReportSection | None:
    found = calls_saved(facts)
    if found is None:
        return None
    truth = _true_means(facts.scored)
    labels = words.say("report.predicted"), words.say("report.observed")
    seen = words.say("report.calibration.truth") if truth else ""
    told = [words.say("report.calibration.text"), seen, source(words, facts)]
    return section(
        words, "report.calibration", paragraphs=told, svg=charts.calibration(found.calibration, labels, truth)
    )


def _true_means(scored: ScoredOutcomes) -> list[tuple[float, float]]:
    """(predicted, true) means of tenths by prediction; empty where the truth is not known."""
    if scored.true_probability is None or not scored.tells:
        return []
    known = ~np.isnan(scored.true_probability)
    bins = calibration_bins(scored.true_probability[known], scored.probability[known])
    return [(tenth.predicted, tenth.observed) for tenth in bins]


def _bands(words: Formatter, facts: ReportData) -> ReportSection | None:
    scored, bands = facts.scored, facts.policy.bands
    if not scored.tells:
        return None
    labels = words.say("report.score"), words.say("report.rate")
    average = float(scored.converted.mean())
    svg = charts.conversion_by_band(score_bands(scored.score, scored.converted), average, labels, bands.hot, bands.warm)
    told = [
        words.say("report.bands.text", hot=bands.hot, warm=bands.warm),
        source(words, facts),
    ]
    return section(words, "report.bands", paragraphs=told, svg=svg)


def _importance(words: Formatter, champion: Manifest | None) -> ReportSection | None:
    sizes = {group: size for group, size in (champion.importances if champion else {}).items() if size > 0}
    if not sizes:
        return None
    shown = dict(list(sizes.items())[:SHOWN_GROUPS])
    named = {label(words.policy, words.language, group): size for group, size in shown.items()}
    return section(
        words, "report.importance", paragraphs=[words.say("report.importance.text")], svg=charts.importance(named)
    )


def _distribution(words: Formatter, facts: ReportData) -> ReportSection | None:
    if not facts.scores:
        return None
    labels = words.say("report.score"), words.say("report.leads_count")
    bands = facts.policy.bands
    return section(words, "report.distribution", svg=charts.distribution(facts.scores, labels, bands.hot, bands.warm))


def _matrix(words: Formatter, facts: ReportData) -> ReportSection | None:
    """How many leads are in each cell of fit × interest, without the disqualified ones."""
    if not facts.cells:
        return None
    count = {cell: 0 for cell, _ in facts.cells}
    for (cell, cluster), leads in facts.cells.items():
        count[cell] += leads * (cluster != "DISQUALIFIED")
    rows = [(grade, *(words.count(count.get(grade + level, 0)) for level in LEVELS)) for grade in GRADES]
    return section(
        words, "report.matrix", paragraphs=[words.say("report.matrix.text")], header=("", *LEVELS), rows=rows
    )


def _by_points(words: Formatter, facts: ReportData) -> ReportSection | None:
    """Conversions by points, for leads that came before there was a model."""
    found, bands = facts.pointed, facts.policy.points.bands
    if not found.tells:
        return None
    whole = np.clip(np.floor(found.points), 0, 100).astype(np.int64)
    labels = words.say("report.points"), words.say("report.rate")
    average = float(found.converted.mean())
    svg = charts.conversion_by_band(
        score_bands(whole, found.converted), average, labels, bands.hot, bands.warm, name="pointed"
    )
    told = [
        words.say("report.bands.text", hot=bands.hot, warm=bands.warm),
        words.say("report.source.pointed", leads=words.count(len(found))),
    ]
    return section(words, "report.pointed", paragraphs=told, svg=svg)


def _comparison(words: Formatter, facts: ReportData) -> ReportSection | None:
    champion = facts.champion
    if champion is None or not champion.metrics:
        return None
    candidates = [name for name in CANDIDATES if name in champion.metrics]
    rows = [
        (words.say(f"report.metric.{metric}"), *(_cell(words, metric, champion.metrics[name]) for name in candidates))
        for metric in METRICS
    ]
    header = ("", *(words.say(f"report.candidate.{name}") for name in candidates))
    return section(
        words,
        "report.comparison",
        paragraphs=test_evidence_paragraphs(words, facts),
        header=header,
        rows=rows,
        wide=True,
    )


def _cell(words: Formatter, metric: str, evaluation: Mapping[str, Any]) -> str:
    value, interval = words.metric_with_interval(metric, evaluation[metric])
    return value if interval == NOTHING else f"{value}  ({interval})"


def _segments(words: Formatter, champion: Manifest | None) -> ReportSection | None:
    """What the champion's training tried for each segment of the policy."""
    if champion is None or not champion.segments:
        return None
    keys = ("segment", "own", "tested", "converted", "auc.own", "auc.general", "log_loss.own", "log_loss.general")
    return section(
        words,
        "report.segments",
        paragraphs=[words.say("report.segments.text")],
        header=[words.say(f"report.segments.{key}") for key in keys],
        rows=[_trial(words, one) for one in champion.segments],
        wide=True,
    )


def _trial(words: Formatter, one: Mapping[str, Any]) -> tuple[str, ...]:
    labels = {segment.name: segment.labels for segment in words.policy.segments}
    compared = [(one[whose] or {}).get(metric) for metric in ("auc", "log_loss") for whose in ("own", "general")]
    return (
        labels.get(one["name"], {}).get(words.language, one["name"]),
        words.say("report.yes" if one["serves"] else "report.no"),
        words.count(one["test_rows"]),
        words.count(one["converted"]),
        *(words.metric("log_loss", value) for value in compared),
    )


def _change(words: Formatter, runs: Sequence[TrainingRun]) -> ReportSection | None:
    """The newest promotion that replaced a model, told by both models on the cases new to both."""
    for run in runs:
        values = [run.value(c, m) for c in ("champion", "challenger") for m in ("auc", "ece")]
        if run.promoted and None not in values:
            old, old_ece, new, new_ece = (value or 0.0 for value in values)
            sentence = words.say(
                "report.change.text",
                old=words.decimal(old, 3),
                old_ece=words.share(old_ece, 1),
                new=words.decimal(new, 3),
                new_ece=words.share(new_ece, 1),
            )
            return section(words, "report.change", paragraphs=[sentence, run.reason])
    return None


def _deliveries(words: Formatter, facts: ReportData) -> ReportSection:
    if not facts.deliveries:
        return section(words, "report.deliveries", paragraphs=[words.say("report.deliveries.none")])
    clusters = [c for c in ("HOT", "WARM", "COLD", "DISQUALIFIED") if any(c == key[0] for key in facts.deliveries)]
    rows = [
        (cluster, *(words.count(facts.deliveries.get((cluster, state), 0)) for state in STATES)) for cluster in clusters
    ]
    header = (words.say("report.cluster"), *(words.say(f"report.delivery.{state}") for state in STATES))
    return section(words, "report.deliveries", header=header, rows=rows)


def _models(words: Formatter, runs: Sequence[TrainingRun]) -> ReportSection | None:
    if not runs:
        return None
    rows = [
        (
            f"{run.trained_at:%Y-%m-%d}",
            run.version or "–",
            words.say("report.yes" if run.promoted else "report.no"),
            words.decimal(auc, 3) if (auc := run.value("challenger", "auc")) is not None else "–",
            run.reason,
        )
        for run in runs
    ]
    keys = ("report.trained", "report.version", "report.promoted", "report.metric.auc", "report.reason")
    return section(words, "report.models", header=[words.say(key) for key in keys], rows=rows, wide=True)


def _data(words: Formatter, extracted: Mapping[str, int | None]) -> ReportSection | None:
    if not extracted.get("days"):
        return None
    rows = [(words.say(f"report.data.{name}"), words.count(value or 0)) for name, value in extracted.items()]
    return section(words, "report.data", rows=rows)


def _card(words: Formatter, champion: Manifest | None) -> ReportSection | None:
    if champion is None:
        return section(words, "report.card", paragraphs=[words.say("report.no_champion")])
    data = champion.data
    learned = words.say(
        "report.card.data.ordered" if learned_from_file_order(champion) else "report.card.data.value",
        rows=words.count(data.rows),
        leads=words.count(data.leads),
        positives=words.count(data.positives),
        first=data.first_as_of[:10],
        last=data.last_as_of[:10],
    )
    days, rate = champion.horizon_days, words.share(champion.base_rate, 1)
    target = words.say("report.card.target.value", count=days, rate=rate)
    rows = [
        (words.say("report.version"), champion.version),
        (words.say("report.card.kind"), words.say(f"report.card.kind.{champion.kind}")),
        (words.say("report.card.target"), target),
        (words.say("report.card.data"), learned),
        (words.say("report.card.use"), words.say("report.card.use.value")),
        (words.say("report.card.policy"), f"{champion.policy_name} {champion.policy_version}"),
        (words.say("report.card.contract"), f"{champion.contract_hash} · {champion.query_hash}"),
        (words.say("report.card.libraries"), ", ".join(f"{k} {v}" for k, v in champion.libraries.items())),
    ]
    return section(words, "report.card", rows=rows, wide=True)
