"""A change of a lead's stage as a row of the table `stage_changes`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from leadwerk.points.stages import direction
from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Stage
from leadwerk.warehouse.records import StageChangeRow


@dataclass(frozen=True)
class StageInputs:
    """The stage that a lead is in, and what was known of it then: what a stage can ask for, by name."""

    stage: str | None
    cluster: str | None
    grade: str | None
    points: float | None
    interest: float | None
    status: str | None
    outcome: str | None


def stage_change(
    lead_id: str, before: str | None, inputs: StageInputs, policy: Policy, *, at: datetime, score_id: str | None
) -> StageChangeRow | None:
    """The row, or None where nothing changed; `before` is the newest stage on record, `at` aware."""
    if inputs.stage is None or inputs.stage == before:
        return None
    return StageChangeRow(
        lead_id=lead_id,
        day=at.astimezone(UTC).date(),
        changed_at=at,
        from_stage=before,
        to_stage=inputs.stage,
        direction=direction(policy, before or "", inputs.stage),
        reason=reason(before, inputs, policy),
        score_id=score_id,
    )


FACTS = ("status", "outcome", "cluster", "grade", "points", "interest")
"""What a stage can ask for beside being known, in the order in which a reason names it."""

CONDITIONS = {"status": "statuses", "outcome": "outcomes"}
"""Conditions of a stage that are not called as the fact they ask for."""


def reason(before: str | None, inputs: StageInputs, policy: Policy) -> str:
    """What the stage left and the stage reached ask for, as it is now: cluster=HOT, points=62.5.

    stage_changes/bulk_insert.sql says the same in SQL.
    """
    both = {before, inputs.stage}
    facts = [fact for fact in FACTS if any(stage.name in both for stage in entry_reason(policy, fact))]
    parts = [f"{fact}={_written(value)}" for fact in facts if (value := getattr(inputs, fact)) is not None]
    if parts:
        return ", ".join(parts)
    # That somebody is known goes without saying where there is anything else to say.
    return "known=true" if any(stage.known and stage.name in both for stage in policy.stages) else ""


def entry_reason(policy: Policy, fact: str) -> list[Stage]:
    """The stages that ask for a fact."""
    condition = CONDITIONS.get(fact, fact)
    return [stage for stage in policy.stages if getattr(stage, condition) not in (None, ())]


def _written(value: str | float) -> str:
    """A fact as a reason says it; points are whole hundredths.

    >>> _written(62.5), _written(-3.0), _written(12345.67), _written("HOT")
    ('62.5', '-3', '12345.67', 'HOT')
    """
    return f"{value + 0.0:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
