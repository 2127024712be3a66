"""How good a model is, against a truth that only a simulation knows: in expectation, without the luck of outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from leadwerk import market
from leadwerk.pipeline.leads.features import features_statement, training_parameters
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse

if TYPE_CHECKING:
    from leadwerk.scoring.model import Scorer

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Open leads at landmarks of their age that no model has learned from: features, true chances (n,), ids.

    `period` is the first and the last day (UTC).
    """

    features: Mapping[str, Any]
    chance: Floats
    lead_ids: tuple[str, ...]
    at_creation: npt.NDArray[np.bool_]
    period: tuple[date, date]


@dataclass(frozen=True)
class Quality:
    """A model against the truth; `best` is the AUC of the true chances themselves."""

    auc: float
    best: float
    ece: float
    lift_at_10: float


def unseen(home: Path, warehouse: Warehouse, policy: Policy, *, since: datetime, now: datetime) -> Moments:
    """All landmarks in [since, now] of leads that were open then."""
    frame = warehouse.frame(features_statement(policy), training_parameters(policy, since, now - timedelta(minutes=1)))
    as_of = [moment.to_pydatetime() for moment in frame["as_of"]]
    chance = market.true_probability(home, list(frame["lead_id"]), as_of, policy.horizon_days)
    kept = frame[~np.isnan(chance)]
    return Moments(
        features={name: kept[name] for name in kept.columns},
        chance=chance[~np.isnan(chance)],
        lead_ids=tuple(kept["lead_id"]),
        period=(kept["as_of"].min().date(), kept["as_of"].max().date()),
        at_creation=(kept["as_of"] == kept["created_at"]).to_numpy(),
    )


def quality(scorer: Scorer, moments: Moments) -> Quality:
    """A model's quality on these moments."""
    probability = probabilities(scorer, moments)
    return Quality(
        auc=expected_auc(probability, moments.chance),
        best=expected_auc(moments.chance, moments.chance),
        ece=calibration_error(probability, moments.chance),
        lift_at_10=expected_lift(probability, moments.chance),
    )


def probabilities(scorer: Scorer, moments: Moments) -> Floats:
    """The model's calibrated probabilities, (n,)."""
    return scorer.predict(scorer.encode_columns(moments.features)).probability


def expected_auc(score: Floats, chance: Floats) -> float:
    """Share of pairs ranked right, a pair weighted by the chance that its one converts and its other does not
    (Mann & Whitney 1947, with the expectation taken over outcomes).

    >>> expected_auc(np.array([1.0, 2.0]), np.array([0.0, 1.0])), expected_auc(np.ones(2), np.array([0.2, 0.4]))
    (1.0, 0.5)
    """
    levels, level = np.unique(score, return_inverse=True)
    won = np.bincount(level, chance, minlength=len(levels))
    lost = np.bincount(level, 1 - chance, minlength=len(levels))
    below = np.cumsum(lost) - lost
    return float((won * (below + lost / 2)).sum() / (won.sum() * lost.sum()))


def calibration_error(probability: Floats, chance: Floats, bins: int = 10) -> float:
    """Mean distance of predicted and true chance over tenths by prediction (Naeini et al. 2015, AAAI, with the true
    chance in place of the observed share).

    >>> calibration_error(np.array([0.1, 0.3]), np.array([0.2, 0.3]), bins=2)
    0.05
    """
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    gaps = [abs(probability[part].mean() - chance[part].mean()) * len(part) for part in parts if len(part)]
    return round(float(sum(gaps) / len(chance)), 12)


def expected_lift(score: Floats, chance: Floats, share: float = 0.1) -> float:
    """How many times more often the best `share` converts than all, in expectation.

    >>> expected_lift(np.arange(10.0), np.array([0.0] * 9 + [0.5]))
    10.0
    """
    best = np.argsort(-score, kind="stable")[: max(1, round(share * len(score)))]
    return float(chance[best].mean() / chance.mean())
