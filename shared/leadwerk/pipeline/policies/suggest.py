"""Point suggestions: computed from mature landmarks; proposals and decisions go into `suggestions`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np
from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.features.contract import contract
from leadwerk.pipeline.policies.publishing import PublicationNote
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Rule
from leadwerk.policy.points_numbers import PointsNumbers
from leadwerk.progress import Progress, part_of, silent
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import SuggestionRow
from leadwerk.warehouse.statement import statement

BAND = "points.bands."
"""Prefix of hot and warm: names the bands among the rules."""

REPEAT = ".repeat_points"
"""Suffix of a rule's name: its repeat points."""

if TYPE_CHECKING:
    from leadwerk.learning.customer_profile import CustomerProfile
    from leadwerk.learning.landmarks import Landmarks
    from leadwerk.learning.suggest import SuggestionEvidence, SuggestionSet
    from leadwerk.learning.suggestion_evaluation import Effect, EvaluationSkipped

Verdict = Literal["accepted", "declined"]


class SuggestionReport(Struct, frozen=True, kw_only=True):
    """The suggestions of one run for a policy, and their effect measured out of time."""

    policy_version: str
    suggested_at: datetime
    suggested: SuggestionSet
    effect: Effect | EvaluationSkipped


class SuggestionEntry(Struct, frozen=True, kw_only=True):
    """A row of suggestions/latest: a suggested number, or a decision on it."""

    rule: str
    state: Literal["suggested", "accepted", "declined"]
    recorded_at: datetime
    points_before: int
    points_after: int
    author: str | None
    reason: str | None
    evidence: str


@dataclass(frozen=True)
class SuggestedNumber:
    """A suggested number of a rule, and its evidence as JSON."""

    rule: str
    before: int
    after: int
    evidence: str


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


def run(warehouse: Warehouse, policy: Policy, *, now: datetime, progress: Progress = silent) -> SuggestionReport:
    """Suggest points from all mature landmarks of the training history at `now` (aware), and record them."""
    # Who only reads proposals, as the desk does, pays for no library of the training.
    from leadwerk.learning.suggest import suggest
    from leadwerk.learning.suggestion_evaluation import measure

    progress(Message("progress.reading_landmarks"), 0.0)
    evidence, landmarks = read(warehouse, policy, now)
    progress(Message("progress.weighing_rules", landmarks=f"{len(landmarks):,}"), 0.3)
    suggested = suggest(evidence, np.arange(len(landmarks)))
    measuring = part_of(progress, 0.5, 1.0)
    effect = measure(evidence, landmarks, contract(policy), horizon_days=policy.horizon_days, progress=measuring)
    rows = [_row(policy, number, "suggested", now) for number in _proposed(suggested)]
    warehouse.append("suggestions", rows)
    return SuggestionReport(policy_version=policy.version, suggested_at=now, suggested=suggested, effect=effect)


def profile(warehouse: Warehouse, policy: Policy, *, now: datetime) -> CustomerProfile:
    """The ideal customer profile from all mature landmarks of the training history at `now` (aware)."""
    from leadwerk.learning.customer_profile import customer_profile

    evidence, _ = read(warehouse, policy, now)
    return customer_profile(evidence)


def read(warehouse: Warehouse, policy: Policy, now: datetime) -> tuple[SuggestionEvidence, Landmarks]:
    """All landmarks of the policy's training history that are mature at `now`, in order of time."""
    from leadwerk.learning.suggest import SuggestionEvidence
    from leadwerk.pipeline.leads.landmarks import read_labelled_rows

    landmarks, facts = read_labelled_rows(warehouse, policy, now)
    assert facts is not None  # they were asked for
    return SuggestionEvidence.of(policy, facts, landmarks.converted, landmarks.lead), landmarks


def proposals(warehouse: Warehouse, policy: Policy, now: datetime) -> list[Proposal]:
    """The suggestions of the newest run for this policy, each with the newest decision on exactly that number."""
    parameters = {"policy_version": policy.version, "as_of": now}
    rows = warehouse.rows(statement("suggestions/latest", SuggestionEntry), parameters)
    suggested = [row for row in rows if row.state == "suggested"]
    newest = max((row.recorded_at for row in suggested), default=now)
    # Only the newest run: older suggestions rest on fewer outcomes.
    return [_proposal(row, rows) for row in suggested if row.recorded_at == newest]


def proposals_of(warehouse: Warehouse, policy: Policy, rules: Sequence[str], now: datetime) -> list[Proposal]:
    """The suggestions of the newest run for these rules.

    Raises:
        InputError: a rule has no suggestion.
    """
    proposed = {proposal.rule: proposal for proposal in proposals(warehouse, policy, now)}
    for rule in rules:
        if rule not in proposed:
            remedy = Message("refusal.suggestion.first")
            if proposed:
                remedy = Message("refusal.suggestion.proposed", rules=", ".join(proposed))
            raise InputError(Message("refusal.suggestion", rule=repr(rule)), field="rule", value=rule, remedy=remedy)
    return [proposed[rule] for rule in rules]


def decide(
    warehouse: Warehouse, policy: Policy, rules: Sequence[str], verdict: Verdict, note: PublicationNote
) -> list[Proposal]:
    """Record a person's decision on these rules of the newest run; returns the updated proposals.

    Raises:
        InputError: a rule has no suggestion; nothing is recorded then.
    """
    # All rules are checked before anything is recorded: a decision on half a list would be worthless.
    chosen = proposals_of(warehouse, policy, rules, note.now)
    rows = [_row(policy, proposal, verdict, note.now) for proposal in chosen]
    decisions = [msgspec.structs.replace(row, author=note.author, reason=note.reason) for row in rows]
    warehouse.append("suggestions", decisions)
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


def _proposed(suggested: SuggestionSet) -> list[SuggestedNumber]:
    """All numbers of a suggestion: points of rules, new rules, bands."""
    numbers = [
        SuggestedNumber(change.rule + (REPEAT if change.is_repeat else ""), change.before, change.after, _json(change))
        for change in suggested.suggestions
    ]
    for new in suggested.new_rules:
        evidence = _json({**msgspec.structs.asdict(new), "rule_to_add": new.rule})
        numbers.append(SuggestedNumber(new.rule.name, 0, new.points, evidence))
    bands = suggested.bands().items()
    return numbers + [SuggestedNumber(BAND + name, band.before, band.after, _json(band)) for name, band in bands]


def _json(evidence: Any) -> str:
    return msgspec.json.encode(evidence).decode()


def _row(
    policy: Policy, number: SuggestedNumber | Proposal, state: Literal["suggested"] | Verdict, at: datetime
) -> SuggestionRow:
    identity = f"{policy.version} {number.rule} {state} {number.before} {number.after} {at.isoformat()}"
    return SuggestionRow(
        entry_id=hashlib.sha256(identity.encode()).hexdigest()[:16],
        recorded_at=at,
        policy_version=policy.version,
        rule=number.rule,
        state=state,
        points_before=number.before,
        points_after=number.after,
        evidence=number.evidence,
    )


def _proposal(suggested: SuggestionEntry, rows: Sequence[SuggestionEntry]) -> Proposal:
    decisions = [
        row
        for row in rows
        # A decision belongs to a number: when a new run suggests another number, it must be decided anew.
        if row.rule == suggested.rule and row.state != "suggested" and row.points_after == suggested.points_after
    ]
    newest = max(decisions, key=lambda row: row.recorded_at, default=None)
    return Proposal(
        rule=suggested.rule,
        before=suggested.points_before,
        after=suggested.points_after,
        evidence=suggested.evidence,
        state=newest.state if newest and newest.state != "suggested" else None,
        author=newest.author if newest else None,
        reason=newest.reason if newest else None,
    )
