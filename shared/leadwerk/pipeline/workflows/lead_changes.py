"""Changes of leads that may start a workflow, read from the tables: scores, stages, picks without work.

Only what is stored counts: a rescore that changes nothing, a replay or a preview starts no workflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.policy.workflows import ChangeKind, Workflow, WorkflowTrigger
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

NEW_LEAD = timedelta(days=2)
"""A first score is a change only of a lead so young: else coupling a CRM or importing a file would start thousands."""


class ScoreStep(Struct, frozen=True, kw_only=True):
    """A row of workflow_actions/score_changes."""

    lead_id: str
    score_id: str
    scored_at: datetime
    score_cluster: str
    ranking_value: float | None
    tier: str | None
    cluster_before: str | None
    ranking_value_before: float | None
    language: str | None
    region: str | None
    created_at: datetime | None
    is_imported: bool


class StageStep(Struct, frozen=True, kw_only=True):
    """A row of workflow_actions/stage_changes."""

    lead_id: str
    changed_at: datetime
    from_stage: str | None
    to_stage: str
    score_id: str | None
    tier: str | None
    language: str | None
    region: str | None
    created_at: datetime | None
    is_imported: bool


class UntouchedPick(Struct, frozen=True, kw_only=True):
    """A row of workflow_actions/untouched_picks."""

    lead_id: str
    event_id: str
    seller: str
    picked_at: datetime
    score_id: str | None
    tier: str | None
    language: str | None
    region: str | None


Observation = ScoreStep | StageStep | UntouchedPick


@dataclass(frozen=True)
class LeadChange:
    """A change that starts a workflow; `identity` is unique to it; `seller` holds the lead, None if nobody does."""

    kind: ChangeKind
    identity: str
    at: datetime
    before: str | None
    after: str
    seller: str | None = None


def read_observations(warehouse: Warehouse, since: datetime, now: datetime) -> list[Observation]:
    """Scores and stages stored for moments in (since, now], and picks that lie untouched at `now`."""
    first_day = (now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date()
    parameters = {"since": since, "first_day": first_day, "as_of": now}
    # A pick becomes untouched hours after it was made.
    of_picks = parameters | {"since": since - timedelta(hours=720)}
    return [
        *warehouse.rows(statement("workflow_actions/score_changes", ScoreStep), parameters),
        *warehouse.rows(statement("workflow_actions/stage_changes", StageStep), parameters),
        *warehouse.rows(statement("workflow_actions/untouched_picks", UntouchedPick), of_picks),
    ]


def change_of(rule: Workflow, observation: Observation, now: datetime) -> LeadChange | None:
    """The change that starts the workflow; None if it is not for this observation or this lead."""
    if not is_meant(rule, observation):
        return None
    match observation:
        case ScoreStep():
            return _score_change(rule.when, observation)
        case StageStep():
            return _stage_change(rule.when, observation)
        case UntouchedPick():
            return _untouched(rule.when, observation, now)


def is_meant(rule: Workflow, observation: Observation) -> bool:
    """Whether the workflow is for this lead: an unknown fact is in no list."""
    only, region = rule.only, observation.region or ""
    return (
        (not only.languages or observation.language in only.languages)
        and (not only.tiers or observation.tier in only.tiers)
        and (not only.regions or any(region == part or region.startswith(f"{part}-") for part in only.regions))
    )


def _score_change(when: WorkflowTrigger, step: ScoreStep) -> LeadChange | None:
    if step.cluster_before is None and not _is_new(step, step.scored_at):
        return None
    before, after = step.cluster_before, step.score_cluster
    match when.change:
        case "became_hot" if after == "HOT" and before != "HOT":
            return LeadChange("became_hot", step.score_id, step.scored_at, before, after)
        case "went_cold" if after == "COLD" and before in ("HOT", "WARM"):
            return LeadChange("went_cold", step.score_id, step.scored_at, before, after)
        case "crossed_threshold" if _crossed(when.score or 0, step):
            old = None if step.ranking_value_before is None else f"{step.ranking_value_before:g}"
            new, identity = f"{step.ranking_value:g}", f"{step.score_id}:{when.score}"
            return LeadChange("crossed_threshold", identity, step.scored_at, old, new)
    return None


def _crossed(threshold: int, step: ScoreStep) -> bool:
    before = step.ranking_value_before
    return step.ranking_value is not None and step.ranking_value >= threshold and (before is None or before < threshold)


def _stage_change(when: WorkflowTrigger, step: StageStep) -> LeadChange | None:
    if when.change != "stage_changed" or (when.stages and step.to_stage not in when.stages):
        return None
    if step.from_stage is None and not _is_new(step, step.changed_at):
        return None
    identity = f"{step.lead_id}:{step.changed_at.isoformat()}"
    return LeadChange("stage_changed", identity, step.changed_at, step.from_stage, step.to_stage)


def _untouched(when: WorkflowTrigger, pick: UntouchedPick, now: datetime) -> LeadChange | None:
    if when.change != "untouched" or when.hours is None:
        return None
    at = pick.picked_at + timedelta(hours=when.hours)
    identity = f"{pick.event_id}:{when.hours}"
    return None if at > now else LeadChange("untouched", identity, at, pick.seller, str(when.hours), pick.seller)


def _is_new(step: ScoreStep | StageStep, at: datetime) -> bool:
    return not step.is_imported and step.created_at is not None and step.created_at >= at - NEW_LEAD
