"""Actions that follow from changes, as rows: pure, so that the same changes always yield the same ids."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from leadwerk.pipeline.workflows.lead_changes import LeadChange, Observation, change_of
from leadwerk.pipeline.workflows.owners import owner_of
from leadwerk.pipeline.workflows.quiet_hours import next_open, working_time_later
from leadwerk.policy.model import Policy
from leadwerk.policy.workflows import Workflow, WorkflowAction
from leadwerk.warehouse.records import WorkflowActionRow

DISTURBING = ("message",)
"""Actions that wait for the end of quiet hours; a task or tag disturbs nobody, and programs know no night."""


@dataclass(frozen=True)
class WorkflowStart:
    """A workflow that starts: its rule, what was observed, the change in it, and the lead's new owner."""

    rule: Workflow
    observation: Observation
    change: LeadChange
    owner: str | None


def decided(
    policy: Policy,
    observations: Sequence[Observation],
    begun_at: Mapping[str, datetime],
    loads: Counter[str],
    now: datetime,
    crm_owners: Mapping[str, str] = MappingProxyType({}),
) -> list[WorkflowActionRow]:
    """The rows of all actions that the changes after each workflow's beginning (`begun_at`, by name) start.

    `loads`: leads of each seller; the new ones are added. `crm_owners`: the seller who owns a lead in the CRM already.
    """
    rows: list[WorkflowActionRow] = []
    for rule in policy.workflows.rules:
        for observation in observations:
            change = change_of(rule, observation, now)
            if change is None or not begun_at[rule.name] < change.at <= now:
                continue
            present = crm_owners.get(observation.lead_id)
            owner = change.seller or owner_of(
                policy, rule.owners, observation.language, observation.region, loads, present
            )
            if owner is not None and change.seller is None:
                loads[owner] += 1
            start = WorkflowStart(rule, observation, change, owner)
            rows += [action_row(policy, start, action, now) for action in rule.actions]
    return rows


def action_id(rule: Workflow, action: WorkflowAction, change: LeadChange) -> str:
    """32 hexadecimal digits that only the same change, workflow and action yield."""
    parts = (rule.name, action.do, action.channel or action.name, str(action.due_minutes), change.kind, change.identity)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def action_row(policy: Policy, start: WorkflowStart, action: WorkflowAction, now: datetime) -> WorkflowActionRow:
    """The row of an action that is decided at `now`."""
    zone, quiet, change = ZoneInfo(policy.time_zone), policy.workflows.quiet, start.change
    return WorkflowActionRow(
        action_id=action_id(start.rule, action, change),
        attempt=0,
        lead_id=start.observation.lead_id,
        day=change.at.astimezone(UTC).date(),
        changed_at=change.at,
        stepped_at=now,
        state="pending",
        workflow=start.rule.name,
        policy_version=policy.version,
        change=change.kind,
        before=change.before,
        after=change.after,
        action=action.do,
        target=action.channel or action.name or None,
        owner=start.owner,
        score_id=start.observation.score_id,
        due_at=working_time_later(quiet, zone, change.at, action.due_minutes) if action.do == "task" else None,
        next_attempt_at=next_open(quiet, zone, now) if action.do in DISTURBING else now,
    )
