"""What the shared encoder costs: encode and predict of a million rows against XGBoost's prediction alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import xgboost as xgb

from benchmarks.figure import Figure
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder

ROWS = 1_000_000
NUMBERS = 40
PAIRS = 5
TARGET = "≤ 1.15"


def run() -> Iterable[Figure]:
    """Paired runs in alternating order: the same matrix is predicted bare, and encoded from columns first."""
    columns, features = _columns()
    encoder = Encoder.fit(columns, features)
    matrix = encoder.matrix(columns)
    booster = _booster(matrix)
    bare: list[float] = []
    whole: list[float] = []
    for pair in range(PAIRS + 1):  # the first pair warms up
        runs: list[tuple[list[float], Callable[[], Any]]] = [
            (bare, lambda: booster.inplace_predict(matrix)),
            (whole, lambda: booster.inplace_predict(encoder.matrix(columns))),
        ]
        for times, predict in runs if pair % 2 else reversed(runs):
            times.append(_seconds(predict))
    ratios = [b / a for a, b in zip(bare[1:], whole[1:], strict=True)]
    yield Figure.of("encode + predict 1e6 × 40, against bare inplace_predict", ratios, unit="×", target=TARGET)
    yield Figure.of("bare inplace_predict 1e6 × 40", bare[1:], unit="s")


def _columns() -> tuple[dict[str, Any], list[Feature]]:
    random = np.random.default_rng(1)
    names = [f"x{k}" for k in range(NUMBERS)]
    columns = {name: random.normal(size=ROWS) for name in names}
    for name in names[::4]:
        columns[name][random.random(ROWS) < 0.3] = np.nan
    return columns, [Feature(name, "number", name) for name in names]


def _booster(matrix: Any) -> xgb.Booster:
    sample = matrix[:50_000]
    label = np.nan_to_num(sample[:, :8]).sum(axis=1) > 1
    parameters = {"objective": "binary:logistic", "max_depth": 6, "eta": 0.05, "nthread": 2}
    return xgb.train(parameters, xgb.QuantileDMatrix(sample, label), 100)


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
