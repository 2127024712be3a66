"""Leak gate of retraining: which fields may be learned from, by findings and by what people decided about them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from leadwerk.errors import InputError
from leadwerk.learning.joint_leak import joint_leaks
from leadwerk.learning.leakage import find_leaks
from leadwerk.learning.open_leads import OpenLeads
from leadwerk.pipeline.leads.form_fields import columns_by_name, form_fields, resolve_fields, without_fields
from leadwerk.registry.field_decisions import FieldDecision
from leadwerk.stats.leak_finding import LeakReport
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.learning.landmarks import Landmarks
    from leadwerk.learning.train import TrainingResult
    from leadwerk.policy.model import Policy
    from leadwerk.registry import Registry


@dataclass(frozen=True)
class FieldChoices:
    """What a person decides with a run: fields to leave out, and suspects to keep for a reason."""

    exclude: Sequence[str] = ()
    keep_suspects: Sequence[str] = ()
    reason: str = ""


@dataclass(frozen=True)
class CheckedLandmarks:
    """Landmarks without the excluded fields, what the gate found in the others, and the decisions that hold."""

    landmarks: Landmarks
    report: LeakReport
    excluded: tuple[str, ...] = field(default=())


def record_choices(registry: Registry, policy: Policy, choices: FieldChoices, now: datetime) -> None:
    """Keep a person's decisions for this run and all later ones.

    Raises:
        InputError: a field is unknown, or a suspect is kept without a reason.
    """
    excluded = resolve_fields(policy, choices.exclude, option="exclude")
    kept_fields = resolve_fields(policy, choices.keep_suspects, option="keep-suspect")
    if kept_fields and not choices.reason.strip():
        raise InputError(Message("refusal.keep_suspect", field=kept_fields[0]), field="reason")
    decisions = {name: FieldDecision("exclude", choices.reason, now.isoformat()) for name in excluded}
    decisions |= {name: FieldDecision("keep", choices.reason, now.isoformat()) for name in kept_fields}
    if decisions:
        registry.field_decisions().record(decisions)


def check_fields(
    landmarks: Landmarks, open_leads: Landmarks | None, policy: Policy, registry: Registry
) -> CheckedLandmarks:
    """The landmarks that may be learned from, and what the leakage gate found in their fields.

    The policy's `training.exclude` and recorded decisions leave fields out; a kept suspect is reported, and no stop.
    """
    # Of a sample the gate sees leads as frequent as they are: winners have some fields more often than others do.
    fair = landmarks.representative(policy.training.seed)
    decisions = registry.field_decisions().read()
    known_columns = set(columns_by_name(landmarks, policy, ()))
    # Decisions about fields that the policy has lost since stay recorded, and must not stop a run.
    excluded = {name for name, decision in decisions.items() if decision.action == "exclude"} & known_columns
    excluded |= set(resolve_fields(policy, policy.training.exclude, option="training.exclude"))
    fields = columns_by_name(fair, policy, excluded)
    waiting = None
    if open_leads is not None:
        # Open leads tell a leak from a strong feature: a field filled in with the outcome is empty while a lead is
        # open.
        waiting = OpenLeads(columns_by_name(open_leads, policy, excluded), open_leads.as_of)
    leak_report = find_leaks(
        fields, fair.converted, fair.as_of, lead=fair.lead, open_leads=waiting, seed=policy.training.seed
    )
    names = tuple(sorted(excluded))
    return CheckedLandmarks(without_fields(landmarks, policy, names), _with_decisions(leak_report, decisions), names)


def check_together(
    checked: CheckedLandmarks, learned: TrainingResult, policy: Policy, registry: Registry
) -> CheckedLandmarks:
    """The same with fields that tell the outcome only together, which a model shows that was trained on them."""
    columns = {name: column for name, column in form_fields(policy).items() if name not in checked.excluded}
    test = checked.landmarks.take(learned.split.test)
    unseen_auc = learned.evaluations["challenger"].auc
    findings = joint_leaks(learned.model.probability, test, unseen_auc, columns, seed=policy.training.seed)
    report = replace(checked.report, findings=(*findings, *checked.report.findings))
    return dataclasses.replace(checked, report=_with_decisions(report, registry.field_decisions().read()))


def _with_decisions(report: LeakReport, decisions: Mapping[str, FieldDecision]) -> LeakReport:
    reason_by_field = {name: decision.reason for name, decision in decisions.items() if decision.action == "keep"}
    findings = tuple(
        replace(finding, stops=False, kept_because=reason_by_field[finding.field])
        if finding.field in reason_by_field
        else finding
        for finding in report.findings
    )
    return replace(report, findings=findings)
