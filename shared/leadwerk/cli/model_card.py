"""A model's manifest as a person reads it: its main figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from leadwerk.cli.console import figure, table
from leadwerk.lead.synthetic_times import is_order

if TYPE_CHECKING:
    from rich.console import RenderableType

    from leadwerk.registry import Champion, Manifest
    from leadwerk.registry.manifest import CandidateEvaluation, TriedSegment

METRICS = {
    "auc": "AUC",
    "log_loss": "log loss",
    "ece": "ECE",
    "lift_at_10": "lift of best tenth",
    "recall": "recall HOT",
}
CANDIDATES = {
    "challenger": "this model",
    "champion": "the one before",
    "boosting": "boosted trees",
    "logistic_regression": "logistic regression",
    "general": "general model alone",
    "points": "points",
    "both": "model and points",
}
SHOWN = 10
"""Groups of features shown."""


def card(manifest: Manifest, champion: Champion | None) -> Iterator[RenderableType]:
    """Tables for the terminal; `champion` if the model is the one in use."""
    yield table(manifest.version, ("", ""), [(name, value) for name, value in _about(manifest, champion) if value])
    if manifest.metrics:
        yield _compared(manifest.metrics)
    if manifest.segments:
        yield _segments(manifest.segments)
    counting = [(name.replace("_", " "), f"{size:.3f}") for name, size in manifest.importances.items() if size > 0]
    if counting:
        yield table("What counts most", ("group", "mean contribution, log-odds"), counting[:SHOWN])


def _about(manifest: Manifest, champion: Champion | None) -> list[tuple[str, str]]:
    data = manifest.data
    ordered = is_order(manifest.policy_name, data.first_as_of)
    when = "in the file's order" if ordered else f"{data.first_as_of[:10]} to {data.last_as_of[:10]}"
    learned = f"{data.rows:,} landmarks of {data.leads:,} leads, {data.positives:,} converted, {when}"
    days = "one day" if manifest.horizon_days == 1 else f"{manifest.horizon_days} days"
    return [
        ("kind", manifest.kind.replace("_", " ")),
        ("trained at", manifest.created_at),
        ("learned from", learned),
        ("predicts", f"a conversion within {days}; {manifest.base_rate:.1%} on average"),
        ("tested", _tested(manifest)),
        ("policy", f"{manifest.policy_name} {manifest.policy_version}"),
        ("champion since", champion.promoted_at if champion else ""),
        ("by", champion.by if champion else ""),
        ("because", champion.reason if champion else ""),
    ]


def _tested(manifest: Manifest) -> str:
    """Leads on which the candidates below were compared: their twins had learned from older landmarks only."""
    boundary, rows = manifest.split.boundary, manifest.split.test_rows
    if boundary is None:
        return ""
    where = "the last" if is_order(manifest.policy_name, manifest.data.first_as_of) else f"from {boundary[:10]} on"
    return f"{rows or 0:,} landmarks, {where}, by twins that knew older ones only"


def _compared(metrics: Mapping[str, CandidateEvaluation]) -> RenderableType:
    rows = [
        (title, *(figure(metrics[name].metric(metric).value) for metric in METRICS))
        for name, title in CANDIDATES.items()
        if name in metrics
    ]
    return table("Out of time", ("", *METRICS.values()), rows)


def _segments(trials: Sequence[TriedSegment]) -> RenderableType:
    rows = []
    for trial in trials:
        *_, segment_quality, general = trial.compared()
        model = "own model" if trial.serves else "general model"
        rows.append((trial.name, model, figure(trial.test_rows), figure(segment_quality), figure(general)))
    return table("Segments", ("", "scored by", "tested", "log loss own", "general"), rows)
