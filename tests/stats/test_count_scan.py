"""Count scan: quiet series stay quiet at the stated rate, and a stop or a wave is found within days."""

from __future__ import annotations

import numpy as np
import pytest

from leadwerk.stats.arrays import Floats
from leadwerk.stats.count_scan import anomaly_limit, scan_counts

WEEK = np.array([1.3, 1.2, 1.1, 1.1, 1.0, 0.6, 0.7])
LIMIT = anomaly_limit(8, 0.05)


def series(mean: float, days: int, seed: int) -> Floats:
    return np.random.default_rng(seed).poisson(mean * WEEK[np.arange(days) % 7]).astype(np.float64)


def days_to_alarm(before: float, after: float, seed: int) -> int:
    """Days after the change until the scan is beyond the limit; 31 if it never is."""
    counts = np.append(series(before, 70, seed), series(after, 30, seed + 100))
    alarms = (
        day for day in range(1, 31) if (scan := scan_counts(counts[: 70 + day])) is not None and abs(scan.z) >= LIMIT
    )
    return next(alarms, 31)


@pytest.mark.parametrize("mean", [0.5, 3.0, 30.0, 300.0])
def test_a_quiet_series_raises_no_alarm(mean: float) -> None:
    counts = series(mean, 130, seed=4)
    largest = max(abs(scan.z) for end in range(70, 130, 2) if (scan := scan_counts(counts[:end])) is not None)
    assert largest < LIMIT


@pytest.mark.parametrize(("before", "after", "most_days"), [(10, 0, 3), (1, 0, 14), (10, 30, 4), (30, 9, 4)])
def test_a_stop_and_a_wave_are_found_within_days(before: float, after: float, most_days: int) -> None:
    delays = [days_to_alarm(before, after, seed) for seed in range(5)]
    assert np.median(delays) <= most_days


def test_sundays_are_as_quiet_as_sundays_are() -> None:
    office = np.tile([40.0, 40, 40, 40, 40, 0, 0], 10)
    weekend = scan_counts(office)
    monday_without = scan_counts(np.append(office, 0.0))
    assert weekend is not None
    assert abs(weekend.z) < 2
    assert monday_without is not None
    assert monday_without.z < -LIMIT


def test_a_past_wave_does_not_make_the_usual_look_low() -> None:
    counts = series(10, 80, seed=1)
    counts[40:44] *= 30
    scan = scan_counts(counts)
    assert scan is not None
    assert abs(scan.z) < LIMIT


def test_a_growth_within_the_dead_zone_is_no_anomaly_however_many_there_are() -> None:
    counts = np.append(series(50_000, 70, seed=1), 1.2 * series(50_000, 7, seed=2))
    scan = scan_counts(counts)
    assert scan is not None
    assert scan.z == 0


def test_only_the_directions_asked_for_count() -> None:
    stopped = np.append(series(10, 70, seed=1), np.zeros(7))
    fewer, more = scan_counts(stopped, (-1,)), scan_counts(stopped, (1,))
    assert fewer is not None
    assert fewer.z < -LIMIT
    assert more is not None
    assert more.z == 0


def test_a_short_history_says_nothing() -> None:
    assert scan_counts(np.ones(20)) is None
