"""Experiment report: both arms and their differences, by intention to treat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.experiment.effect import (
    MINIMUM_WON,
    IntervalEstimate,
    RateEffect,
    mean_difference,
    minimum_detectable_effect,
    rate_effect,
    ratio,
)
from leadwerk.stats.arrays import Bools, Floats


@dataclass(frozen=True)
class Participants:
    """n leads whose outcome has matured: arm, wins, calls and revenue within the horizon, and their frozen score.

    `is_scored`: not in the control group. `frozen_score`: log-odds of a model from before the experiment; None without.
    """

    is_scored: Bools
    won: Bools
    calls: Floats
    revenue: Floats
    frozen_score: Floats | None = None

    def __len__(self) -> int:
        return len(self.won)

    def arm(self, *, is_scored: bool) -> Bools:
        """Which leads are in this arm."""
        return self.is_scored if is_scored else ~self.is_scored


@dataclass(frozen=True)
class ArmFigures:
    """An arm: counts, and calls and costs for one win with 95 % intervals; costs are None where none are stated."""

    leads: int
    won: int
    calls: float
    calls_per_win: IntervalEstimate
    cost_per_win: IntervalEstimate | None
    revenue: float


@dataclass(frozen=True)
class EffectReport:
    """What scores bring. `wins`: difference of rates; `revenue_per_lead`, `calls_per_lead`: scored less control.

    `detectable`: the smallest difference of rates that as many leads could have shown.
    """

    scored: ArmFigures
    control: ArmFigures
    wins: RateEffect
    calls_per_lead: IntervalEstimate
    revenue_per_lead: IntervalEstimate
    detectable: float


def effect_report(participants: Participants, cost_per_call: float | None) -> EffectReport | None:
    """Estimates from the leads as they were assigned, whoever was called; None with fewer than MINIMUM_WON wins."""
    scored, control = participants.is_scored, ~participants.is_scored
    if participants.won.sum() < MINIMUM_WON or not (scored.any() and control.any()):
        return None
    wins = rate_effect(participants.won, scored, participants.frozen_score)
    return EffectReport(
        scored=_figures(participants, scored, cost_per_call),
        control=_figures(participants, control, cost_per_call),
        wins=wins,
        calls_per_lead=mean_difference(participants.calls, scored),
        revenue_per_lead=mean_difference(participants.revenue, scored),
        detectable=minimum_detectable_effect(
            len(participants), float(scored.mean()), max(wins.control.value, 0.0), explained=wins.explained
        ),
    )


def _figures(participants: Participants, arm: Bools, cost_per_call: float | None) -> ArmFigures:
    calls, won = participants.calls[arm], participants.won[arm]
    calls_per_win = ratio(calls, won)
    cost = None
    if cost_per_call is not None:
        # Every call costs the same, so the interval of calls scales; the cost itself has no error of its own.
        bounds = (calls_per_win.value, calls_per_win.low, calls_per_win.high)
        cost = IntervalEstimate(*(cost_per_call * bound for bound in bounds))
    return ArmFigures(
        leads=int(arm.sum()),
        won=int(won.sum()),
        calls=float(calls.sum()),
        calls_per_win=calls_per_win,
        cost_per_win=cost,
        revenue=float(np.sum(participants.revenue[arm])),
    )
