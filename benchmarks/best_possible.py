"""How near the product's ranking comes to the best that there can be, by the number of past leads.

A simulated market of so many leads is learned from as `leadwerk retrain` does, on what was observable at creation;
5,000 leads of another market are ranked. Their true chances give both areas without the luck of outcomes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.drift import HORIZON, features, landmarks, simulated_leads
from benchmarks.figure import Figure

SEEDS_BY_LEADS = {300: 10, 3_000: 10, 50_000: 1}
TARGETS = {300: "points or regression", 3_000: "≥ 95", 50_000: "≥ 98"}
UNSEEN_LEADS, OTHER_MARKET = 5_000, 1_000
CHOSEN = os.environ.get("BEST_POSSIBLE_LEADS", "")


def run() -> Iterable[Figure]:
    """The share of the best area, and how many markets promoted a model."""
    for leads, seeds in SEEDS_BY_LEADS.items():
        if CHOSEN and str(leads) not in CHOSEN.split(","):
            continue
        results = [share_of_best(leads, seed) for seed in range(1, seeds + 1)]
        shares = [100 * share for share, _ in results if share is not None]
        served = [kind for _, kind in results if kind is not None]
        kinds = ", ".join(f"{kind} {served.count(kind)}" for kind in sorted(set(served))) or "none"
        yield Figure.of(
            f"best possible AUC: {leads:,} leads, {seeds} markets; promoted: {kinds}",
            shares or [float("nan")],
            unit="%",
            target=TARGETS[leads],
        )


def share_of_best(leads: int, seed: int) -> tuple[float | None, str | None]:
    """The ranking's area by the best one's, None without a fit; and the kind that was promoted, None if points stay."""
    from leadwerk.learning.train import TrainingResult, train_model
    from leadwerk.learning.training_setup import TrainingSetup
    from leadwerk.policy.model import Training
    from leadwerk.stats import metrics

    rows: Any = landmarks(simulated_leads(seed, shock_day=None, count=leads), np.arange(leads))
    setup = TrainingSetup(features(), Training(), horizon_days=HORIZON, hot_score=85)
    result = train_model(rows, setup)
    if not isinstance(result, TrainingResult):
        return None, None
    unseen = simulated_leads(OTHER_MARKET + seed, shock_day=None, count=UNSEEN_LEADS)
    best = metrics.auc(unseen.chance, unseen.chance)
    share = float(metrics.auc(unseen.chance, result.model.probability(unseen.columns)) / best)
    return share, result.decision.kind if result.decision.promote else None
