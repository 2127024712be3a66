"""Experiment on the simulated market, whose true effect is known: coverage of the intervals, and weighted training.

Each seed draws a market of its own. Sellers call the leads of the highest scores, or in the control group as many by
lot; being called within a day raises the odds as the simulation says. Scores are the simulation's own log-odds with
noise, frozen before the assignment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.drift import features, simulated_leads
from benchmarks.figure import Figure

SEEDS, LEADS, CALLED = range(1_100), 4_000, 0.3
CONTROL_SHARES = (0.1, 0.5)
NOISE = 1.0
"""Standard deviation of the frozen score's error in log-odds."""

WEIGHTED_SEEDS, EXPLORED = range(2), 0.1
CALL_EFFECTS = (1.6, 3.0, 10.0)


def run() -> Iterable[Figure]:
    """Coverage in each design, then training where sellers call only high scores."""
    for share in CONTROL_SHARES:
        truth_effect = true_effect()
        covered = [covers(seed, share, truth_effect) for seed in SEEDS]
        name = f"experiment: 95 % intervals that cover the effect, control group {share:.0%}, {len(covered)} markets"
        yield Figure.of(name, [100 * float(np.mean(covered))], unit="%", target="93 to 97")
    for effect in CALL_EFFECTS:
        gains = [weighted_gain(seed, effect) for seed in WEIGHTED_SEEDS]
        name = f"experiment: KL × 1000 that weights save, a call multiplies the odds by {effect:g}"
        yield Figure.of(name, gains, unit="")


def chances(seed: int, leads: int) -> tuple[Any, Any]:
    """Log-odds without a call, (n,), and a noisy score of them."""
    from leadwerk.simulation import generate, truth
    from leadwerk.simulation.calendar import Calendar
    from leadwerk.stats.log_odds import logit

    rng, calendar = np.random.default_rng(seed), Calendar.of(generate.START, 60)
    past = generate.past_of(rng, calendar, leads)
    alone = truth.logistic(truth.log_odds(past.people, past.seen, np.zeros(leads, dtype=bool)))
    return alone, logit(alone) + rng.normal(0, NOISE, leads)


def won_chance(alone: Any, called: Any, call_effect: float | None = None) -> Any:
    """Chance of each lead, called or not; `call_effect`: by what a call multiplies the odds, else the simulation's."""
    from leadwerk.simulation import truth

    return np.where(called, truth.odds_times(alone, call_effect or truth.CALL_EFFECT), alone)


def true_effect() -> float:
    """Rise of the conversion rate by calling high scores instead of as many by lot, over 200,000 leads."""
    alone, score = chances(10_000, 200_000)
    by_score = won_chance(alone, score >= np.quantile(score, 1 - CALLED)).mean()
    by_lot = CALLED * won_chance(alone, np.ones(len(alone), bool)).mean() + (1 - CALLED) * alone.mean()
    return float(by_score - by_lot)


def covers(seed: int, control_share: float, effect: float) -> bool:
    """Whether the interval of one market holds the true effect."""
    from leadwerk.experiment.effect import rate_effect

    alone, score = chances(seed, LEADS)
    rng = np.random.default_rng(seed + 1_000_000)
    is_scored = rng.random(LEADS) >= control_share
    called = np.where(is_scored, score >= np.quantile(score, 1 - CALLED), rng.random(LEADS) < CALLED)
    won = rng.random(LEADS) < won_chance(alone, called)
    interval = rate_effect(won, is_scored, score).difference
    return interval.low <= effect <= interval.high


def weighted_gain(seed: int, call_effect: float) -> float:
    """Kullback–Leibler divergence (× 1000) from the true chances that weights save.

    Sellers work high scores, and a tenth of the others by exploration. What is wanted is the chance of a lead that is
    worked: all outcomes mix it with that of leads that nobody called.
    """
    from leadwerk.learning.candidates import fit_candidate
    from leadwerk.learning.landmarks import Landmarks
    from leadwerk.policy.model import Training
    from leadwerk.stats.log_odds import logit

    leads, rng = simulated_leads(seed, shock_day=None), np.random.default_rng(seed)
    chance = won_chance(leads.alone, np.ones(len(leads.alone), bool), call_effect)
    score = logit(leads.alone) + rng.normal(0, NOISE, len(chance))
    is_hot = score >= np.quantile(score, 1 - CALLED)
    work_probability = np.where(is_hot, 1.0, EXPLORED)
    is_worked = rng.random(len(chance)) < work_probability
    won = rng.random(len(chance)) < won_chance(leads.alone, is_worked, call_effect)
    past, unseen = np.arange(len(chance) // 2), np.arange(len(chance) // 2, len(chance))
    worked = past[is_worked[past]]
    divergences = []
    for learned, weight in ((past, None), (worked, 1 / work_probability[worked])):
        columns = {name: values[learned] for name, values in leads.columns.items()}
        landmarks = Landmarks(columns, learned, leads.created_at[learned], won[learned], weight)
        model = fit_candidate(landmarks, features(), Training()).model
        predicted = model.probability({name: values[unseen] for name, values in leads.columns.items()})
        divergences.append(1000 * divergence(chance[unseen], predicted))
    return divergences[0] - divergences[1]


def divergence(chance: Any, predicted: Any) -> float:
    """Mean Kullback–Leibler divergence of predicted from true chances."""
    p = np.clip(predicted, 1e-6, 1 - 1e-6)
    return float(np.mean(chance * np.log(chance / p) + (1 - chance) * np.log((1 - chance) / (1 - p))))
