"""Anomalies of daily counts: false alarms on quiet markets, and days until a stop or a wave is found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.figure import Figure
from leadwerk.stats.arrays import Floats
from leadwerk.stats.count_scan import WATCH_NIGHTS, WEEKS, anomaly_limit, scan_counts

WEEKDAYS = np.array([1.3, 1.2, 1.1, 1.1, 1.0, 0.6, 0.7])
MEANS = (0.2, 0.5, 1.0, 3.0, 10.0, 30.0, 100.0, 600.0)
"""Events a day of the series of a market."""

CHANGES = ((10.0, 0.0), (3.0, 0.0), (1.0, 0.0), (30.0, 12.0), (10.0, 25.0), (5.0, 90.0))
"""Events a day before and after."""

HISTORY = WEEKS * 7 + 14
MARKETS, MOST_DAYS = 40, 30
LIMIT = anomaly_limit(len(MEANS), 0.05)


def counts(random: np.random.Generator, mean: float, days: int, overdispersion: float) -> Floats:
    """Poisson counts by weekday, whose mean varies from day to day with this squared coefficient of variation."""
    means = mean * WEEKDAYS[np.arange(days) % 7]
    if overdispersion:
        means = means * random.gamma(1 / overdispersion, overdispersion, days)
    return random.poisson(means).astype(np.float64)


def is_alarm(series: Floats) -> bool:
    scan = scan_counts(series)
    return scan is not None and abs(scan.z) >= LIMIT


def alarms_falsely(seed: int, overdispersion: float) -> bool:
    """Whether any series of a quiet market alarms in any of 90 nights."""
    random = np.random.default_rng(1000 + seed)
    market = [counts(random, mean, HISTORY + WATCH_NIGHTS, overdispersion) for mean in MEANS]
    return any(is_alarm(series[night : night + HISTORY]) for series in market for night in range(WATCH_NIGHTS))


def days_to_alarm(seed: int, before: float, after: float) -> int:
    """Days after the change; one more than MOST_DAYS where it is not found."""
    random = np.random.default_rng(5000 + seed)
    series = np.append(counts(random, before, HISTORY, 0.0), counts(random, after, MOST_DAYS, 0.0))
    nights = (day for day in range(1, MOST_DAYS + 1) if is_alarm(series[day : HISTORY + day]))
    return next(nights, MOST_DAYS + 1)


def run(markets: int = MARKETS) -> Iterator[Figure]:
    """Quiet markets of eight series, then changes of one series."""
    for overdispersion in (0.0, 0.2):
        alarms = [float(alarms_falsely(seed, overdispersion)) for seed in range(markets)]
        name = f"quiet markets with a false alarm in 90 nights, overdispersion {overdispersion:g}"
        yield Figure(name, float(np.mean(alarms)), "", "≤ 0.05", markets, (min(alarms), max(alarms)))
    for before, after in CHANGES:
        days = [float(days_to_alarm(seed, before, after)) for seed in range(markets)]
        yield Figure.of(f"days to the alarm, {before:g} a day to {after:g}", days, unit="d")
