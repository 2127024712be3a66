"""Rescore: scores every open lead again, because time passed, behaviour changed, or another model serves.

When a CRM update moves a closed or expired lead to another stage, the lead gets one final score, so that the change
reaches the CRM through the same outbox (pipeline/leads/stale_stages.py).

Where the open leads are more than a run may take, the next run begins with those that this one left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from leadwerk.catalogue.periods import OPEN_LEAD_DAYS
from leadwerk.pipeline.leads import stale_stages
from leadwerk.pipeline.leads.open_leads import read_open_leads
from leadwerk.pipeline.leads.read_lead_states import LeadSelection, read_lead_states
from leadwerk.pipeline.leads.score_rows import ScoreOrigin, score_row, stage_change_row
from leadwerk.pipeline.rescore_round import Round, in_turn, read_round, store_round, turn_of
from leadwerk.pipeline.run_limit import IN_A_FUNCTION, UNLIMITED, RunLimit
from leadwerk.policy.model import Policy
from leadwerk.progress import Progress, silent
from leadwerk.scoring.decide import CLOSED
from leadwerk.scoring.lead_state import LeadState
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import LeadScore, score_leads
from leadwerk.scoring.score_row import changed
from leadwerk.texts.counted_progress import watched
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ScoreRow, StageChangeRow

BATCH = 2_000
"""Leads per query: bounds memory and the work repeated after a crash."""


@dataclass(frozen=True)
class RescoreReport:
    """Result of a run: open leads, stored scores (only changed ones), and open leads by cluster.

    `closed`: closed or expired leads that got a final score, because a CRM update closed them or moved their stage.
    `stage_changes`: leads, including closed ones, with a new stage. `left`: open leads that the next run begins with.
    `only_left`: whether this run was asked for those alone.
    """

    scored_at: datetime
    model_version: str | None
    leads: int
    stored: int
    clusters: dict[str, int]
    stage_changes: int = 0
    closed: int = 0
    left: int = 0
    only_left: bool = False


@dataclass(frozen=True)
class RescoreOptions:
    """`only_closed` skips the open leads, for use after a rescoring in SQL (docs/scale.md).

    `only_left` takes the open leads that the last limited run left, and does nothing where it left none.
    """

    only_closed: bool = False
    progress: Progress = silent
    limit: RunLimit = UNLIMITED
    only_left: bool = False


ALL_LEADS = RescoreOptions()


def requested(rescore: bool | Literal["closed", "left"]) -> RescoreOptions:
    """Options of a request to the function `score`, which ends in time: all open leads, "closed" or "left" ones only.

    >>> requested("left").only_left, requested(True).only_left
    (True, False)
    """
    return RescoreOptions(only_closed=rescore == "closed", only_left=rescore == "left", limit=IN_A_FUNCTION)


def run(
    warehouse: Warehouse,
    policy: Policy,
    scorer: Scorer | None,
    *,
    now: datetime,
    stored_at: datetime,
    options: RescoreOptions = ALL_LEADS,
) -> RescoreReport:
    """Score all open leads of the last 120 days as of `now` (aware, UTC) and store changed scores.

    A second run with the same `now`, or one after a crash, stores only missing rows.
    """
    version = scorer.version if scorer else None
    unfinished, round_stored_at = (None, None) if options.only_closed else read_round(warehouse)
    if options.only_left and unfinished is None:
        return RescoreReport(now, version, 0, 0, {}, only_left=True)
    created_since = now - timedelta(days=OPEN_LEAD_DAYS)
    open_leads = [] if options.only_closed else read_open_leads(warehouse, created_since=created_since, as_of=now)
    first = unfinished.at if unfinished else 0
    leads = unfinished.left(open_leads) if unfinished and options.only_left else in_turn(open_leads, first)
    run = _Run(warehouse, policy, scorer, now, stored_at)
    done, is_used_up = 0, options.limit.begin()
    for batch in watched(batches(leads, BATCH), len(leads), "open_leads", options.progress):
        if done and is_used_up(done):
            break
        run.rescore(batch)
        done += len(batch)
    left = leads[done:]
    if left:
        began = unfinished.first if unfinished and options.only_left else first
        store_round(warehouse, Round(began, turn_of(left[0])), stored_at, round_stored_at)
    elif unfinished:
        store_round(warehouse, None, stored_at, round_stored_at)
    stale = stale_stages.find_stale_stages(warehouse, policy, now, rescored=frozenset(open_leads))
    for batch in batches(stale.moved, BATCH):
        run.move(batch)
    run.moved += warehouse.append("stage_changes", stale.unrecorded)
    counts = (run.stored, dict(run.clusters), run.moved, run.closed, len(left))
    return RescoreReport(now, version, done, *counts, only_left=options.only_left)


@dataclass
class _Run:
    """Inputs of a run, and its counts so far."""

    warehouse: Warehouse
    policy: Policy
    scorer: Scorer | None
    now: datetime
    stored_at: datetime
    clusters: Counter[str] = field(default_factory=Counter)
    stored: int = 0
    moved: int = 0
    closed: int = 0

    def rescore(self, leads: Sequence[str]) -> None:
        """Store the changed scores and stages of open leads."""
        states = read_lead_states(
            self.warehouse, self.policy, LeadSelection(leads), self.now, score_days=OPEN_LEAD_DAYS
        )
        scores = score_leads(self.scorer, self.policy, states, explained=False)
        self.clusters.update(score.score_cluster for score in scores)
        fresh = [state for state, score in zip(states, scores, strict=True) if changed(score, state, self.policy)]
        # Only what is stored needs its reasons, which cost some twenty times what a score costs.
        rows = self._rows(fresh, score_leads(self.scorer, self.policy, fresh))
        self.stored += self.warehouse.append("scores", rows)
        self.moved += self.warehouse.append("stage_changes", self._stage_changes(states, scores, rows))

    def move(self, leads: Sequence[str]) -> None:
        """Store the final score and stage change of closed or expired leads with a stale stage."""
        states = read_lead_states(self.warehouse, self.policy, LeadSelection(leads), self.now)
        scores = score_leads(self.scorer, self.policy, states)
        moved = [pair for pair in zip(states, scores, strict=True) if _moved(*pair)]
        states, scores = [state for state, _ in moved], [score for _, score in moved]
        rows = self._rows(states, scores, final=True)
        self.closed += self.warehouse.append("scores", rows)
        self.moved += self.warehouse.append("stage_changes", self._stage_changes(states, scores, rows))

    def _rows(self, states: Sequence[LeadState], scores: Sequence[LeadScore], *, final: bool = False) -> list[ScoreRow]:
        return [
            score_row(state, score, stored_at=self.stored_at, origin=_final_origin(state) if final else "rescore")
            for state, score in zip(states, scores, strict=True)
        ]

    def _stage_changes(
        self, states: Sequence[LeadState], scores: Sequence[LeadScore], rows: Sequence[ScoreRow]
    ) -> list[StageChangeRow]:
        fresh = {row.lead_id: row.score_id for row in rows}
        changes = []
        for state, score in zip(states, scores, strict=True):
            stored = state.latest_score.score_id if state.latest_score else None
            changes.append(stage_change_row(state, score, self.policy, fresh.get(state.lead_id, stored)))
        return [change for change in changes if change is not None]


def _moved(state: LeadState, score: LeadScore) -> bool:
    """Whether the lead still exists, and its stage, or whether it is closed, differs from its latest score."""
    latest = state.latest_score
    was_closed = latest is not None and latest.score_cluster == CLOSED
    is_other = score.stage != (latest and latest.stage) or (score.score_cluster == CLOSED) != was_closed
    return state.created_at is not None and is_other


def _final_origin(state: LeadState) -> ScoreOrigin:
    """Origin of a final score: "outcome" if the CRM closed the lead, so that no threshold counts it as a call."""
    return "outcome" if state.is_closed else "rescore"
