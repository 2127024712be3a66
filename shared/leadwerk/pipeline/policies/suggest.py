"""Point suggestions: computed from mature landmarks; proposals and decisions go into `suggestions`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.features.contract import contract
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.suggest import Evidence, SuggestionSet, suggest
from leadwerk.learning.suggestion_evaluation import Effect, EvaluationSkipped, measure
from leadwerk.pipeline.leads.landmarks import read_labelled_rows
from leadwerk.pipeline.policies.publishing import PublicationNote
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Rule
from leadwerk.policy.points_numbers import PointsNumbers
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

BAND = "points.bands."
"""Prefix of hot and warm: names the bands among the rules."""

REPEAT = ".repeat_points"
"""Suffix of a rule's name: its repeat points."""

Progress = Callable[[str], None]
Verdict = Literal["accepted", "declined"]


class SuggestionReport(Struct, frozen=True, kw_only=True):
    """The suggestions of one run for a policy, and their effect measured out of time."""

    policy_version: str
    suggested_at: datetime
    suggested: SuggestionSet
    effect: Effect | EvaluationSkipped


@dataclass(frozen=True)
class Proposal:
    """A suggested number of the newest run and the decision on it (None: open); a new rule has `before` 0."""

    rule: str
    before: int
    after: int
    evidence: str
    state: Verdict | None
    author: str | None
    reason: str | None


def run(warehouse: Warehouse, policy: Policy, *, now: datetime, progress: Progress | None = None) -> SuggestionReport:
    """Suggest points from all mature landmarks of the training history at `now` (aware), and record them."""
    tell = progress or (lambda _: None)
    tell("reading matured landmarks")
    evidence, landmarks = read(warehouse, policy, now)
    tell(f"weighing the rules on {len(landmarks)} landmarks")
    suggested = suggest(evidence, np.arange(len(landmarks)))
    effect = measure(evidence, landmarks, contract(policy), horizon_days=policy.horizon_days, progress=tell)
    rows = [_row(policy, now, "suggested", *proposed) for proposed in _proposed(suggested)]
    warehouse.append("suggestions", rows)
    return SuggestionReport(policy_version=policy.version, suggested_at=now, suggested=suggested, effect=effect)


def read(warehouse: Warehouse, policy: Policy, now: datetime) -> tuple[Evidence, Landmarks]:
    """All landmarks of the policy's training history that are mature at `now`, in order of time."""
    landmarks, facts = read_labelled_rows(warehouse, policy, now)
    assert facts is not None  # they were asked for
    return Evidence.of(policy, facts, landmarks.converted, landmarks.lead), landmarks


def proposals(warehouse: Warehouse, policy: Policy, now: datetime) -> list[Proposal]:
    """The suggestions of the newest run for this policy, each with the newest decision on exactly that number."""
    parameters = {"policy_version": policy.version, "as_of": now}
    rows = warehouse.rows(statement("suggestions/latest"), parameters)
    suggested = [row for row in rows if row["state"] == "suggested"]
    newest = max((row["recorded_at"] for row in suggested), default=now)
    return [_proposal(row, rows) for row in suggested if row["recorded_at"] == newest]


def decide(
    warehouse: Warehouse, policy: Policy, rules: Sequence[str], verdict: Verdict, note: PublicationNote
) -> list[Proposal]:
    """Record a person's decision on these rules of the newest run; returns the updated proposals.

    Raises:
        InputError: a rule has no suggestion; nothing is recorded then.
    """
    proposed = {proposal.rule: proposal for proposal in proposals(warehouse, policy, note.now)}
    for rule in rules:
        if rule not in proposed:
            remedy = (
                f"Rules with a suggestion: {', '.join(proposed)}."
                if proposed
                else "Run `leadwerk policy suggest` first."
            )
            raise InputError(f"Nothing is suggested for {rule!r}.", field="rule", value=rule, remedy=remedy)
    of = [
        (proposal.rule, proposal.before, proposal.after, proposal.evidence)
        for proposal in (proposed[rule] for rule in rules)
    ]
    rows = [_row(policy, note.now, verdict, *proposal) for proposal in of]
    decision = {"author": note.author, "reason": note.reason}
    warehouse.append("suggestions", [{**row, **decision} for row in rows])
    return proposals(warehouse, policy, note.now)


def numbers(chosen: Iterable[Proposal]) -> PointsNumbers:
    """The proposals as numbers for `policy.points_numbers`."""
    points: dict[tuple[str, bool], int] = {}
    bands, rules = {}, []
    for proposal in chosen:
        if proposal.rule.startswith(BAND):
            bands[proposal.rule.removeprefix(BAND)] = proposal.after
        elif (stored := _EVIDENCE.decode(proposal.evidence)).rule_to_add is not None:
            rules.append(stored.rule_to_add)
        else:
            points[proposal.rule.removesuffix(REPEAT), proposal.rule.endswith(REPEAT)] = proposal.after
    return PointsNumbers(points, bands, tuple(rules))


class _StoredSuggestion(Struct):
    rule_to_add: Rule | None = None


_EVIDENCE = msgspec.json.Decoder(_StoredSuggestion)


def _proposed(suggested: SuggestionSet) -> list[tuple[str, int, int, str]]:
    """Rule, number before and after, and the evidence as JSON."""
    proposed = [
        (
            suggestion.rule + (REPEAT if suggestion.is_repeat else ""),
            suggestion.before,
            suggestion.after,
            msgspec.json.encode(suggestion).decode(),
        )
        for suggestion in suggested.suggestions
    ]
    for new in suggested.new_rules:
        evidence = msgspec.json.encode({**msgspec.structs.asdict(new), "rule_to_add": new.rule}).decode()
        proposed.append((new.rule.name, 0, new.points, evidence))
    for name, band in suggested.bands().items():
        proposed.append((BAND + name, band.before, band.after, msgspec.json.encode(band).decode()))
    return proposed


def _row(policy: Policy, at: datetime, state: str, rule: str, before: int, after: int, evidence: str) -> Row:
    identity = f"{policy.version} {rule} {state} {before} {after} {at.isoformat()}"
    return {
        "entry_id": hashlib.sha256(identity.encode()).hexdigest()[:16],
        "recorded_at": at,
        "policy_version": policy.version,
        "rule": rule,
        "state": state,
        "points_before": before,
        "points_after": after,
        "evidence": evidence,
    }


def _proposal(suggested: Row, rows: Sequence[Row]) -> Proposal:
    same = [row for row in rows if row["rule"] == suggested["rule"] and row["state"] != "suggested"]
    decisions = [row for row in same if row["points_after"] == suggested["points_after"]]
    newest = max(decisions, key=lambda row: row["recorded_at"], default=None)
    return Proposal(
        rule=suggested["rule"],
        before=suggested["points_before"],
        after=suggested["points_after"],
        evidence=suggested["evidence"],
        state=newest["state"] if newest else None,
        author=newest["author"] if newest else None,
        reason=newest["reason"] if newest else None,
    )
