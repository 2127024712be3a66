"""A model's manifest as a person reads it: its main figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from leadwerk.cli.console import figure, table
from leadwerk.cli.speech import Speech
from leadwerk.lead.synthetic_times import is_order
from leadwerk.texts.message import in_language

if TYPE_CHECKING:
    from rich.console import RenderableType

    from leadwerk.registry import Champion, Manifest
    from leadwerk.registry.manifest import CandidateEvaluation, TriedSegment

METRICS = ("auc", "log_loss", "ece", "lift_at_10", "recall")
CANDIDATES = ("challenger", "champion", "boosting", "logistic_regression", "general", "points", "both")
SHOWN = 10
"""Groups of features shown."""


def card(manifest: Manifest, champion: Champion | None, speech: Speech) -> Iterator[RenderableType]:
    """Tables for the terminal; `champion` if the model is the one in use."""
    about = _about(manifest, champion, speech)
    yield table(manifest.version, ("", ""), [(speech.say(f"card.{name}"), value) for name, value in about if value])
    if manifest.metrics:
        yield _compared(manifest.metrics, speech)
    if manifest.segments:
        yield _segments(manifest.segments, speech)
    counting = [(name.replace("_", " "), f"{size:.3f}") for name, size in manifest.importances.items() if size > 0]
    if counting:
        yield table(speech.say("card.counts_most"), speech.columns("group", "mean_contribution"), counting[:SHOWN])


def _about(manifest: Manifest, champion: Champion | None, speech: Speech) -> list[tuple[str, str]]:
    data = manifest.data
    ordered = is_order(manifest.policy_name, data.first_as_of)
    period = speech.say("card.period", first=data.first_as_of[:10], last=data.last_as_of[:10])
    counts = {name: f"{getattr(data, name):,}" for name in ("rows", "leads", "positives")}
    learned = speech.say("card.learned", **counts, when=speech.say("card.file_order") if ordered else period)
    predicted = speech.say("card.conversion", count=manifest.horizon_days, rate=f"{manifest.base_rate:.1%}")
    return [
        ("kind", manifest.kind.replace("_", " ")),
        ("trained_at", manifest.created_at),
        ("learned_from", learned),
        ("predicts", predicted),
        ("tested", _tested(manifest, speech)),
        ("policy", f"{manifest.policy_name} {manifest.policy_version}"),
        ("champion_since", champion.promoted_at if champion else ""),
        ("by", champion.by if champion else ""),
        ("because", in_language(champion.reason, speech.language) if champion else ""),
    ]


def _tested(manifest: Manifest, speech: Speech) -> str:
    """Leads on which the candidates below were compared: their twins had learned from older landmarks only."""
    boundary, rows = manifest.split.boundary, manifest.split.test_rows
    if boundary is None:
        return ""
    ordered = is_order(manifest.policy_name, manifest.data.first_as_of)
    where = speech.say("card.last") if ordered else speech.say("card.from_on", day=boundary[:10])
    return speech.say("card.landmarks", rows=f"{rows or 0:,}", where=where)


def _compared(metrics: Mapping[str, CandidateEvaluation], speech: Speech) -> RenderableType:
    rows = [
        (speech.say(f"card.candidate.{name}"), *(figure(metrics[name].metric(metric).value) for metric in METRICS))
        for name in CANDIDATES
        if name in metrics
    ]
    header = ("", *(speech.say(f"card.metric.{metric}") for metric in METRICS))
    return table(speech.say("retrain.out_of_time"), header, rows)


def _segments(trials: Sequence[TriedSegment], speech: Speech) -> RenderableType:
    rows = []
    for trial in trials:
        *_, segment_quality, general = trial.compared()
        model = speech.say("card.own_model" if trial.serves else "card.general_model")
        rows.append((trial.name, model, figure(trial.test_rows), figure(segment_quality), figure(general)))
    header = ("", *speech.columns("scored_by", "tested", "log_loss_own", "general"))
    return table(speech.say("card.segments"), header, rows)
