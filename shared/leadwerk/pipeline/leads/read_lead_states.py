"""Lead states: occurrences, CRM status, last score and override of a batch of leads, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from leadwerk.pipeline.leads.points_input import facts_of_rows, occurrences_by_lead
from leadwerk.policy.model import Policy
from leadwerk.scoring.override import Override
from leadwerk.scoring.score_leads import CrmStatus, LeadScore, LeadState
from leadwerk.scoring.seller_pools import HotThresholds
from leadwerk.scoring.stage_change import StageInputs, stage_change
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement


@dataclass(frozen=True)
class LeadStates:
    """By lead: `occurred`, rows of occurrences/select; `before`, rows of scores/lead_state. `hot`: today's HOT."""

    policy: Policy
    now: datetime
    hot: HotThresholds
    occurred: Mapping[str, list[Row]]
    before: Mapping[str, Row]

    @classmethod
    def nothing(cls, policy: Policy, now: datetime) -> LeadStates:
        """The states of no leads."""
        return cls(policy, now, HotThresholds(policy), {}, {})

    def of(self, rows: Sequence[Row], occurred: Sequence[Sequence[Row]] | None = None) -> LeadState:
        """The lead state of rows of lead_features; `occurred` replaces the leads' own occurrences."""
        if occurred is None:
            occurred = [self.occurred.get(row["lead_id"], []) for row in rows]
        facts = facts_of_rows(self.policy, rows, occurred) if self.policy.points.rules else None
        leads = [row["lead_id"] for row in rows]
        return LeadState(facts, [*map(self.status, leads)], self.hot, [*map(self.override, leads)])

    def status(self, lead_id: str) -> CrmStatus:
        """The newest CRM status of a lead."""
        stored = self.before.get(lead_id, {})
        return CrmStatus(stored.get("status"), stored.get("outcome"))

    def override(self, lead_id: str) -> Override | None:
        """The newest override of a lead."""
        return Override.of_row(self.before.get(lead_id, {}))

    def newest(self, lead_id: str) -> Row | None:
        """The newest stored score of a lead."""
        stored = self.before.get(lead_id)
        return stored if stored and stored["score_id"] else None

    def stage_change(self, lead_id: str, score: LeadScore, score_id: str | None) -> Row | None:
        """The row of stage_changes that a score requires, or None.

        The comparison is with stage_changes, not with the newest score: else a crash between the two tables would lose
        the change.
        """
        status = self.status(lead_id)
        inputs = StageInputs(
            stage=score.stage,
            cluster=score.score_cluster,
            grade=score.grade,
            points=score.points,
            interest=score.interest,
            status=status.status,
            outcome=status.outcome,
        )
        recorded_stage = self.before.get(lead_id, {}).get("stage_reached")
        return stage_change(lead_id, recorded_stage, inputs, self.policy, at=self.now, score_id=score_id)


def read_lead_states(
    warehouse: Warehouse, policy: Policy, parameters: Mapping[str, Any], *, first_day: date, hot: HotThresholds
) -> LeadStates:
    """The states of the leads of `scoring_parameters`; scores before `first_day` are ignored."""
    now: datetime = parameters["as_of"]
    state_parameters = {"lead_ids": parameters["lead_ids"], "first_day": first_day, "as_of": now}
    before = warehouse.rows(statement("scores/lead_state"), state_parameters) if parameters["lead_ids"] else []
    return LeadStates(
        policy, now, hot, occurrences_by_lead(warehouse, policy, parameters), {row["lead_id"]: row for row in before}
    )
