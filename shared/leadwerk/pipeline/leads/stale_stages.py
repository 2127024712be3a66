"""Leads that are scored no more, because the CRM closed them or they are old: their stage still follows what it says.

Whether a lead is behind is seen from what stands, not from when something arrived: the stage that its newest score and
its newest status in the CRM ask for is held against the stage in that score and against the record of stages. So news
that arrive late, twice or out of order, and runs that died between two tables, end up the same.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadwerk.pipeline.leads.features import OPEN_DAYS
from leadwerk.points.stages import stage_of
from leadwerk.policy.model import Policy
from leadwerk.scoring.score_row import standing_of
from leadwerk.scoring.stage_change import StageInputs, stage_change
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

STATUS_DAYS = OPEN_DAYS
"""Older news of the CRM move nobody any more: what a night looks at follows these days, not all leads ever closed."""

SCORED_DAYS = 400
"""A lead that has had no score for longer than this keeps its stage."""


@dataclass(frozen=True)
class StaleStages:
    """`moved`: leads whose newest score names another stage than it should. `unrecorded`: rows that `stage_changes`
    lacks though the newest score names the stage already."""

    moved: list[str]
    unrecorded: list[Row]


def find_stale_stages(warehouse: Warehouse, policy: Policy, now: datetime, *, rescored: Container[str]) -> StaleStages:
    """Leads whose stage is not what the CRM's news ask for at `now` (aware), but those that are `rescored` anyway.

    A lead that was never scored has no stage.
    """
    stale = StaleStages([], [])
    for lead in _statuses_and_stages(warehouse, now) if policy.stages else ():
        if lead["lead_id"] in rescored:
            continue
        stage = _stage(lead, policy)
        if stage != lead["stage"]:
            stale.moved.append(lead["lead_id"])
        elif change := _unrecorded(lead, stage, policy, now):
            stale.unrecorded.append(change)
    return stale


def _statuses_and_stages(warehouse: Warehouse, now: datetime) -> list[Row]:
    parameters = {
        "status_since": (now - timedelta(days=STATUS_DAYS)).date(),
        "first_day": (now - timedelta(days=SCORED_DAYS)).date(),
        "as_of": now,
    }
    return warehouse.rows(statement("stage_changes/status_vs_stage"), parameters)


def _stage(lead: Row, policy: Policy) -> str | None:
    """The stage by the lead's newest score and what the CRM says now."""
    stage = stage_of(
        policy,
        is_known=True,
        cluster=lead["score_cluster"],
        rating=standing_of(lead),
        status=lead["status"],
        outcome=lead["outcome"],
    )
    return stage or None


def _unrecorded(lead: Row, stage: str | None, policy: Policy, now: datetime) -> Row | None:
    """The change that a run which died between score and stage left unsaid."""
    columns = {name: lead[name] for name in ("grade", "points", "interest", "status", "outcome")}
    inputs = StageInputs(stage=stage, cluster=lead["score_cluster"], **columns)
    return stage_change(lead["lead_id"], lead["stage_reached"], inputs, policy, at=now, score_id=lead["score_id"])
