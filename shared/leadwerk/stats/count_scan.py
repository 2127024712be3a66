"""Count scan: whether the newest days of a daily count fit the weeks before, by weekday and robustly.

Windows of the last 1, 3, 7 and 14 days are compared with the weeks before. Under the null the count of a window, given
that of both periods together, is binomial with the share of its weekdays' weights; the statistic is the signed root of
its log-likelihood ratio (Przyborowski and Wilenski 1940, Biometrika 31, for two Poisson counts), divided by the root of
the overdispersion of the weeks before. Days of past anomalies are cut to a robust limit first. A ratio within the dead
zone is no anomaly, however many events there are: growth by a tenth is business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import copysign, log, sqrt
from statistics import NormalDist

import numpy as np

from leadwerk.stats.arrays import Floats, Index

WINDOWS = (1, 3, 7, 14)
"""Days of which the count is compared; long windows find that a rare signal stopped."""

WEEKS = 8
"""Weeks before a window that say what is usual."""

MINIMUM_DAYS = 28
"""Days of history below which a window has no result."""

DEAD_ZONE = 1.3
"""Ratio of a count to the usual one, or of the usual one to it, that is no anomaly."""

WATCH_NIGHTS = 90
"""Nights that the stated probability of a false alarm speaks of."""

DAYS_A_WEEK = 7
_NORMAL_MAD = 1.4826  # of a normal distribution: its standard deviation is so many median absolute deviations
_CUT = 3.0
_WEEKDAY_PRIOR_EVENTS = 5.0


@dataclass(frozen=True)
class CountAnomaly:
    """The most unusual window of a series: `days` up to its last day, with the count and the usual one.

    `z`: signed standard errors beyond the dead zone; positive where there is more than usual.
    """

    z: float
    days: int
    observed: float
    expected: float


def anomaly_limit(series: int, false_alarms: float) -> float:
    """|z| at which one of so many series alarms falsely within 90 nights with at most this probability (Bonferroni).

    >>> round(anomaly_limit(1, 0.05), 2), round(anomaly_limit(20, 0.05), 2)
    (3.81, 4.5)
    """
    return NormalDist().inv_cdf(1 - false_alarms / (2 * max(series, 1) * len(WINDOWS) * WATCH_NIGHTS))


def scan_counts(counts: Floats, directions: Sequence[int] = (-1, 1)) -> CountAnomaly | None:
    """The window of `counts` (n consecutive days up to the one in question) with the largest |z|.

    `directions`: signs that count as an anomaly (-1 fewer, 1 more than usual); any other window has z = 0. None with
    less than MINIMUM_DAYS before every window.

    >>> quiet = np.array([5, 7, 6, 5, 6, 1, 1] * 9, dtype=float)
    >>> abs(scan_counts(quiet).z) < 1
    True
    >>> stopped = scan_counts(np.append(quiet, [0] * 3))
    >>> stopped.z < -4, stopped.days, stopped.observed
    (True, 3, 0.0)
    """
    windows = [_compare(counts, days) for days in WINDOWS if len(counts) - days >= MINIMUM_DAYS]
    counted = [window if copysign(1, window.z) in directions else replace(window, z=0.0) for window in windows]
    return max(counted, key=lambda anomaly: abs(anomaly.z), default=None)


def _compare(counts: Floats, days: int) -> CountAnomaly:
    weekday = np.arange(len(counts)) % DAYS_A_WEEK
    usual = slice(max(len(counts) - days - WEEKS * DAYS_A_WEEK, 0), len(counts) - days)
    weights, dispersion, before = _usual(counts[usual], weekday[usual])
    observed, now_weight = float(counts[-days:].sum()), float(weights[weekday[-days:]].sum())
    usual_count, usual_weight = float(before.sum()), float(weights[weekday[usual]].sum())
    expected = usual_count * now_weight / usual_weight
    # Tested against the near edge of the dead zone: what lies inside of it has no z.
    edge = expected * DEAD_ZONE if observed > expected else expected / DEAD_ZONE
    is_inside = (observed - edge) * (observed - expected) <= 0
    share = now_weight * edge / max(expected, 1e-12) if expected else now_weight
    statistic = 0.0 if is_inside else _binomial_root(observed, usual_count, share / (share + usual_weight))
    return CountAnomaly(round(statistic / sqrt(dispersion), 3), days, observed, expected)


def _usual(counts: Floats, weekday: Index) -> tuple[Floats, float, Floats]:
    """Weight of each weekday (7,), the overdispersion (at least 1), and the counts with outliers cut."""
    trimmed = counts
    # Twice: the first weights are still those of the outliers.
    for _ in range(2):
        sums = np.bincount(weekday, weights=trimmed, minlength=DAYS_A_WEEK)
        days = np.bincount(weekday, minlength=DAYS_A_WEEK)
        mean = float(trimmed.mean())
        if mean == 0:
            return np.ones(DAYS_A_WEEK), 1.0, trimmed
        # Drawn to 1 as by five events: eight Sundays of a rare count say little, those of a frequent one much.
        weights = (sums + _WEEKDAY_PRIOR_EVENTS) / (mean * days + _WEEKDAY_PRIOR_EVENTS)
        scaled = counts / weights[weekday]
        centre = float(np.median(scaled))
        spread = max(_NORMAL_MAD * float(np.median(np.abs(scaled - centre))), sqrt(max(centre, 1.0)))
        trimmed = np.clip(scaled, centre - _CUT * spread, centre + _CUT * spread) * weights[weekday]
    expected = mean * weights[weekday]
    pearson = (trimmed - expected) / np.sqrt(expected)
    freedom = max(len(counts) - DAYS_A_WEEK, 1)
    return weights, max(1.0, float((pearson**2).sum()) / freedom), trimmed


def _binomial_root(now: float, before: float, share: float) -> float:
    """Signed root of twice the log-likelihood ratio of `now` in a total of both against its expected share."""
    total = now + before
    if total == 0:
        return 0.0
    ratio = sum(
        count * log(count / (total * expected)) for count, expected in ((now, share), (before, 1 - share)) if count > 0
    )
    return copysign(sqrt(max(2 * ratio, 0.0)), now - total * share)
