"""Intervals by the bootstrap: leads are drawn, not rows, because landmarks of one lead share its fate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadwerk.stats.arrays import Bools, Floats, Index

REPLICATES = 200
FEWER_REPLICATES, MANY = 100, 10_000
"""Of many rows fewer draws suffice: their interval is narrow, and so is the error of its ends."""

COVERAGE = 0.90
CELLS = 4_000_000
"""Weights held at a time (32 MB)."""

Metric = Callable[[Bools, Floats, Floats | None], Any]


@dataclass(frozen=True)
class Estimate:
    """A value and the interval that holds the truth in 90 % of samples."""

    value: float
    low: float
    high: float


def resample(lead: Index, *, seed: int, replicates: int = REPLICATES) -> Iterator[Floats]:
    """Weights (b, n) in chunks, `replicates` rows in all: how often each row's lead was drawn with replacement.

    Efron 1979; clustered as in Field and Welsh 2007, Bootstrapping clustered data.

    >>> draws = np.vstack(list(resample(np.array([0, 0, 1]), seed=1, replicates=3)))
    >>> draws.shape, bool((draws[:, 0] == draws[:, 1]).all()), (draws[:, 0] + draws[:, 2]).tolist()
    ((3, 3), True, [2.0, 2.0, 2.0])
    """
    # Landmarks of one lead share its outcome: drawing rows would count that outcome several times, and intervals would
    # come out too narrow.
    leads, position = np.unique(lead, return_inverse=True)
    rng = np.random.default_rng(seed)
    # A million rows times 200 replicates would take gigabytes at once; chunks bound memory and give the same draws.
    chunk = max(1, CELLS // max(1, len(lead)))
    for first in range(0, replicates, chunk):
        size = (min(chunk, replicates - first), len(leads))
        # Each replicate has its own range of numbers, so one bincount over all of them counts every replicate at once.
        drawn = rng.integers(0, len(leads), size) + np.arange(size[0])[:, None] * len(leads)
        times = np.bincount(drawn.ravel(), minlength=size[0] * size[1]).reshape(size)
        yield times[:, position].astype(np.float64)


def estimate(
    metrics: dict[str, Metric], converted: Bools, probability: Floats, lead: Index, *, seed: int
) -> dict[str, Estimate]:
    """Each metric with its percentile interval, all on the same draws."""
    # All metrics see the same draws: differences between them are then the metrics', not the sampling's.
    draws: dict[str, list[Floats]] = {name: [] for name in metrics}
    replicates = REPLICATES if len(lead) < MANY else FEWER_REPLICATES
    for weights in resample(lead, seed=seed, replicates=replicates):
        for name, metric in metrics.items():
            draws[name].append(metric(converted, probability, weights))
    return {
        name: Estimate(float(metric(converted, probability, None)), *interval(np.concatenate(draws[name])))
        for name, metric in metrics.items()
    }


def paired_difference(a: Floats, b: Floats, lead: Index, *, seed: int) -> tuple[float, float]:
    """Mean of a − b over rows, and its standard error with leads drawn.

    >>> mean, error = paired_difference(np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.array([0, 1]), seed=1)
    >>> mean, error > 0
    (1.0, True)
    """
    difference = a - b
    draws = np.concatenate([(w @ difference) / w.sum(-1) for w in resample(lead, seed=seed)])
    return float(difference.mean()), float(draws.std(ddof=1))


def interval(draws: Floats, coverage: float = COVERAGE) -> tuple[float, float]:
    """The percentile interval, without draws in which the metric was undefined.

    >>> interval(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    # A draw without a converted lead has no AUC; counting it as zero would widen the interval for no reason.
    defined = draws[np.isfinite(draws)]
    if not len(defined):
        return float("nan"), float("nan")
    tail = (1 - coverage) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)
