"""Rescoring: every open lead again, because time passed, behaviour changed, or another model serves.

Leads that were closed are not scored again but once: when what the CRM says puts them into another stage, say customer,
so that the change stands in their newest score and reaches the CRM by the same outbox (pipeline/leads/stale_stages.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadwerk.pipeline.leads import stale_stages
from leadwerk.pipeline.leads.features import OPEN_DAYS, features_statement, scoring_parameters
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
"""Leads a query: bounds memory, and how much is repeated after a crash."""


@dataclass(frozen=True)
class RescoreReport:
    """What one run did: open leads seen, scores stored because they say something new, and all leads by cluster.

    `closed` counts leads that are scored no more and got one last score, because the CRM's news moved their stage.
    `stage_changes` counts leads, closed ones too, whose stage is another than on record.
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
    """Score all open leads of the last 120 days as of `now` (aware, UTC) and store what changed.

    A second run with the same `now`, or one after a crash, stores only what is missing. `only_closed` leaves the open
    leads to a rescoring in SQL that ran before (docs/scale.md).
    """
    opened = {"created_since": now - timedelta(days=OPEN_DAYS), "as_of": now}
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
    """What a run works with, and what it did so far."""

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
        """Store the scores and stages of open leads that say something new."""
        features, states = self._read(leads, OPEN_DAYS)
        judged = score_leads(self.scorer, self.policy, features, states.of(features), explained=False)
        self.clusters.update(score.score_cluster for score in judged)
        fresh = _changed(features, judged, states)
        scores = self._rows(fresh, score_leads(self.scorer, self.policy, fresh, states.of(fresh)))
        self.stored += self.warehouse.append("scores", scores)
        self.moved += self.warehouse.append("stage_changes", _stage_changes(features, judged, scores, states))

    def move(self, leads: Sequence[str]) -> None:
        """Store a last score of leads whose stage moved though they are scored no more, and the change."""
        features, states = self._read(leads, stale_stages.SCORED_DAYS)
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
    """The features of those leads whose judgement is not the one that stands."""
    pairs = zip(features, scores, strict=True)
    return [lead for lead, score in pairs if changed(score, states.newest(lead["lead_id"]), states.policy)]


def _moved(lead: Row, score: LeadScore, states: LeadStates) -> bool:
    """Whether the lead is known still, and in another stage than its newest score says."""
    newest = states.newest(lead["lead_id"]) or {}
    return lead["created_at"] is not None and score.stage != newest.get("stage")


def _why(lead_id: str, states: LeadStates) -> ScoreOrigin:
    """Why a lead that is rescored no more got a score: whom the CRM closed nobody calls, and no threshold counts."""
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
