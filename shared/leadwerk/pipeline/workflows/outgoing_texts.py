"""Outgoing texts: title and lines of a message or task in the reader's language, and the data of an event."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from leadwerk.pipeline.desk.stored_reasons import reason_sentence
from leadwerk.policy.model import Policy
from leadwerk.policy.workflows import ActionKind, ChangeKind
from leadwerk.texts import text
from leadwerk.warehouse.records import ScoreReason, WorkflowActionRow

EVENT_TYPES: dict[ChangeKind, str] = {
    "became_hot": "lead.hot",
    "went_cold": "lead.cold",
    "crossed_threshold": "score.crossed",
    "stage_changed": "stage.changed",
    "untouched": "lead.untouched",
}
REASONS = 3
KEY_DIGITS = 6
EVENT_FIELDS = (
    "lead_id", "workflow", "change", "before", "after", "owner", "score_id", "predictive_score", "points",
    "score_cluster", "recommended_action", "stage",
)  # fmt: skip


class OpenAction(WorkflowActionRow, frozen=True, kw_only=True):
    """A row of workflow_actions/outbox: the last step of an action, and the score at the change, if any."""

    change: ChangeKind
    action: ActionKind
    predictive_score: int | None
    points: float | None
    score_cluster: str | None
    recommended_action: str | None
    stage: str | None
    reasons: tuple[ScoreReason, ...] | None


def title(policy: Policy, action: OpenAction, language: str) -> str:
    """The first line: the workflow's own, if it has one in this language, or ours.

    A stage is called by its label, a score is a whole number.
    """
    rule = next((rule for rule in policy.workflows.rules if rule.name == action.workflow), None)
    values = {
        "lead": action.lead_id,
        "score": _score(action),
        "stage": _stage(policy, action, language),
        "owner": action.owner or "–",
    }
    own = rule.title.get(language) if rule else None  # type: ignore[call-overload]
    if own:
        # Safe although a title is free text: the policy check has tried it out, and all values are plain strings.
        return str(own).format_map(values)
    return text(language, f"workflow.{action.change}", hours=action.after or "", **values)


def task_title(policy: Policy, action: OpenAction, language: str) -> str:
    """A title that no other task has: some CRMs know a repeated task by its title alone."""
    return f"{title(policy, action, language)} (#{action.action_id[:KEY_DIGITS]})"


def lines(policy: Policy, action: OpenAction, language: str, lead_url: str) -> tuple[str, ...]:
    """What follows the title: score and recommendation, the strongest reasons, the owner, the lead's page."""
    written: list[str] = []
    if action.score_cluster is not None:
        recommended = next((a for a in policy.actions if a.action == action.recommended_action), None)
        label = recommended.labels.get(language) if recommended else None  # type: ignore[call-overload]
        written.append(
            text(
                language,
                "workflow.score",
                score=_score(action),
                cluster=text(language, f"cluster.{action.score_cluster}"),
                action=label or (action.recommended_action or "").replace("_", " "),
            )
        )
    written += [
        sentence for reason in (action.reasons or ())[:REASONS] if (sentence := reason_sentence(language, reason))
    ]
    if action.owner:
        written.append(text(language, "workflow.owner", owner=action.owner))
    if lead_url:
        # No format(): a CRM's address may hold braces of its own. Quoted, because an id may hold a slash or a question
        # mark.
        written.append(lead_url.replace("{lead_id}", quote(action.lead_id, safe="")))
    return tuple(written)


def event_data(action: OpenAction) -> dict[str, Any]:
    """The data of an event: the change, and the score at that moment."""
    return {name: getattr(action, name) for name in EVENT_FIELDS}


def _score(action: OpenAction) -> str:
    value = action.points if action.predictive_score is None else action.predictive_score
    return "–" if value is None else f"{value:.0f}"


def _stage(policy: Policy, action: OpenAction, language: str) -> str:
    name = action.after if action.change == "stage_changed" else action.stage
    stage = next((stage for stage in policy.stages if stage.name == name), None)
    label = stage.labels.get(language) if stage else None  # type: ignore[call-overload]
    return label or name or "–"
