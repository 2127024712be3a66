"""How good a model is, against a truth that only a simulation knows: by true chances, without the luck of outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leadwerk import simulation
from leadwerk.cli.demo.results import DemoSavings
from leadwerk.pipeline.leads.features import features_statement, training_parameters
from leadwerk.policy.model import Policy
from leadwerk.report.report_data import CallingComparison, TruthComparison, WhichModel
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats
from leadwerk.warehouse.protocol import Warehouse

if TYPE_CHECKING:
    from leadwerk.scoring.model import Scorer


@dataclass(frozen=True)
class UnseenLandmarks:
    """Open leads at landmarks of their age that no model has learned from: features, true chances (n,), ids.

    `period` is the first and the last day (UTC).
    """

    features: Mapping[str, Any]
    chance: Floats
    lead_ids: tuple[str, ...]
    at_creation: Bools
    period: tuple[date, date]


@dataclass(frozen=True)
class QualityAgainstTruth:
    """A model against the truth; `best` is the AUC of the true chances themselves."""

    auc: float
    best: float
    ece: float
    lift_at_10: float


def unseen(home: Path, warehouse: Warehouse, policy: Policy, *, since: datetime, now: datetime) -> UnseenLandmarks:
    """All landmarks in [since, now] of leads that were open then."""
    frame = warehouse.frame(features_statement(policy), training_parameters(policy, since, now - timedelta(minutes=1)))
    as_of = [moment.to_pydatetime() for moment in frame.as_of]
    chance = simulation.true_probability(home, list(frame.lead_id), as_of, policy.horizon_days)
    # Closed leads have no chance left: no model is asked about them.
    open_rows = frame[~np.isnan(chance)]
    return UnseenLandmarks(
        features={str(name): column for name, column in open_rows.items()},
        chance=chance[~np.isnan(chance)],
        lead_ids=tuple(open_rows.lead_id),
        period=(open_rows.as_of.min().date(), open_rows.as_of.max().date()),
        at_creation=(open_rows.as_of == open_rows.created_at).to_numpy(),
    )


def quality(scorer: Scorer, moments: UnseenLandmarks) -> QualityAgainstTruth:
    """A model's quality on these moments."""
    probability = probabilities(scorer, moments)
    return QualityAgainstTruth(
        auc=metrics.auc(moments.chance, probability),
        best=metrics.auc(moments.chance, moments.chance),
        ece=metrics.calibration_error(moments.chance, probability),
        lift_at_10=metrics.lift(moments.chance, probability),
    )


def probabilities(scorer: Scorer, moments: UnseenLandmarks) -> Floats:
    """The model's calibrated probabilities, (n,)."""
    return scorer.predict(scorer.encode_columns(moments.features)).probability


def against(model: WhichModel, quality: QualityAgainstTruth, moments: UnseenLandmarks) -> TruthComparison:
    """The row of the report that sets a model against the truth."""
    first, last = moments.period
    return TruthComparison(
        model, first, last, len(moments.chance), quality.auc, quality.best, quality.ece, lift_at_10=quality.lift_at_10
    )


def calling(saved: DemoSavings | None) -> CallingComparison | None:
    """The row of the report about calls by score; None without any success."""
    if saved is None or not saved.calls_per_success or not saved.calls_per_success_by_score:
        return None
    before, after = saved.calls_per_success, saved.calls_per_success_by_score
    return CallingComparison(saved.leads, before, after, saved.cost_saved or 0.0)
