"""Cohort scan: whether leads convert as often as predicted, before their horizon is over.

For the leads created since each day, the conversions so far, O, are compared with those that the predictions
expect by now, E = Σ pᵢ F(ageᵢ), with F the share of conversions that come within an age. The log-likelihood
ratio of a Poisson rate is G = O ln(O / E r) − (O − E r); r, the ratio O / E clipped to 1/1.1 … 1.1, is a dead zone: a
rate within 10 % of the prediction is no alarm. The largest G over all days is the statistic, and its day the date of
the change. Scan statistics: Kulldorff 1997, Communications in Statistics 26; waiting for outcomes: Chapelle 2014.

The limit: a market at the edge of the dead zone exceeds it within 90 days with the stated probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.learning.landmarks import Times
from leadwerk.stats.arrays import Bools, Floats, Index

DEAD_ZONE = 1.1
"""Ratio of conversions to predictions, or of predictions to conversions, that is no alarm."""

LOOK_BACK_DAYS = 90
"""Creation days that are scanned."""

MINIMUM_EXPECTED = 5.0
"""Expected conversions below which a cohort says nothing."""

MINIMUM_WINNERS = 20
"""Conversions from which a delay can be estimated."""

WATCH_DAYS = 90
RUNS = 400
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class PredictedLeads:
    """n leads as they were first scored: when created and scored, with which probability, and when won (NaT: not yet).

    `probability`: of a conversion within the horizon after `scored_at`; NaN where no model scored.
    """

    created_at: Times
    scored_at: Times
    probability: Floats
    converted_at: Times

    def __len__(self) -> int:
        return len(self.created_at)

    def take(self, rows: Index | Bools) -> PredictedLeads:
        """The leads at these positions."""
        return PredictedLeads(
            self.created_at[rows], self.scored_at[rows], self.probability[rows], self.converted_at[rows]
        )


@dataclass(frozen=True)
class ConversionDelay:
    """Days from creation to conversion of past winners, in order."""

    days: Floats

    def converted_by(self, age: Floats) -> Floats:
        """Share of the winners that had converted at this age in days.

        >>> ConversionDelay(np.array([2.0, 4.0])).converted_by(np.array([1.0, 2.0, 9.0])).tolist()
        [0.0, 0.5, 1.0]
        """
        return np.searchsorted(self.days, age, side="right") / max(len(self.days), 1)


def conversion_delay(leads: PredictedLeads, *, horizon_days: int, now: np.datetime64) -> ConversionDelay | None:
    """The delay of leads whose horizon is over; None if too few of them converted."""
    old = leads.take(leads.created_at + horizon_days * DAY <= now)
    days = (old.converted_at - old.created_at) / DAY
    within = days[np.isfinite(days) & (days >= 0) & (days <= horizon_days)]
    return ConversionDelay(np.sort(within)) if len(within) >= MINIMUM_WINNERS else None


@dataclass(frozen=True)
class CohortScan:
    """The largest statistic, its limit, and the cohorts since `change_day` (datetime64[D]) that it belongs to.

    `observed` and `expected`: their conversions so far; `leads`: their number.
    """

    statistic: float
    limit: float
    change_day: np.datetime64
    observed: int
    expected: float
    leads: int

    @property
    def alarms(self) -> bool:
        """Whether conversions differ from predictions by more than the limit."""
        return self.statistic >= self.limit

    @property
    def ratio(self) -> float:
        """Conversions per predicted conversion."""
        return self.observed / self.expected if self.expected else float("nan")


def scan_cohorts(
    leads: PredictedLeads, delay: ConversionDelay, *, horizon_days: int, now: np.datetime64, limit: float
) -> CohortScan | None:
    """Scan the leads that a model scored in the look-back, as of `now`; None if too few conversions are expected."""
    recent = leads.take(
        np.isfinite(leads.probability) & (leads.scored_at <= now) & (leads.created_at >= now - LOOK_BACK_DAYS * DAY)
    )
    expected = expected_conversions(recent, delay, horizon_days=horizon_days, now=now)
    if not len(recent) or expected.sum() < MINIMUM_EXPECTED:
        return None
    converted = _converted_in_time(recent, horizon_days=horizon_days, now=now)
    days, position = np.unique(recent.created_at.astype("datetime64[D]"), return_inverse=True)
    # Cumulated from the newest day backwards: all leads created since each day.
    since = [np.bincount(position, weights)[::-1].cumsum()[::-1] for weights in (converted, expected)]
    statistic = np.where(since[1] >= MINIMUM_EXPECTED, log_likelihood_ratio(*since), -np.inf)
    first = int(np.argmax(statistic))
    return CohortScan(
        statistic=float(statistic[first]),
        limit=limit,
        change_day=days[first],
        observed=int(since[0][first]),
        expected=float(since[1][first]),
        leads=int((position >= first).sum()),
    )


def expected_conversions(
    leads: PredictedLeads, delay: ConversionDelay, *, horizon_days: int, now: np.datetime64
) -> Floats:
    """Conversions (n,) that each lead's probability expects between its score and `now`."""
    at_score = (leads.scored_at - leads.created_at) / DAY
    at_now = np.minimum((now - leads.created_at) / DAY, at_score + horizon_days)
    before = delay.converted_by(at_score)
    within = np.maximum(delay.converted_by(at_score + horizon_days) - before, 1e-9)
    return leads.probability * np.clip((delay.converted_by(at_now) - before) / within, 0.0, 1.0)


def log_likelihood_ratio(observed: Floats, expected: Floats) -> Floats:
    """G of each pair, 0 within the dead zone.

    >>> log_likelihood_ratio(np.array([10.0, 5.0]), np.array([10.5, 20.0])).round(2).tolist()
    [0.0, 6.73]
    """
    ratio = observed / np.maximum(expected, 1e-9)
    mean = expected * np.clip(ratio, 1 / DEAD_ZONE, DEAD_ZONE)
    logarithm = np.log(np.maximum(observed, 1e-9) / np.maximum(mean, 1e-9))
    return np.maximum(np.where(observed > 0, observed * logarithm, 0.0) - (observed - mean), 0.0)


def alarm_limit(
    leads: PredictedLeads, delay: ConversionDelay, *, horizon_days: int, false_alarms: float, seed: int
) -> float:
    """The statistic that a market at the edge of the dead zone passes with probability `false_alarms` in 90 nights.

    By simulation: conversions of each creation day and age are Poisson with the predictions' mean, too high or too low
    by the dead zone, whichever needs the larger limit.
    """
    scored = leads.take(np.isfinite(leads.probability))
    days = np.unique(scored.created_at.astype("datetime64[D]"))
    daily = float(scored.probability.sum()) / max(int((days[-1] - days[0]) / DAY) + 1 if len(days) else 1, 1)
    shares = np.diff(delay.converted_by(np.arange(horizon_days + 2.0) - 1))
    rng = np.random.default_rng(seed)
    edges = (_largest_statistics(rng, daily * shares, edge) for edge in (DEAD_ZONE, 1 / DEAD_ZONE))
    return max(float(np.quantile(largest, 1 - false_alarms)) for largest in edges)


def _largest_statistics(rng: np.random.Generator, mean_by_age: Floats, ratio: float) -> Floats:
    """The largest statistic of each run over all nights, (RUNS,)."""
    ages = len(mean_by_age)
    conversions = rng.poisson(mean_by_age * ratio, (RUNS, LOOK_BACK_DAYS + WATCH_DAYS, ages)).astype(np.float32)
    so_far, expected_so_far = conversions.cumsum(axis=2), mean_by_age.cumsum()
    largest = np.zeros(RUNS)
    for night in range(LOOK_BACK_DAYS, LOOK_BACK_DAYS + WATCH_DAYS):
        day = np.arange(night, night - LOOK_BACK_DAYS, -1)
        age = np.minimum(night - day, ages - 1)
        observed = so_far[:, day, age].cumsum(axis=1)
        expected = expected_so_far[age].cumsum()
        large_enough = expected >= MINIMUM_EXPECTED
        if large_enough.any():
            statistic = log_likelihood_ratio(observed[:, large_enough], expected[large_enough])
            largest = np.maximum(largest, statistic.max(axis=1))
    return largest


def _converted_in_time(leads: PredictedLeads, *, horizon_days: int, now: np.datetime64) -> Floats:
    """1.0 where a lead converted by `now`, after its score and within its horizon."""
    until = np.minimum(leads.scored_at + horizon_days * DAY, now)
    # A comparison with NaT is False: not converted.
    return ((leads.converted_at > leads.scored_at) & (leads.converted_at <= until)).astype(np.float64)
