"""Leads' facts in, judged leads out: score, points, decision and reasons together, or the honest absence of a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from msgspec import Struct

from leadwerk.points.classification import LeadRating, rate_leads
from leadwerk.points.conditions import LeadFacts
from leadwerk.points.engine import compute_points
from leadwerk.points.ledger import Entry
from leadwerk.points.stages import stage_of
from leadwerk.policy.model import Policy
from leadwerk.policy.section import Language
from leadwerk.scoring.attribution import by_group
from leadwerk.scoring.decide import DISQUALIFIED, decide, overruled
from leadwerk.scoring.model import Inputs, Scorer
from leadwerk.scoring.override import Override
from leadwerk.scoring.reasons import Reason, rule_reasons, top_reasons
from leadwerk.scoring.seller_pools import HotThresholds

Features = Mapping[str, Any]
Basis = Literal["model", "points", "no_champion"]

MODEL: Final = "model"
POINTS: Final = "points"
NO_CHAMPION: Final = "no_champion"


class ScoreFields(Struct, frozen=True, kw_only=True):
    """What the product says of one lead at one moment, short of why.

    `probability` is the calibrated chance of conversion within the horizon, `predictive_score` 0–100 with 50 for
    the average lead: None where no model serves. `fit`, `interest` and what follows from them are None where the
    policy has no rules (docs/policy.md, Points), `stage` where it has no stages. `grade` (A–D) and `level` (1–4)
    make the `matrix_cell`, such as B2. `basis` says who scored: the model; without one the points; without rules
    nobody. `hot_threshold` is the value at which HOT started. `has_web_behaviour`: whether web behaviour is
    known. `decided_by` names the person who set the cluster; None where the product decided. `segment` is the one
    whose own model scored; None: the general one did, or none.
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


class LeadScore(ScoreFields, frozen=True, kw_only=True):
    """A score and why: reasons, strongest first, and the ledger of its points."""

    reasons: tuple[Reason, ...]
    ledger: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class CrmStatus:
    """The newest status of a lead in the CRM, and what it means."""

    status: str | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class LeadState:
    """What is known of n leads beside their features, row by row.

    `facts`: for the points; None where there are no rules. `statuses`: of the CRM; none is as good as unknown. `hot`:
    today's thresholds; else the policy's bands hold. `overrides`: what persons say; none if left out.
    """

    facts: LeadFacts | None = None
    statuses: Sequence[CrmStatus] = ()
    hot: HotThresholds | None = None
    overrides: Sequence[Override | None] = ()

    def status(self, row: int) -> CrmStatus:
        """The status of the lead at this place."""
        return self.statuses[row] if self.statuses else CrmStatus()

    def override(self, row: int) -> Override | None:
        """What a person says of the lead at this place."""
        return self.overrides[row] if self.overrides else None


@dataclass(frozen=True)
class PartialScore:
    """What model and rules say of one lead, where there are any."""

    probability: float | None = None
    predictive_score: int | None = None
    segment: str | None = None
    rating: LeadRating | None = None
    ledger: tuple[Entry, ...] = ()
    reasons: tuple[Reason, ...] = field(default=())


def score_leads(
    scorer: Scorer | None,
    policy: Policy,
    rows: Sequence[Features],
    circumstances: LeadState | None = None,
    *,
    explained: bool = True,
) -> list[LeadScore]:
    """The judgement of each row of `lead_features`, in the same order; without reasons and ledger unless `explained`.

    Exact reasons cost some twenty times what the score costs, so callers that need no reasons should not ask for them.
    """
    state = circumstances or LeadState()
    scored = [PartialScore()] * len(rows)
    if state.facts is not None and policy.points.rules:
        scored = _points_scores(policy, state.facts, explained=explained)
    if scorer is not None:
        scored = _model_scores(scorer, policy, rows, scored, explained=explained)
    version = None if scorer is None else scorer.version
    return [
        _lead_score(policy, row, partial, state, place, version)
        for place, (row, partial) in enumerate(_pairs(rows, scored))
    ]


def language_of(row: Features, policy: Policy) -> Language:
    """The language a seller reads of this lead: the lead's own if the policy speaks it, else the policy's first."""
    return next((spoken for spoken in policy.languages if spoken == row.get("language")), policy.languages[0])


def _pairs(rows: Sequence[Features], scored: Sequence[PartialScore]) -> list[tuple[Features, PartialScore]]:
    return list(zip(rows, scored, strict=True))


def _points_scores(policy: Policy, facts: LeadFacts, *, explained: bool) -> list[PartialScore]:
    totals = compute_points(policy, facts, ledger=explained)
    ledger = totals.ledger
    return [
        PartialScore(rating=rating, ledger=ledger.entries(place) if ledger else ())
        for place, rating in enumerate(rate_leads(policy, facts, totals))
    ]


def _model_scores(
    scorer: Scorer, policy: Policy, rows: Sequence[Features], scored: Sequence[PartialScore], *, explained: bool
) -> list[PartialScore]:
    inputs = scorer.encode(rows)
    predicted = scorer.predict(inputs)
    reasons = _reasons(scorer, policy, rows, inputs) if explained else [()] * len(rows)
    numbers = zip(predicted.probability.tolist(), predicted.predictive_score.tolist(), strict=True)
    return [
        replace(partial, probability=probability, predictive_score=score, segment=segment, reasons=because)
        for partial, (probability, score), segment, because in zip(
            scored, numbers, predicted.segments, reasons, strict=True
        )
    ]


def _lead_score(
    policy: Policy, row: Features, partial: PartialScore, state: LeadState, place: int, model_version: str | None
) -> LeadScore:
    language, region, status, rating = language_of(row, policy), row.get("region"), state.status(place), partial.rating
    product_decision = decide(partial.predictive_score, policy, rating, hot=state.hot, language=language, region=region)
    override = state.override(place)
    decision = overruled(product_decision, override, policy)
    stage = stage_of(
        policy,
        is_known=row.get("created_at") is not None,
        cluster=decision.cluster,
        rating=rating,
        status=status.status,
        outcome=status.outcome,
    )
    by_rules = partial.predictive_score is None or product_decision.cluster == DISQUALIFIED
    reasons = rule_reasons(partial.ledger, policy, language) if by_rules else partial.reasons
    return LeadScore(
        probability=partial.probability,
        predictive_score=partial.predictive_score,
        score_cluster=decision.cluster,
        recommended_action=decision.action,
        reasons=reasons if override is None else (override.as_reason(policy, language), *reasons),
        basis=_basis(partial, model_version),
        has_web_behaviour=bool(row.get("has_web_behaviour")),
        language=language,
        model_version=model_version,
        policy_version=policy.version,
        stage=stage or None,
        hot_threshold=decision.hot_threshold,
        decided_by=decision.decided_by,
        segment=partial.segment,
        ledger=partial.ledger,
        **_rating_columns(rating),
    )


def _basis(partial: PartialScore, model_version: str | None) -> Basis:
    if model_version is not None:
        return MODEL
    return NO_CHAMPION if partial.rating is None else POINTS


def _rating_columns(rating: LeadRating | None) -> dict[str, Any]:
    """A rating under the names of the table `scores`."""
    if rating is None:
        return {}
    return {
        "fit": rating.fit,
        "interest": rating.interest,
        "points": rating.points,
        "grade": rating.grade,
        "level": rating.level,
        "matrix_cell": rating.matrix_cell,
        "icp": rating.icp,
        "tier": rating.tier,
        "traffic_light": rating.traffic_light,
        "phase": rating.phase,
    }


def _reasons(scorer: Scorer, policy: Policy, rows: Sequence[Features], inputs: Inputs) -> Sequence[tuple[Reason, ...]]:
    contributed = by_group(scorer.contributions(inputs)[:, :-1], [feature.group for feature in scorer.features])
    pairs = zip(rows, contributed, strict=True)
    return [top_reasons(contributions, row, policy, language_of(row, policy)) for row, contributions in pairs]
