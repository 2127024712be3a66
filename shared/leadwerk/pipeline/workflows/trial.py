"""A trial: what each workflow would do if its change happened to a lead now. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import asdict, replace

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.errors import ConfigurationError, UnknownLead
from leadwerk.pipeline.workflows.carry_out import IN_THE_CRM, Receivers, send
from leadwerk.pipeline.workflows.decided_actions import WorkflowStart, action_row
from leadwerk.pipeline.workflows.lead_changes import LeadChange, ScoreStep, is_meant
from leadwerk.pipeline.workflows.outgoing_texts import OpenAction, lines, title
from leadwerk.pipeline.workflows.owners import owner_of, read_crm_owners, read_loads
from leadwerk.policy.model import Policy
from leadwerk.policy.workflows import Workflow
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ScoreReason
from leadwerk.warehouse.statement import statement


class LeadOfTrial(Struct, frozen=True, kw_only=True):
    """A row of workflow_actions/of_lead."""

    lead_id: str
    score_id: str
    predictive_score: int | None
    points: float | None
    score_cluster: str
    recommended_action: str
    stage: str | None
    tier: str | None
    reasons: tuple[ScoreReason, ...]
    language: str | None
    region: str | None


@dataclass(frozen=True)
class TriedAction:
    """One action as it would be carried out: when, by which owner, and its texts in each of the policy's languages.

    `is_meant`: whether the workflow is for such a lead at all. `result`: how sending it ended, where it was sent.
    """

    workflow: str
    is_meant: bool
    action: str
    target: str | None
    owner: str | None
    not_before: datetime | None
    due_at: datetime | None
    texts: dict[str, tuple[str, ...]]
    result: str = ""


def trial(
    warehouse: Warehouse, policy: Policy, receivers: Receivers, lead_id: str, *, now: datetime, is_sent: bool = False
) -> list[TriedAction]:
    """What each workflow would do for this lead; with `is_sent` its messages and events go out, under keys of a test.

    Tasks, tags and automations are never carried out here, because they could not be undone.

    Raises:
        UnknownLead: the lead has no score.
    """
    first_day = (now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date()
    parameters = {"lead_id": lead_id, "first_day": first_day, "as_of": now}
    rows = warehouse.rows(statement("workflow_actions/of_lead", LeadOfTrial), parameters)
    if not rows:
        message, remedy = Message("refusal.lead.unscored", lead=lead_id), Message("refusal.lead.unscored.remedy")
        raise UnknownLead(message, field="lead_id", value=lead_id, remedy=remedy)
    (lead,) = rows
    loads = read_loads(warehouse, now)
    crm_owners = read_crm_owners(warehouse, tuple(receivers.people), [lead_id], now)
    actions: list[TriedAction] = []
    for rule in policy.workflows.rules:
        owner = owner_of(policy, rule.owners, lead.language, lead.region, loads, crm_owners.get(lead_id))
        start = _start(policy, rule, lead, owner, now)
        for action in _open_actions(policy, start, lead, now):
            result = _result(policy, receivers, action, now) if is_sent and is_meant(rule, start.observation) else ""
            actions.append(_tried_action(policy, receivers, start, action, result))
    return actions


def _start(policy: Policy, rule: Workflow, lead: LeadOfTrial, owner: str | None, now: datetime) -> WorkflowStart:
    step = ScoreStep(
        lead_id=lead.lead_id,
        score_id=lead.score_id,
        scored_at=now,
        score_cluster=lead.score_cluster,
        ranking_value=lead.predictive_score,
        tier=lead.tier,
        cluster_before=None,
        ranking_value_before=None,
        language=lead.language,
        region=lead.region,
        created_at=now,
        is_imported=False,
    )
    after_change = {"stage_changed": lead.stage or "", "untouched": str(rule.when.hours or "")}
    after = after_change.get(rule.when.change, lead.score_cluster)
    # The moment in the key keeps it apart from every real change: no outbox takes a trial for something done.
    return WorkflowStart(rule, step, LeadChange(rule.when.change, f"trial:{now.isoformat()}", now, None, after), owner)


def _open_actions(policy: Policy, start: WorkflowStart, lead: LeadOfTrial, now: datetime) -> Sequence[OpenAction]:
    decided = [action_row(policy, start, action, now) for action in start.rule.actions]
    of_score = {
        name: getattr(lead, name)
        for name in ("predictive_score", "points", "score_cluster", "recommended_action", "stage", "reasons")
    }
    return [OpenAction(**asdict(row), **of_score) for row in decided]


def _result(policy: Policy, receivers: Receivers, action: OpenAction, now: datetime) -> str:
    if action.action in IN_THE_CRM:
        return "not carried out in a trial"
    try:
        # A receiver that drops what it has seen must drop neither the trial nor, later, the real action.
        result = send(policy, receivers, replace(action, action_id=f"trial-{action.action_id}"), now)
    except ConfigurationError as error:
        return str(error)
    return result.error or result.state


def _tried_action(
    policy: Policy, receivers: Receivers, start: WorkflowStart, action: OpenAction, result: str
) -> TriedAction:
    texts = {
        language: (title(policy, action, language), *lines(policy, action, language, receivers.lead_url))
        for language in policy.languages
    }
    return TriedAction(
        workflow=start.rule.name,
        is_meant=is_meant(start.rule, start.observation),
        action=action.action,
        target=action.target,
        owner=action.owner,
        not_before=action.next_attempt_at,
        due_at=action.due_at,
        texts={str(language): written for language, written in texts.items()},
        result=result,
    )
