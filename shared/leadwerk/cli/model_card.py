"""A model's manifest as a person reads it: its main figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from leadwerk.cli.console import figure, table
from leadwerk.lead.synthetic_times import is_order

if TYPE_CHECKING:
    from rich.console import RenderableType

    from leadwerk.registry import Champion, Manifest

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
    boundary, rows = manifest.split.get("boundary"), manifest.split.get("test_rows")
    where = "the last" if is_order(manifest.policy_name, manifest.data.first_as_of) else f"from {str(boundary)[:10]} on"
    return f"{rows:,} landmarks, {where}, by twins that knew older ones only" if boundary else ""


def _compared(metrics: Mapping[str, Any]) -> RenderableType:
    rows = [
        (words, *(_value(metrics[name].get(metric)) for metric in METRICS))
        for name, words in CANDIDATES.items()
        if name in metrics
    ]
    return table("Out of time", ("", *METRICS.values()), rows)


def _value(found: Mapping[str, Any] | None) -> str:
    return figure(found["value"]) if found else "–"


def _segments(tried: list[dict[str, Any]]) -> RenderableType:
    rows = [
        (
            str(one["name"]),
            "own model" if one["serves"] else "general model",
            figure(one["test_rows"]),
            *(figure((one[whose] or {}).get("log_loss")) for whose in ("own", "general")),
        )
        for one in tried
    ]
    return table("Segments", ("", "scored by", "tested", "log loss own", "general"), rows)
