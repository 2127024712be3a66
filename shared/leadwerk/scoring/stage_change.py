"""A change of a lead's stage as a row of the table `stage_changes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leadwerk.points.stages import direction
from leadwerk.policy.model import Policy
from leadwerk.policy.sales import Stage


@dataclass(frozen=True)
class Reached:
    """The stage that a lead is in, and what was known of it then: what a stage can ask for, by name."""

    stage: str | None
    cluster: str | None
    grade: str | None
    points: float | None
    interest: float | None
    status: str | None
    outcome: str | None


def stage_change(
    lead_id: str, before: str | None, reached: Reached, policy: Policy, *, at: datetime, score_id: str | None
) -> dict[str, Any] | None:
    """The row, or None where nothing changed; `before` is the newest stage on record, `at` aware."""
    if reached.stage is None or reached.stage == before:
        return None
    return {
        "lead_id": lead_id,
        "day": at.astimezone(UTC).date(),
        "changed_at": at,
        "from_stage": before,
        "to_stage": reached.stage,
        "direction": direction(policy, before or "", reached.stage),
        "reason": reason(before, reached, policy),
        "score_id": score_id,
    }


def reason(before: str | None, reached: Reached, policy: Policy) -> str:
    """What the stage left and the stage reached ask for, as it is now: cluster=HOT, points=62.5."""
    stages = {stage.name: stage for stage in policy.stages}
    asked = [stages[name] for name in (before, reached.stage) if name in stages]
    facts = {
        "known": "true" if any(stage.known for stage in asked) else None,
        "status": _asked(asked, "statuses", reached.status),
        "outcome": _asked(asked, "outcomes", reached.outcome),
        "cluster": _asked(asked, "cluster", reached.cluster),
        "grade": _asked(asked, "grade", reached.grade),
        "points": _asked(asked, "points", reached.points),
        "interest": _asked(asked, "interest", reached.interest),
    }
    return _written({name: value for name, value in facts.items() if value is not None})


def _asked(stages: list[Stage], condition: str, value: Any) -> Any:
    return value if any(getattr(stage, condition) not in (None, ()) for stage in stages) else None


def _written(facts: Mapping[str, Any]) -> str:
    """The facts; that somebody is known goes without saying where there is anything else to say."""
    said = {name: value for name, value in facts.items() if name != "known" or len(facts) == 1}
    shown = (f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in said.items())
    return ", ".join(shown)
