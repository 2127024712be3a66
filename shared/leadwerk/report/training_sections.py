"""Sections of the report about trainings: the newest change, all trainings, the champion's card."""

from __future__ import annotations

from collections.abc import Sequence

from leadwerk.registry.manifest import Manifest
from leadwerk.report.formatter import NOTHING, Formatter
from leadwerk.report.provenance import learned_from_file_order
from leadwerk.report.report_data import TrainingRun
from leadwerk.report.section import ReportSection, ReportTable, section
from leadwerk.texts.message import in_language


def change_section(formatter: Formatter, runs: Sequence[TrainingRun]) -> ReportSection | None:
    """The newest promotion that replaced a model, measured by both models on the cases new to both."""
    for run in runs:
        old, new = run.metrics.get("champion"), run.metrics.get("challenger")
        if run.promoted and old is not None and new is not None:
            sentence = formatter.say(
                "report.change.text",
                old=formatter.metric("auc", old.auc.value),
                old_ece=formatter.metric("ece", old.ece.value),
                new=formatter.metric("auc", new.auc.value),
                new_ece=formatter.metric("ece", new.ece.value),
            )
            reason = in_language(run.reason, formatter.language)
            return section(formatter, "report.change", paragraphs=[sentence, reason])
    return None


def models_section(formatter: Formatter, runs: Sequence[TrainingRun]) -> ReportSection | None:
    """The trainings, with the decision of each."""
    if not runs:
        return None
    rows = [
        (
            f"{run.trained_at:%Y-%m-%d}",
            run.version or "–",
            formatter.say("report.yes" if run.promoted else "report.no"),
            formatter.metric("auc", challenger.auc.value) if (challenger := run.metrics.get("challenger")) else NOTHING,
            in_language(run.reason, formatter.language),
        )
        for run in runs
    ]
    keys = ("report.trained", "report.version", "report.promoted", "report.metric.auc", "report.reason")
    return section(formatter, "report.models", table=ReportTable(rows, [formatter.say(key) for key in keys]), wide=True)


def model_card(formatter: Formatter, champion: Manifest | None) -> ReportSection | None:
    """What the serving model predicts, was trained on and is meant for."""
    if champion is None:
        return section(formatter, "report.card", paragraphs=[formatter.say("report.no_champion")])
    data = champion.data
    learned = formatter.say(
        "report.card.data.ordered" if learned_from_file_order(champion) else "report.card.data.value",
        rows=formatter.count(data.rows),
        leads=formatter.count(data.leads),
        positives=formatter.count(data.positives),
        first=data.first_as_of[:10],
        last=data.last_as_of[:10],
    )
    days, rate = champion.horizon_days, formatter.share(champion.base_rate, 1)
    target = formatter.say("report.card.target.value", count=days, rate=rate)
    rows = [
        (formatter.say("report.version"), champion.version),
        (formatter.say("report.card.kind"), formatter.say(f"report.card.kind.{champion.kind}")),
        (formatter.say("report.card.target"), target),
        (formatter.say("report.card.data"), learned),
        (formatter.say("report.card.use"), formatter.say("report.card.use.value")),
        (formatter.say("report.card.policy"), f"{champion.policy_name} {champion.policy_version}"),
        (formatter.say("report.card.contract"), f"{champion.contract_hash} · {champion.query_hash}"),
        (formatter.say("report.card.libraries"), ", ".join(f"{k} {v}" for k, v in champion.libraries.items())),
    ]
    return section(formatter, "report.card", table=ReportTable(rows), wide=True)
