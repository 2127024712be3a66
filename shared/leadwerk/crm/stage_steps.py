"""Stages that a deal has passed, as cases: what happened between two readings, such as a reopening, is not lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadwerk.crm.case_page import Case, StageKind


@dataclass(frozen=True)
class DealStep:
    """A deal's arrival at a stage at `reached_at` (UTC); `kind` is None where the stage was deleted since."""

    stage: str
    reached_at: datetime
    kind: StageKind | None


def past_cases(deal: str, steps: Sequence[DealStep], present: Case) -> Iterator[Case]:
    """The steps of a deal in order of time; the last one has the amount and the reason of its `present` case.

    A step read again has the same event id, so it is stored once.
    """
    lead_id = present.lead["lead_id"]
    for position, step in enumerate(steps, start=1):
        is_present = position == len(steps) and step.stage == present.status
        yield Case(
            event_id=f"{deal}:{lead_id}:{step.stage}:{int(step.reached_at.timestamp() * 1000)}",
            changed_at=step.reached_at,
            lead={"lead_id": lead_id},
            status=step.stage,
            reason=present.reason if is_present else None,
            amount=present.amount if is_present else None,
            kind=step.kind,
            is_past=True,
        )
