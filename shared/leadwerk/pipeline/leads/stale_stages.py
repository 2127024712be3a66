"""Stale stages: closed or expired leads are no longer scored, but stage and decision still follow the CRM status.

The stage required by a lead's newest score and newest CRM status is compared with the stage in that score and with
stage_changes; times of arrival do not matter. So updates that arrive late, twice or out of order, and runs that died
between two tables, lead to the same rows.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS, STATUS_LOOK_BACK_DAYS
from leadwerk.points.classification import Level
from leadwerk.points.stages import stage_of
from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Grade
from leadwerk.scoring.decide import CLOSED
from leadwerk.scoring.score_row import stored_rating
from leadwerk.scoring.stage_change import StageInputs, stage_change
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import StageChangeRow
from leadwerk.warehouse.statement import statement


class StatusAndStage(Struct, frozen=True, kw_only=True):
    """A row of stage_changes/status_vs_stage: a lead's latest CRM status beside its latest score and recorded stage."""

    lead_id: str
    status: str | None
    outcome: str | None
    score_id: str
    score_cluster: str
    fit: float | None
    interest: float | None
    points: float | None
    grade: Grade | None
    level: Level | None
    matrix_cell: str | None
    stage: str | None
    stage_reached: str | None


@dataclass(frozen=True)
class StaleStages:
    """`moved`: leads whose newest score has an outdated stage, or was decided before the CRM closed or reopened them.

    `unrecorded`: missing rows of `stage_changes` for leads whose newest score has the right stage.
    """

    moved: list[str]
    unrecorded: list[StageChangeRow]


def find_stale_stages(warehouse: Warehouse, policy: Policy, now: datetime, *, rescored: Container[str]) -> StaleStages:
    """Find leads whose stage or decision is not what their CRM status requires at `now` (aware), except the `rescored`.

    A lead without a score has no stage.
    """
    stale = StaleStages([], [])
    for lead in _statuses_and_stages(warehouse, now):
        # This run has scored it already, with the stage of now; the statement may not see its row yet.
        if lead.lead_id in rescored:
            continue
        # A lead that the CRM reopened is stale as well: its last score still says CLOSED.
        is_closed = lead.outcome not in (None, "open")
        stage = _stage(lead, policy, CLOSED if is_closed else lead.score_cluster)
        if stage != lead.stage or is_closed != (lead.score_cluster == CLOSED):
            stale.moved.append(lead.lead_id)
        elif change := _unrecorded(lead, stage, policy, now):
            stale.unrecorded.append(change)
    return stale


def _statuses_and_stages(warehouse: Warehouse, now: datetime) -> list[StatusAndStage]:
    parameters = {
        "status_since": (now - timedelta(days=STATUS_LOOK_BACK_DAYS)).date(),
        "scored_since": (now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date(),
        "as_of": now,
    }
    return warehouse.rows(statement("stage_changes/status_vs_stage", StatusAndStage), parameters)


def _stage(lead: StatusAndStage, policy: Policy, cluster: str) -> str | None:
    """The stage by the lead's latest score, its present CRM status and the cluster that follows from it."""
    stage = stage_of(
        policy,
        is_known=True,
        cluster=cluster,
        rating=stored_rating(lead),
        status=lead.status,
        outcome=lead.outcome,
    )
    return stage or None


def _unrecorded(lead: StatusAndStage, stage: str | None, policy: Policy, now: datetime) -> StageChangeRow | None:
    """The row of stage_changes that a run omitted when it died between score and stage."""
    inputs = StageInputs(
        stage=stage,
        cluster=lead.score_cluster,
        grade=lead.grade,
        points=lead.points,
        interest=lead.interest,
        status=lead.status,
        outcome=lead.outcome,
    )
    return stage_change(lead.lead_id, lead.stage_reached, inputs, policy, at=now, score_id=lead.score_id)
