"""Rescore: scores every open lead again, because time passed, behaviour changed, or another model serves.

When a CRM update moves a closed or expired lead to another stage, the lead gets one final score, so that the change
reaches the CRM through the same outbox (pipeline/leads/stale_stages.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadwerk.catalogue.periods import OPEN_LEAD_DAYS, SCORE_LOOK_BACK_DAYS
from leadwerk.pipeline.leads import stale_stages
from leadwerk.pipeline.leads.features import features_statement, scoring_parameters
from leadwerk.pipeline.leads.read_lead_states import LeadStates, read_lead_states
from leadwerk.pipeline.thresholds.daily import hot_thresholds
from leadwerk.policy.model import Policy
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import LeadScore, score_leads
from leadwerk.scoring.score_row import ScoreOrigin, changed, row
from leadwerk.scoring.seller_pools import HotThresholds
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

BATCH = 2_000
"""Leads per query: bounds memory and the work repeated after a crash."""


@dataclass(frozen=True)
class RescoreReport:
    """Result of a run: open leads, stored scores (only changed ones), and open leads by cluster.

    `closed`: closed or expired leads that got a final score, because a CRM update moved their stage.
    `stage_changes`: leads, including closed ones, with a new stage.
    """

    scored_at: datetime
    model_version: str | None
    leads: int
    stored: int
    clusters: dict[str, int]
    stage_changes: int = 0
    closed: int = 0


def run(
    warehouse: Warehouse,
    policy: Policy,
    scorer: Scorer | None,
    *,
    now: datetime,
    stored_at: datetime,
    only_closed: bool = False,
) -> RescoreReport:
    """Score all open leads of the last 120 days as of `now` (aware, UTC) and store changed scores.

    A second run with the same `now`, or one after a crash, stores only missing rows. `only_closed` skips the open
    leads, for use after a rescoring in SQL (docs/scale.md).
    """
    opened = {"created_since": now - timedelta(days=OPEN_LEAD_DAYS), "as_of": now}
    leads = [] if only_closed else [lead["lead_id"] for lead in warehouse.rows(statement("leads/open"), opened)]
    run = _Run(warehouse, policy, scorer, now, stored_at, hot_thresholds(warehouse, policy, now))
    for batch in batches(leads, BATCH):
        run.rescore(batch)
    stale = stale_stages.find_stale_stages(warehouse, policy, now, rescored=frozenset(leads))
    for batch in batches(stale.moved, BATCH):
        run.move(batch)
    run.moved += warehouse.append("stage_changes", stale.unrecorded)
    version = scorer.version if scorer else None
    return RescoreReport(now, version, len(leads), run.stored, dict(run.clusters), run.moved, run.closed)


@dataclass
class _Run:
    """Inputs of a run, and its counts so far."""

    warehouse: Warehouse
    policy: Policy
    scorer: Scorer | None
    now: datetime
    stored_at: datetime
    hot: HotThresholds
    clusters: Counter[str] = field(default_factory=Counter)
    stored: int = 0
    moved: int = 0
    closed: int = 0

    def rescore(self, leads: Sequence[str]) -> None:
        """Store the changed scores and stages of open leads."""
        features, states = self._read(leads, OPEN_LEAD_DAYS)
        judged = score_leads(self.scorer, self.policy, features, states.of(features), explained=False)
        self.clusters.update(score.score_cluster for score in judged)
        fresh = _changed(features, judged, states)
        scores = self._rows(fresh, score_leads(self.scorer, self.policy, fresh, states.of(fresh)))
        self.stored += self.warehouse.append("scores", scores)
        self.moved += self.warehouse.append("stage_changes", _stage_changes(features, judged, scores, states))

    def move(self, leads: Sequence[str]) -> None:
        """Store the final score and stage change of closed or expired leads with a stale stage."""
        features, states = self._read(leads, SCORE_LOOK_BACK_DAYS)
        judged = score_leads(self.scorer, self.policy, features, states.of(features))
        pairs = [pair for pair in zip(features, judged, strict=True) if _moved(*pair, states)]
        rows, judged = [lead for lead, _ in pairs], [judgement for _, judgement in pairs]
        scores = [{**score, "score_origin": _why(score["lead_id"], states)} for score in self._rows(rows, judged)]
        self.closed += self.warehouse.append("scores", scores)
        self.moved += self.warehouse.append("stage_changes", _stage_changes(rows, judged, scores, states))

    def _read(self, leads: Sequence[str], score_days: int) -> tuple[list[Row], LeadStates]:
        parameters, since = scoring_parameters(self.policy, list(leads), [], self.now), timedelta(days=score_days)
        features = self.warehouse.rows(features_statement(self.policy), parameters)
        states = read_lead_states(
            self.warehouse, self.policy, parameters, first_day=(self.now - since).date(), hot=self.hot
        )
        return features, states

    def _rows(self, leads: Sequence[Row], judged: Sequence[LeadScore]) -> list[Row]:
        return [
            row(lead["lead_id"], judgement, scored_at=self.now, stored_at=self.stored_at, score_origin="rescore")
            for lead, judgement in zip(leads, judged, strict=True)
        ]


def _changed(features: Sequence[Row], scores: Sequence[LeadScore], states: LeadStates) -> list[Row]:
    """Features of the leads whose score differs from the stored one."""
    pairs = zip(features, scores, strict=True)
    return [lead for lead, score in pairs if changed(score, states.newest(lead["lead_id"]), states.policy)]


def _moved(lead: Row, score: LeadScore, states: LeadStates) -> bool:
    """Whether the lead still exists and its stage differs from that of its newest score."""
    newest = states.newest(lead["lead_id"]) or {}
    return lead["created_at"] is not None and score.stage != newest.get("stage")


def _why(lead_id: str, states: LeadStates) -> ScoreOrigin:
    """Origin of a final score: "outcome" if the CRM closed the lead, so that no threshold counts it as a call."""
    return "rescore" if states.status(lead_id).outcome in (None, "open") else "outcome"


def _stage_changes(
    features: Sequence[Row], judged: Sequence[LeadScore], scores: Sequence[Row], states: LeadStates
) -> list[Row]:
    fresh = {score["lead_id"]: score["score_id"] for score in scores}
    changes = []
    for lead_id, judgement in zip((lead["lead_id"] for lead in features), judged, strict=True):
        score_id = fresh.get(lead_id) or (states.newest(lead_id) or {}).get("score_id")
        changes.append(states.stage_change(lead_id, judgement, score_id))
    return [change for change in changes if change is not None]
