"""Rescoring: every open lead again, because time passed, behaviour changed, or another model serves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadwerk.pipeline.lead_features import features_statement, scoring_parameters
from leadwerk.policy.model import Policy
from leadwerk.scoring.assess import Judgement, assess
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.record import changed, row
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

OPEN_DAYS = 120
"""An older lead without an outcome is forgotten rather than open; several horizons of the shipped policies."""

BATCH = 2_000
"""Leads a query: bounds memory, and how much is repeated after a crash."""


@dataclass(frozen=True)
class RescoreReport:
    """What one run did: open leads seen, scores stored because they say something new, and all leads by cluster."""

    scored_at: datetime
    model_version: str | None
    leads: int
    stored: int
    clusters: dict[str, int]


def run(
    warehouse: Warehouse, policy: Policy, scorer: Scorer | None, *, now: datetime, stored_at: datetime
) -> RescoreReport:
    """Score all open leads of the last 120 days as of `now` (aware, UTC) and store what changed.

    A second run with the same `now`, or one after a crash, stores only what is missing.
    """
    opened = {"created_since": now - timedelta(days=OPEN_DAYS), "as_of": now}
    leads = [found["lead_id"] for found in warehouse.rows(statement("leads/open"), opened)]
    clusters: Counter[str] = Counter()
    stored = 0
    for batch in _batches(leads):
        features = warehouse.rows(features_statement(policy), scoring_parameters(policy, list(batch), [], now))
        judged = assess(scorer, policy, features, explained=False)
        clusters.update(judgement.score_cluster for judgement in judged)
        fresh = _changed(warehouse, features, judged, now)
        stored += warehouse.append("scores", _rows(fresh, assess(scorer, policy, fresh), now, stored_at))
    return RescoreReport(now, scorer.version if scorer else None, len(leads), stored, dict(clusters))


def _batches(leads: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(leads), BATCH):
        yield leads[start : start + BATCH]


def _changed(warehouse: Warehouse, features: Sequence[Row], judged: Sequence[Judgement], now: datetime) -> list[Row]:
    """The features of those leads whose judgement is not the one that stands."""
    leads = [lead["lead_id"] for lead in features]
    wanted = {"lead_ids": leads, "first_day": (now - timedelta(days=OPEN_DAYS)).date(), "as_of": now}
    newest = {score["lead_id"]: score for score in warehouse.rows(statement("scores/newest"), wanted)}
    pairs = zip(features, judged, strict=True)
    return [lead for lead, judgement in pairs if changed(judgement, newest.get(lead["lead_id"]))]


def _rows(leads: Sequence[Row], judged: Sequence[Judgement], now: datetime, stored_at: datetime) -> list[Row]:
    return [
        row(lead["lead_id"], judgement, scored_at=now, stored_at=stored_at, trigger="rescore")
        for lead, judgement in zip(leads, judged, strict=True)
    ]
