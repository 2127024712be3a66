"""Drift on the simulated market: false alarms where nothing changes, days to the alarm and to recovery after a shock.

The product's own monitors and candidates on leads at creation, with what the simulation makes observable. 90 leads a
day; a model of the outcomes that have matured by day 100 predicts the leads from then on; each night is checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.figure import Figure

LEADS_A_DAY, START_DAY, LAST_DAY, HORIZON = 90, 100, 190, 30
QUIET_SEEDS, SHOCK_SEEDS = range(20), range(5)
NEVER = LAST_DAY - START_DAY
FALSE_ALARMS = 0.05
AMOUNTS = ("loan", "value", "income", "instalment")
COUNTS = ("simulator", "guide", "calculator", "rates_seconds", "careers")
CODES = ("region", "language", "email", "channel", "source", "device")


@dataclass(frozen=True)
class SimulatedLeads:
    """Leads in order of creation: what is known then, when they converted and closed (or NaT), and their true chance.

    `alone`: the chance without a call.
    """

    columns: dict[str, Any]
    created_at: Any
    converted_at: Any
    closed_at: Any
    chance: Any
    alone: Any

    @property
    def day(self) -> Any:
        """Day of creation, counted from the first."""
        return ((self.created_at - self.created_at[0]) / np.timedelta64(1, "D")).astype(int)


def run() -> Iterable[Figure]:
    """Quiet markets first, then the shock on day 100."""
    alarms = [nights(simulated_leads(seed, shock_day=None)) for seed in QUIET_SEEDS]
    for monitor in ("outcomes", "features", "missing"):
        count = sum(night[monitor] < NEVER for night in alarms)
        yield Figure.of(
            f"drift: false alarms of {monitor}, {len(alarms)} quiet markets", [count], unit="", target="≤ 1"
        )
    shocks = [simulated_leads(seed, shock_day=START_DAY) for seed in SHOCK_SEEDS]
    to_alarm = [nights(leads)["outcomes"] for leads in shocks]
    yield Figure.of("drift: days from the shock to the alarm", to_alarm, unit="days", target="≤ 25")
    recoveries = [recovery(leads, alarm) for leads, alarm in zip(shocks, to_alarm, strict=True)]
    yield Figure.of("drift: days to recovery of AUC", [days for days, _ in recoveries], unit="days")
    yield Figure.of("drift: days to recovery of calibration", [days for _, days in recoveries], unit="days")


def simulated_leads(seed: int, *, shock_day: int | None, count: int = LAST_DAY * LEADS_A_DAY) -> SimulatedLeads:
    """`count` leads of a market over 190 days; from `shock_day` on banks refuse what they took before."""
    from leadwerk.simulation import generate, outcomes, truth
    from leadwerk.simulation.calendar import Calendar

    rng, calendar = np.random.default_rng(seed), Calendar.of(generate.START, LAST_DAY)
    past = generate.past_of(rng, calendar, count)
    people, seen = past.people, past.seen
    fate = generate.fate_of(rng, calendar, past, people.day >= (LAST_DAY if shock_day is None else shock_day))
    closed = np.where(fate.ended.closed < outcomes.FOREVER, fate.ended.closed, np.iinfo(np.int64).min)
    never = np.iinfo(np.int64).min
    columns = {
        **dict(zip(AMOUNTS, seen.amounts.T, strict=True)),
        **{name: np.where(seen.is_linked, getattr(seen, name), np.nan) for name in COUNTS},
        "loan_to_value": seen.loan_to_value,
        "instalment_to_income": seen.instalment_to_income,
        **{name: getattr(people, name).astype(str).astype(object) for name in CODES},
    }
    return SimulatedLeads(
        columns,
        people.created.astype("datetime64[us]"),
        np.where(fate.ended.paid, closed, never).view("datetime64[us]"),
        closed.view("datetime64[us]"),
        truth.mixed(fate.alone, fate.called.share),
        fate.alone,
    )


def features() -> list[Any]:
    """The contract of these leads."""
    from leadwerk.features.contract import Feature

    numbers = [*AMOUNTS, *COUNTS, "loan_to_value", "instalment_to_income"]
    return [Feature(name, "number", name) for name in numbers] + [Feature(name, "category", name) for name in CODES]


def landmarks(leads: SimulatedLeads, rows: Any) -> Any:
    """Leads at creation, with what became of them within the horizon."""
    from leadwerk.learning.landmarks import Landmarks

    in_time = leads.converted_at <= leads.created_at + np.timedelta64(HORIZON, "D")
    columns = {name: values[rows] for name, values in leads.columns.items()}
    return Landmarks(columns, rows, leads.created_at[rows], in_time[rows])


def model_as_of(leads: SimulatedLeads, day: int, change_day: int | None = None) -> Any:
    """The model of all outcomes that have matured by a day; after a change also of leads that are still open."""
    from leadwerk.learning.candidates import fit_candidate
    from leadwerk.learning.logistic import fit_logistic
    from leadwerk.learning.sample_weights import weigh_by_change
    from leadwerk.learning.soft_labels import RecentOutcomes, with_soft_labels
    from leadwerk.policy.model import Training

    now = leads.created_at[0] + np.timedelta64(day, "D")
    matured = landmarks(leads, np.flatnonzero(leads.created_at + np.timedelta64(HORIZON, "D") <= now))
    if change_day is None:
        return fit_candidate(matured, features(), Training()).model
    change = leads.created_at[0] + np.timedelta64(change_day, "D")
    matured, recent = weigh_by_change(matured, change), open_landmarks(leads, now)
    recent = RecentOutcomes(replace(recent, rows=weigh_by_change(recent.rows, change)), delays(leads, matured))
    taught = with_soft_labels(matured, recent, lambda rows: fit_logistic(rows, features(), seed=1).probability)
    return fit_candidate(taught, features(), Training()).model


def open_landmarks(leads: SimulatedLeads, now: Any) -> Any:
    """Leads whose horizon is not over, with what is known of them."""
    from leadwerk.learning.soft_labels import OpenLandmarks

    is_recent = (leads.created_at + np.timedelta64(HORIZON, "D") > now) & (leads.created_at <= now)
    recent = np.flatnonzero(is_recent)
    won = leads.converted_at[recent] <= now
    rows = replace(landmarks(leads, recent), converted=won)
    age = (now - leads.created_at[recent]) / np.timedelta64(1, "D")
    return OpenLandmarks(rows, (leads.closed_at[recent] <= now) & ~won, age)


def delays(leads: SimulatedLeads, matured: Any) -> Any:
    """Days to the end of matured leads."""
    from leadwerk.learning.soft_labels import DecisionDelays

    days = (leads.closed_at - leads.created_at)[matured.lead] / np.timedelta64(1, "D")
    return DecisionDelays(
        np.sort(days[matured.converted]), np.sort(np.nan_to_num(days[~matured.converted], nan=np.inf))
    )


def nights(leads: SimulatedLeads) -> dict[str, int]:
    """Nights after day 100 until each monitor's first alarm; NEVER without one."""
    from leadwerk.features.drift import SampleSizes, feature_drifts
    from leadwerk.learning import cohort_scan as scan
    from leadwerk.learning.model_profile import profile
    from leadwerk.pipeline.drift.lead_drift import features_check, missing_check
    from leadwerk.policy.model import Drift

    start = leads.created_at[0] + np.timedelta64(START_DAY, "D")
    learned = landmarks(leads, np.flatnonzero(leads.day + HORIZON < START_DAY))
    past, model = profile(learned, features()), model_as_of(leads, START_DAY)
    is_unseen = leads.day >= START_DAY - HORIZON
    probability = np.where(is_unseen, model.probability(leads.columns), np.nan)
    predicted = scan.PredictedLeads(leads.created_at, leads.created_at, probability, leads.converted_at)
    before = predicted.take(leads.created_at <= start)
    delay = scan.conversion_delay(before, horizon_days=HORIZON, now=start)
    assert delay is not None, "hundreds of leads have converted"
    limit = scan.alarm_limit(before, delay, horizon_days=HORIZON, false_alarms=FALSE_ALARMS, seed=1)
    first = {"outcomes": NEVER, "features": NEVER, "missing": NEVER}
    for night in range(1, NEVER):
        now = start + np.timedelta64(night, "D")
        by_now = predicted.take(leads.created_at <= now)
        cohorts = scan.scan_cohorts(by_now, delay, horizon_days=HORIZON, now=now, limit=limit)
        week = np.flatnonzero((leads.created_at <= now) & (leads.created_at > now - np.timedelta64(7, "D")))
        drifts = feature_drifts(past, rows_of(leads, week), SampleSizes(len(learned), len(week)))
        states = {
            "outcomes": cohorts is not None and cohorts.alarms,
            "features": features_check(drifts, len(week), Drift()).alarm,
            "missing": missing_check(drifts, len(week), Drift()).alarm,
        }
        first = {name: min(first[name], night) if states[name] else first[name] for name in first}
    return first


def rows_of(leads: SimulatedLeads, rows: Any) -> list[dict[str, Any]]:
    """The leads as a statement returns them: one mapping each, None where a number is unknown."""
    columns = {
        name: [None if value != value else value for value in values[rows].tolist()]
        for name, values in leads.columns.items()
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def recovery(leads: SimulatedLeads, alarm: int) -> tuple[int, int]:
    """Days from the shock until the leads of the next ten days are ranked, and predicted, nearly as well as possible.

    Ranked: AUC within .05 of that of the true chances. Predicted: mean probability within a quarter of the true mean.
    """
    from leadwerk.stats import metrics

    days = [NEVER, NEVER]
    for since in range(alarm, NEVER - 10, 3):
        today = START_DAY + since
        model = model_as_of(leads, today, change_day=START_DAY)
        rows = np.flatnonzero((leads.day >= today) & (leads.day < today + 10))
        predicted = model.probability({name: values[rows] for name, values in leads.columns.items()})
        chance = leads.chance[rows]
        is_ranked = metrics.auc(chance, predicted) > metrics.auc(chance, chance) - 0.05
        is_honest = 0.75 < mean(predicted) / mean(chance) < 1.25
        days = [min(day, since) if is_well else day for day, is_well in zip(days, (is_ranked, is_honest), strict=True)]
        if max(days) < NEVER:
            break
    return days[0], days[1]
