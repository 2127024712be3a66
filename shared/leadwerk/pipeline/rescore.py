"""Rescoring: every open lead again, because time passed, behaviour changed, or another model serves.

Stages follow the scores, also those of leads that were closed since: a lead becomes a customer without another score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadwerk.pipeline.circumstances import Surroundings, surroundings
from leadwerk.pipeline.lead_features import OPEN_DAYS, features_statement, scoring_parameters
from leadwerk.pipeline.threshold import hot_thresholds
from leadwerk.points.stages import stage_of
from leadwerk.policy.model import Policy
from leadwerk.scoring.assess import Judgement, assess
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.record import changed, row, standing_of
from leadwerk.scoring.stage_change import Reached, stage_change
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

BATCH = 2_000
"""Leads a query: bounds memory, and how much is repeated after a crash."""

SCORED_DAYS = 400
"""Of a lead that is closed later than this after its last score, no change of stage is recorded."""


@dataclass(frozen=True)
class RescoreReport:
    """What one run did: open leads seen, scores stored because they say something new, and all leads by cluster.

    `stage_changes` counts leads, closed ones too, whose stage is another than on record.
    """

    scored_at: datetime
    model_version: str | None
    leads: int
    stored: int
    clusters: dict[str, int]
    stage_changes: int = 0


def run(
    warehouse: Warehouse, policy: Policy, scorer: Scorer | None, *, now: datetime, stored_at: datetime
) -> RescoreReport:
    """Score all open leads of the last 120 days as of `now` (aware, UTC) and store what changed.

    A second run with the same `now`, or one after a crash, stores only what is missing.
    """
    opened = {"created_since": now - timedelta(days=OPEN_DAYS), "as_of": now}
    leads = [found["lead_id"] for found in warehouse.rows(statement("leads/open"), opened)]
    hot = hot_thresholds(warehouse, policy, now)
    clusters: Counter[str] = Counter()
    stored = moved = 0
    for batch in _batches(leads):
        asked = scoring_parameters(policy, list(batch), [], now)
        features = warehouse.rows(features_statement(policy), asked)
        known = surroundings(warehouse, policy, asked, first_day=(now - timedelta(days=OPEN_DAYS)).date(), hot=hot)
        judged = assess(scorer, policy, features, known.of(features), explained=False)
        clusters.update(judgement.score_cluster for judgement in judged)
        fresh = _changed(features, judged, known)
        scores = _rows(fresh, assess(scorer, policy, fresh, known.of(fresh)), now, stored_at)
        stored += warehouse.append("scores", scores)
        moved += warehouse.append("stage_changes", _stage_changes(features, judged, scores, known))
    moved += warehouse.append("stage_changes", _of_closed_leads(warehouse, policy, now))
    return RescoreReport(now, scorer.version if scorer else None, len(leads), stored, dict(clusters), moved)


def _batches(leads: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(leads), BATCH):
        yield leads[start : start + BATCH]


def _changed(features: Sequence[Row], judged: Sequence[Judgement], known: Surroundings) -> list[Row]:
    """The features of those leads whose judgement is not the one that stands."""
    pairs = zip(features, judged, strict=True)
    return [lead for lead, one in pairs if changed(one, known.newest(lead["lead_id"]), known.policy)]


def _rows(leads: Sequence[Row], judged: Sequence[Judgement], now: datetime, stored_at: datetime) -> list[Row]:
    return [
        row(lead["lead_id"], judgement, scored_at=now, stored_at=stored_at, trigger="rescore")
        for lead, judgement in zip(leads, judged, strict=True)
    ]


def _stage_changes(
    features: Sequence[Row], judged: Sequence[Judgement], scores: Sequence[Row], known: Surroundings
) -> list[Row]:
    fresh = {score["lead_id"]: score["score_id"] for score in scores}
    found = []
    for lead_id, judgement in zip((lead["lead_id"] for lead in features), judged, strict=True):
        standing = fresh.get(lead_id) or (known.newest(lead_id) or {}).get("score_id")
        found.append(known.stage_change(lead_id, judgement, standing))
    return [change for change in found if change is not None]


def _of_closed_leads(warehouse: Warehouse, policy: Policy, now: datetime) -> list[Row]:
    """Changes of stage that follow from what the CRM told of leads since their newest score, which stays."""
    if not policy.stages:
        return []
    wanted = {
        "learned_since": now - timedelta(days=OPEN_DAYS),
        "first_day": (now - timedelta(days=SCORED_DAYS)).date(),
        "as_of": now,
    }
    behind = warehouse.rows(statement("stage_changes/behind"), wanted)
    found = [_change_of_closed(lead, policy, now) for lead in behind]
    return [change for change in found if change is not None]


def _change_of_closed(lead: Row, policy: Policy, now: datetime) -> Row | None:
    stage = stage_of(
        policy,
        known=True,
        cluster=lead["score_cluster"],
        standing=standing_of(lead),
        status=lead["status"],
        outcome=lead["outcome"],
    )
    told = {name: lead[name] for name in ("grade", "points", "interest", "status", "outcome")}
    reached = Reached(stage=stage or None, cluster=lead["score_cluster"], **told)
    return stage_change(lead["lead_id"], lead["stage_reached"], reached, policy, at=now, score_id=lead["score_id"])
