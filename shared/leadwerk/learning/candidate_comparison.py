"""Candidates, points and the present champion on one test part: who wins, who stands down, how good each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadwerk.learning.champion_check import behind_points
from leadwerk.learning.evaluate import Evaluation, evaluate
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.model import ModelKind
from leadwerk.learning.points_baseline import PointsBaseline, blended, points_alone
from leadwerk.learning.promotion_gate import GateDecision, Incumbent, decide
from leadwerk.learning.split import Split
from leadwerk.stats.arrays import Floats

Predict = Callable[[Any], Floats]


@dataclass(frozen=True)
class ChampionForecast:
    """The present champion: how it predicts from columns, and the last moment of its training landmarks."""

    version: str
    predict: Predict
    last_as_of: np.datetime64


@dataclass(frozen=True)
class ComparisonSetup:
    """What takes part beside the candidates, on `landmarks` split into training and test.

    `hot_score` is the predictive score from which a lead is HOT; `rules` are what the policy's points say of the
    landmarks, `champion`: the serving model, or None.
    """

    landmarks: Landmarks
    split: Split
    hot_score: float
    seed: int
    champion: ChampionForecast | None = None
    rules: PointsBaseline | None = None


@dataclass(frozen=True)
class ComparisonResult:
    """The gate's decision, why the champion should step back without a successor, and all evaluations."""

    decision: GateDecision
    stands_down: str
    evaluations: dict[str, Evaluation]


def compare(
    contest: ComparisonSetup, candidates: dict[ModelKind, Floats], general: Floats | None = None
) -> ComparisonResult:
    """Judge the candidates' (n,) test probabilities.

    `general` are those of the best kind without its models of segments, None where no segment has one.
    """
    test, seed = contest.landmarks.take(contest.split.test), contest.seed
    incumbent = _incumbent(contest.champion, test)
    of_test, points = None, None
    if contest.rules is not None:
        train = contest.split.train
        of_test = contest.rules.take(contest.split.test)
        points = points_alone(contest.rules.take(train), contest.landmarks.take(train).converted, of_test)
    alone = None if points is None else points.probability
    decision = decide(test.converted, test.lead, candidates, incumbent, points=alone, seed=seed)
    rivals = None if decision.promote else of_test
    stands_down = behind_points(test.converted, test.lead, incumbent, rivals, seed=seed)

    base_rate = contest.landmarks.base_rate
    threshold = probability_at(contest.hot_score, base_rate)
    forecasts = {"challenger" if kind == decision.kind else str(kind): p for kind, p in candidates.items()}
    evaluations = {name: _evaluated(test, p, threshold, seed) for name, p in forecasts.items()}
    evaluations |= _champion_evaluation(incumbent, test, threshold, seed)
    if general is not None:
        evaluations["general"] = _evaluated(test, general, threshold, seed)
    if of_test is not None and points is not None:
        together = blended(of_test, candidates[decision.kind], base_rate, hot_score=contest.hot_score)
        for name, forecast in (("points", points), ("both", together)):
            evaluations[name] = _evaluated(test, forecast.probability, forecast.threshold, seed)
    return ComparisonResult(decision, stands_down, evaluations)


def probability_at(score: float, base_rate: float) -> float:
    """The probability whose predictive score is `score`: the inverse of `predictive_score`.

    >>> round(probability_at(85, 0.03), 3)
    0.149
    """
    odds = score / (100 - score) * base_rate / (1 - base_rate) if score < 100 else float("inf")
    return 1.0 if odds == float("inf") else odds / (1 + odds)


def _incumbent(champion: ChampionForecast | None, test: Landmarks) -> Incumbent | None:
    if champion is None:
        return None
    return Incumbent(champion.version, champion.predict(test.columns), test.as_of > champion.last_as_of)


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
