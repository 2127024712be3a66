"""Noise: sets of leads whose fields say nothing of the outcome, trained on as by hand; how many promote a model.

The sets differ in size and in conversion rate; half of them have a rate that moves in time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from benchmarks.figure import Figure
from leadwerk.features.contract import Feature
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.train import TrainingResult, train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.policy.model import Training

SETS = int(os.environ.get("NULL_SETS", "200"))
SIZES = (500, 1_000, 2_000)
RATES = (0.05, 0.1, 0.3)
FEATURES = (
    *(Feature(f"number_{place}", "number", f"number {place}") for place in range(6)),
    Feature("source", "category", "source"),
    Feature("country", "category", "country"),
)
START = np.datetime64("2026-01-01T00:00:00", "us")


def run() -> Iterator[Figure]:
    """Share of the sets that promoted a model."""
    promoted = [_promotes(seed) for seed in range(SETS)]
    yield Figure.of(
        f"models promoted on {SETS} sets without signal", [100 * float(np.mean(promoted))], unit="%", target="≤ 5"
    )


def noise(seed: int) -> Landmarks:
    """Leads of one set: fields and outcomes are drawn apart from each other."""
    random = np.random.default_rng(seed)
    rows, rate = SIZES[seed % len(SIZES)], RATES[seed // len(SIZES) % len(RATES)]
    rates = rate * np.linspace(0.5, 1.5, rows) if seed % 2 else np.full(rows, rate)
    numbers = {feature.name: random.normal(size=rows) for feature in FEATURES if feature.kind == "number"}
    categories = {
        "source": np.array(["web", "fair", "call", "partner"], dtype=object)[random.integers(0, 4, rows)],
        "country": np.array(["CH", "DE", "AT"], dtype=object)[random.integers(0, 3, rows)],
    }
    as_of = START + np.arange(rows) * np.timedelta64(1, "h")
    return Landmarks({**numbers, **categories}, np.arange(rows), as_of, random.random(rows) < rates)


def _promotes(seed: int) -> bool:
    setup = TrainingSetup(FEATURES, Training(seed=seed), horizon_days=1, hot_score=70)
    result = train_model(noise(seed), setup)
    return isinstance(result, TrainingResult) and result.decision.promote
