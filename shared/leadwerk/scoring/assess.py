"""Leads' features in, judged leads out: score, decision and reasons together, or the honest absence of a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.policy.section import Language
from leadwerk.scoring.decide import decide
from leadwerk.scoring.explain import by_group
from leadwerk.scoring.model import Matrix, Scorer
from leadwerk.scoring.reasons import Reason, top_reasons

Features = Mapping[str, Any]
Basis = Literal["model", "no_champion"]

MODEL: Final = "model"
NO_CHAMPION: Final = "no_champion"


class Judgement(Struct, frozen=True, kw_only=True):
    """What the product says of one lead at one moment; numbers are None where no model could score.

    `probability` is the calibrated chance of conversion within the horizon, `predictive_score` 0–100 with 50 for the
    average lead; `behaviour` says whether web behaviour was known.
    """

    probability: float | None
    predictive_score: int | None
    score_cluster: str
    recommended_action: str
    reasons: tuple[Reason, ...]
    basis: Basis
    behaviour: bool
    language: Language
    model_version: str | None
    policy_version: str


def assess(
    scorer: Scorer | None, policy: Policy, rows: Sequence[Features], *, explained: bool = True
) -> list[Judgement]:
    """The judgement of each row of `lead_features`, in the same order; without reasons unless `explained`.

    Exact reasons cost some twenty times what the score costs, so whoever needs no reasons should not ask for them.
    """
    if scorer is None:
        return [_judged(policy, row) for row in rows]
    matrix = scorer.encode(rows)
    predicted = scorer.predict(matrix)
    reasons = _reasons(scorer, policy, rows, matrix) if explained else [()] * len(rows)
    return [
        _judged(policy, row, (float(p), int(score)), because, scorer.version)
        for row, p, score, because in zip(rows, predicted.probability, predicted.predictive_score, reasons, strict=True)
    ]


def language_of(row: Features, policy: Policy) -> Language:
    """The language a seller reads of this lead: the lead's own if the policy speaks it, else the policy's first."""
    return next((spoken for spoken in policy.languages if spoken == row.get("language")), policy.languages[0])


def _judged(
    policy: Policy,
    row: Features,
    numbers: tuple[float, int] | tuple[None, None] = (None, None),
    reasons: tuple[Reason, ...] = (),
    model_version: str | None = None,
) -> Judgement:
    probability, predictive_score = numbers
    decision = decide(predictive_score, policy)
    return Judgement(
        probability=probability,
        predictive_score=predictive_score,
        score_cluster=decision.cluster,
        recommended_action=decision.action,
        reasons=reasons,
        basis=NO_CHAMPION if model_version is None else MODEL,
        behaviour=bool(row.get("has_behaviour")),
        language=language_of(row, policy),
        model_version=model_version,
        policy_version=policy.version,
    )


def _reasons(scorer: Scorer, policy: Policy, rows: Sequence[Features], matrix: Matrix) -> Sequence[tuple[Reason, ...]]:
    contributed = by_group(scorer.contributions(matrix)[:, :-1], [feature.group for feature in scorer.features])
    pairs = zip(rows, contributed, strict=True)
    return [top_reasons(contributions, row, policy, language_of(row, policy)) for row, contributions in pairs]
