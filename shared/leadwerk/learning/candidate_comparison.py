"""Candidates, points and the present champion on one test part: who wins, who stands down, how good each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadwerk.learning.champion_check import behind_points
from leadwerk.learning.evaluate import Evaluation, evaluate
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.level import LeveledForecast, leveled_forecast
from leadwerk.learning.model import ModelKind
from leadwerk.learning.points_baseline import PointsBaseline, blended, points_alone
from leadwerk.learning.promotion_gate import (
    Z_BY_HAND,
    GateDecision,
    GateEvidence,
    Incumbent,
    JudgedCandidate,
    JudgedRows,
    decide,
)
from leadwerk.learning.split import Split
from leadwerk.stats.arrays import Floats
from leadwerk.stats.log_odds import logit
from leadwerk.stats.within_time import time_blocks

Predict = Callable[[Any], Floats]


@dataclass(frozen=True)
class ChampionForecast:
    """The present champion: how it predicts from columns, and the last moment of its training landmarks."""

    version: str
    predict: Predict
    last_as_of: np.datetime64


@dataclass(frozen=True)
class Challenger:
    """What stands for promotion: its kind, calibrated log-odds of the test rows (n,), and evidence of its order."""

    kind: ModelKind
    log_odds: Floats
    evidence: GateEvidence


@dataclass(frozen=True)
class ComparisonSetup:
    """What takes part beside the challenger, on `landmarks` split into training and test.

    `hot_score` is the predictive score from which a lead is HOT; `rules` are what the policy's points say of the
    landmarks, `champion`: the serving model, or None. `z_needed`: see the promotion gate.
    """

    landmarks: Landmarks
    split: Split
    horizon_days: int
    hot_score: float
    seed: int
    champion: ChampionForecast | None = None
    rules: PointsBaseline | None = None
    z_needed: float = Z_BY_HAND


@dataclass(frozen=True)
class ComparisonResult:
    """The gate's decision, why the champion should step back without a successor, and all evaluations."""

    decision: GateDecision
    stands_down: str
    evaluations: dict[str, Evaluation]


def compare(setup: ComparisonSetup, challenger: Challenger, probabilities: dict[str, Floats]) -> ComparisonResult:
    """Judge the challenger; `probabilities` are (n,) test probabilities that are evaluated beside it, by name.

    All get the level that was known then, so that what differs is the model.
    """
    test, seed = setup.landmarks.take(setup.split.test), setup.seed
    train = setup.landmarks.take(setup.split.train)
    rate, days = train.base_rate, setup.horizon_days
    # Levels drift with the market: all candidates are levelled alike before they are compared.
    forecast = _leveled(challenger.log_odds, test, rate, days)
    incumbent = _incumbent(setup.champion, test, rate, days)
    of_test, points = None, None
    if setup.rules is not None:
        of_test = setup.rules.take(setup.split.test)
        fair = train.representative_index(seed)
        points = points_alone(setup.rules.take(setup.split.train[fair]), train.converted[fair], of_test)
    blocks = time_blocks(test.as_of, test.converted_leads)
    ranks = None if of_test is None else of_test.ranks()
    rows = JudgedRows(test.converted, test.lead, blocks, forecast.rate, ranks)
    candidate = JudgedCandidate(challenger.kind, forecast.probability, challenger.evidence)
    decision = decide(rows, candidate, incumbent, z_needed=setup.z_needed, seed=seed)
    # A champion that is replaced anyway need not step back as well.
    rivals = None if decision.promote else of_test
    stands_down = behind_points(test.converted, test.lead, incumbent, rivals, seed=seed)

    base_rate = setup.landmarks.base_rate
    threshold = probability_at(setup.hot_score, base_rate)
    rivals_leveled = {name: _leveled(logit(p), test, rate, days).probability for name, p in probabilities.items()}
    forecasts = {"challenger": forecast.probability, **rivals_leveled}
    evaluations = {name: _evaluated(test, p, threshold, seed) for name, p in forecasts.items()}
    evaluations |= _champion_evaluation(incumbent, test, threshold, seed)
    if of_test is not None and points is not None:
        together = blended(of_test, forecast.probability, base_rate, hot_score=setup.hot_score)
        for name, rival in (("points", points), ("both", together)):
            evaluations[name] = _evaluated(test, rival.probability, rival.threshold, seed)
    return ComparisonResult(decision, stands_down, evaluations)


def _leveled(log_odds: Floats, test: Landmarks, rate: float, horizon_days: int) -> LeveledForecast:
    return leveled_forecast(log_odds, test.converted, test.as_of, test.lead, horizon_days=horizon_days, rate=rate)


def probability_at(score: float, base_rate: float) -> float:
    """The probability whose predictive score is `score`: the inverse of `predictive_score`.

    >>> round(probability_at(85, 0.03), 3)
    0.149
    """
    odds = score / (100 - score) * base_rate / (1 - base_rate) if score < 100 else float("inf")
    return 1.0 if odds == float("inf") else odds / (1 + odds)


def _incumbent(champion: ChampionForecast | None, test: Landmarks, rate: float, horizon_days: int) -> Incumbent | None:
    """The champion with the level known then, as the challenger has it."""
    if champion is None:
        return None
    forecast = _leveled(logit(champion.predict(test.columns)), test, rate, horizon_days)
    return Incumbent(champion.version, forecast.probability, test.as_of > champion.last_as_of)


def _evaluated(test: Landmarks, probability: Floats, threshold: float, seed: int) -> Evaluation:
    return evaluate(test.converted, probability, test.lead, threshold=threshold, seed=seed)


def _champion_evaluation(
    incumbent: Incumbent | None, test: Landmarks, threshold: float, seed: int
) -> dict[str, Evaluation]:
    """The champion on the landmarks that are new to it; nothing where these have one outcome only."""
    rows = np.flatnonzero([] if incumbent is None else incumbent.unseen)
    if incumbent is None or not 0 < test.converted[rows].sum() < len(rows):
        return {}
    return {"champion": _evaluated(test.take(rows), incumbent.probability[rows], threshold, seed)}
