"""Score leads: from lead states to scores with points, decision and reasons. Pure: no query, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from msgspec import Struct

from leadwerk.catalogue.languages import Language
from leadwerk.experiment.assignment import Arm, Assignment, assign
from leadwerk.points.classification import LeadRating, rate_leads
from leadwerk.points.engine import compute_points
from leadwerk.points.entry import Entry
from leadwerk.points.stages import stage_of
from leadwerk.policy.model import Policy
from leadwerk.scoring.arms import CONTROL, OBJECTION, arm_columns, assigned
from leadwerk.scoring.contributions import by_group
from leadwerk.scoring.decide import DISQUALIFIED, HOT, UNSCORED, Decision, closed, decide, overruled, without_a_call
from leadwerk.scoring.lead_facts import facts_of_states
from leadwerk.scoring.lead_state import LeadState
from leadwerk.scoring.model import Inputs, Scorer
from leadwerk.scoring.override import Override
from leadwerk.scoring.reasons import Reason, rule_reasons, top_reasons
from leadwerk.scoring.seller_pools import HotThresholds

Basis = Literal["model", "points", "no_champion", "objection", "control"]

MODEL: Final = "model"
POINTS: Final = "points"
NO_CHAMPION: Final = "no_champion"


class ScoreFields(Struct, frozen=True, kw_only=True):
    """The score of one lead at one moment, without its reasons.

    `probability` is the calibrated chance of conversion within the horizon, `predictive_score` 0–100 with 50 for
    the average lead: None where no model serves. `fit`, `interest` and what follows from them are None where the
    policy has no rules (docs/policy.md, Points), `stage` where it has no stages. `grade` (A–D) and `level` (1–4)
    make the `matrix_cell`, such as B2. `basis` states what scored: the model; without one the points; without rules
    nobody. `hot_threshold` is the value at which HOT started. `has_web_behaviour`: whether web behaviour is
    known. `decided_by` names the person who set the cluster; None where the product decided. `segment` is the one
    whose own model scored; None: the general one did, or none. `arm` and what follows: of a running experiment
    (experiment.assignment); the control group has a `random_rank` in place of any score.
    """

    probability: float | None
    predictive_score: int | None
    score_cluster: str
    recommended_action: str
    basis: Basis
    has_web_behaviour: bool
    language: Language
    model_version: str | None
    policy_version: str
    fit: float | None = None
    interest: float | None = None
    points: float | None = None
    grade: str | None = None
    level: int | None = None
    matrix_cell: str | None = None
    icp: int | None = None
    tier: str | None = None
    traffic_light: str | None = None
    phase: str | None = None
    stage: str | None = None
    hot_threshold: int | None = None
    decided_by: str | None = None
    segment: str | None = None
    experiment: str | None = None
    arm: Arm | None = None
    arm_probability: float | None = None
    work_probability: float | None = None
    random_rank: int | None = None


class LeadScore(ScoreFields, frozen=True, kw_only=True):
    """A score and why: reasons, strongest first, and the ledger of its points."""

    reasons: tuple[Reason, ...]
    ledger: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class PointsScore:
    """The result of the rules for a lead."""

    rating: LeadRating
    ledger: tuple[Entry, ...]


@dataclass(frozen=True)
class ModelScore:
    """The result of the model for a lead."""

    probability: float
    predictive_score: int
    segment: str | None
    reasons: tuple[Reason, ...]


def score_leads(
    scorer: Scorer | None, policy: Policy, states: Sequence[LeadState], *, explained: bool = True
) -> list[LeadScore]:
    """The score of each lead, in order; without reasons and ledger unless `explained`.

    The states come from one read, so they share the day's thresholds, and either all or none have occurrences.
    Exact reasons cost some twenty times what the score costs, so callers that need no reasons should not ask for them.
    """
    if not states:
        return []
    points, model = (
        _points_scores(policy, states, explained=explained),
        _model_scores(scorer, policy, states, explained),
    )
    context = ScoringContext(
        # All states of a run carry the thresholds of the same day.
        policy,
        HotThresholds.of_rows(policy, states[0].thresholds),
        scorer.version if scorer else None,
    )
    return [context.score(*lead) for lead in zip(states, points, model, strict=True)]


def language_of(state: LeadState, policy: Policy) -> Language:
    """The language a seller reads of this lead: the lead's own if the policy speaks it, else the policy's first."""
    spoken = state.features.get("language")
    return next((language for language in policy.languages if language == spoken), policy.languages[0])


def _points_scores(policy: Policy, states: Sequence[LeadState], *, explained: bool) -> Sequence[PointsScore | None]:
    # One statement reads all states of a run, so either all have occurrences or none has.
    if not policy.points.rules or any(state.occurrences is None for state in states):
        return [None] * len(states)
    facts = facts_of_states(policy, states)
    totals = compute_points(policy, facts, ledger=explained)
    ledger = totals.ledger
    return [
        PointsScore(rating, ledger.entries(index) if ledger else ())
        for index, rating in enumerate(rate_leads(policy, facts, totals))
    ]


def _model_scores(
    scorer: Scorer | None, policy: Policy, states: Sequence[LeadState], explained: bool
) -> Sequence[ModelScore | None]:
    if scorer is None:
        return [None] * len(states)
    inputs = scorer.encode([state.features for state in states])
    predicted = scorer.predict(inputs)
    reasons = _reasons(scorer, policy, states, inputs) if explained else [()] * len(states)
    columns = (predicted.probability.tolist(), predicted.predictive_score.tolist(), predicted.segments, reasons)
    return [ModelScore(*lead) for lead in zip(*columns, strict=True)]


@dataclass(frozen=True)
class ScoringContext:
    """What the scores of a run share."""

    policy: Policy
    hot: HotThresholds
    model_version: str | None

    def score(self, state: LeadState, points: PointsScore | None, model: ModelScore | None) -> LeadScore:
        """The score of a lead from rules and model; neither counts for a person who objects to profiling."""
        # Profiling is what the person objected to: neither points nor model are computed into the score.
        if state.objects_to_profiling:
            points, model = None, None
        policy, language = self.policy, language_of(state, self.policy)
        product_decision = self._decide(state, points, model, language)
        assignment = self._assignment(state, product_decision)
        is_hot = product_decision.cluster == HOT
        product_decision = assigned(product_decision, assignment, policy)
        is_control = assignment is not None and assignment.is_control
        if is_control:
            points, model = None, None
        rating, ledger = (points.rating, points.ledger) if points else (None, ())
        # The CRM closed the lead: what a person decided before that no longer matters.
        override = None if state.is_closed else state.override
        decision = self._final(state, product_decision, override)
        stage = stage_of(
            policy,
            is_known=state.created_at is not None,
            cluster=decision.cluster,
            rating=rating,
            status=state.status,
            outcome=state.outcome,
        )
        # A disqualified lead is explained by the rule that disqualified it, whatever the model says.
        by_rules = model is None or product_decision.cluster == DISQUALIFIED
        reasons = rule_reasons(ledger, policy, language) if by_rules else model.reasons if model else ()
        return LeadScore(
            probability=model.probability if model else None,
            predictive_score=model.predictive_score if model else None,
            score_cluster=decision.cluster,
            recommended_action=decision.action,
            reasons=reasons if override is None else (override.as_reason(policy, language), *reasons),
            basis=self._basis(state, rating, is_control=is_control),
            has_web_behaviour=state.has_web_behaviour,
            language=language,
            model_version=None if state.objects_to_profiling or is_control else self.model_version,
            policy_version=policy.version,
            stage=stage or None,
            hot_threshold=decision.hot_threshold,
            decided_by=decision.decided_by,
            segment=model.segment if model else None,
            ledger=ledger,
            **({name: getattr(rating, name) for name in RATING_COLUMNS} if rating else {}),
            **arm_columns(assignment, is_hot=is_hot),
        )

    def _final(self, state: LeadState, product_decision: Decision, override: Override | None) -> Decision:
        """The decision that holds: the CRM's end of the case, else a person's, else the product's."""
        if state.is_closed:
            return closed(product_decision, self.policy)
        decision = overruled(product_decision, override, self.policy)
        return without_a_call(decision, self.policy) if state.is_visitor else decision

    def _basis(self, state: LeadState, rating: LeadRating | None, *, is_control: bool) -> Basis:
        if state.objects_to_profiling:
            return OBJECTION
        if is_control:
            return CONTROL
        if self.model_version is not None:
            return MODEL
        return NO_CHAMPION if rating is None else POINTS

    def _decide(
        self, state: LeadState, points: PointsScore | None, model: ModelScore | None, language: Language
    ) -> Decision:
        return decide(
            model.predictive_score if model else None,
            self.policy,
            points.rating if points else None,
            hot=self.hot,
            language=language,
            region=state.features.get("region"),
        )

    def _assignment(self, state: LeadState, decision: Decision) -> Assignment | None:
        """The lead's place in the experiment; none for who objects, is disqualified, or has no score to withhold."""
        if state.is_visitor or decision.cluster in (DISQUALIFIED, UNSCORED):
            return None
        return assign(self.policy.experiment, state.person, state.created_at)


RATING_COLUMNS = tuple(name for name in LeadRating.__struct_fields__ if name in ScoreFields.__struct_fields__)


def _reasons(
    scorer: Scorer, policy: Policy, states: Sequence[LeadState], inputs: Inputs
) -> Sequence[tuple[Reason, ...]]:
    # Without the last column: the bias belongs to no feature and is no reason.
    contributed = by_group(scorer.contributions(inputs)[:, :-1], [feature.group for feature in scorer.features])
    pairs = zip(states, contributed, strict=True)
    return [
        top_reasons(contributions, state.features, policy, language_of(state, policy)) for state, contributions in pairs
    ]
