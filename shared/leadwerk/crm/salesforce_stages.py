"""Steps that opportunities of Salesforce have passed: OpportunityHistory, with the kind of each stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from leadwerk.crm.case_page import StageKind
from leadwerk.crm.optional_reads import STAGES, OptionalObject
from leadwerk.crm.soql import Ask, answer_of, moment_of, quoted
from leadwerk.crm.stage_steps import DealStep
from leadwerk.warehouse.batches import batches

# A query goes into the address, whose length is limited; an opportunity passes some ten stages.
OPPORTUNITIES_AT_ONCE = 100
MOST_STEPS = 2000
HISTORY = OptionalObject("stages of opportunities", STAGES, "the right to read opportunities and their history")
KINDS_QUERY = "SELECT ApiName, IsWon, IsClosed FROM OpportunityStage"


class _Step(msgspec.Struct, frozen=True, rename="pascal"):
    opportunity_id: str
    created_date: str
    stage_name: str | None = None


class _StepsAnswer(msgspec.Struct, frozen=True):
    records: list[_Step]


class _Stage(msgspec.Struct, frozen=True, rename="pascal"):
    api_name: str
    is_won: bool = False
    is_closed: bool = False

    def kind(self) -> StageKind:
        return "won" if self.is_won else "lost" if self.is_closed else "open"


class _StagesAnswer(msgspec.Struct, frozen=True):
    records: list[_Stage]


def read_steps(ask: Ask, opportunity_ids: Sequence[str]) -> Mapping[str, Sequence[DealStep]]:
    """Opportunity id → its changes of stage in order of time."""
    if not opportunity_ids:
        return {}
    kinds = read_kinds(ask)
    steps: dict[str, list[DealStep]] = {}
    for ids in batches(opportunity_ids, OPPORTUNITIES_AT_ONCE):
        for step in _steps(ask, ids):
            of_deal = steps.setdefault(step.opportunity_id, [])
            # A change of amount or of the close date is a version as well: the same stage again is no step.
            if step.stage_name and (not of_deal or of_deal[-1].stage != step.stage_name):
                kind = kinds.get(step.stage_name)
                of_deal.append(DealStep(step.stage_name, moment_of(step.created_date), kind))
    return steps


def read_kinds(ask: Ask) -> Mapping[str, StageKind]:
    """Name of a stage → its kind.

    Raises:
        CRMRejected: the user may not read them.
    """
    stages = answer_of(ask, KINDS_QUERY).decoded(_StagesAnswer).records
    return {stage.api_name: stage.kind() for stage in stages}


def _steps(ask: Ask, ids: Sequence[str]) -> list[_Step]:
    listed = ", ".join(map(quoted, ids))
    query = (
        "SELECT OpportunityId, StageName, CreatedDate FROM OpportunityHistory"  # noqa: S608  quoted
        f" WHERE OpportunityId IN ({listed}) ORDER BY CreatedDate, Id LIMIT {MOST_STEPS}"
    )
    steps = answer_of(ask, query).decoded(_StepsAnswer).records
    if len(steps) < MOST_STEPS or len(ids) == 1:
        return steps
    # Cut off: of half as many opportunities there are fewer.
    middle = len(ids) // 2
    return _steps(ask, ids[:middle]) + _steps(ask, ids[middle:])
