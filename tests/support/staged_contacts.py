"""Contacts who move through stages with daily chances that are known: the truth to hold learned chances against."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from leadwerk.learning.stage_stays import BehaviourHistory, StageStays
from leadwerk.learning.stage_transitions import StageHistory

STAGES = ("known", "mql", "sql", "customer")
HORIZON, HISTORY_DAYS = 30, 150
START = np.datetime64("2026-01-01", "us")
DAY = np.timedelta64(1, "D")
ADVANCE, LEAVE = (-4.2, -3.6, -4.0), (-4.5, -4.2, -4.4)


def true_hazards(stage: int, days: int, score: float) -> tuple[float, float]:
    """Daily chances to advance and to leave: fresh contacts and those with a high score advance."""
    advance = ADVANCE[stage] + 0.9 * score + 0.8 * exp(-days / 6)
    return 1 / (1 + exp(-advance)), 1 / (1 + exp(0.3 * score - LEAVE[stage]))


def true_chance(stage: int, days: int, score: float) -> float:
    """Chance to advance within HORIZON, while the score stays as it is."""
    at_risk, chance = 1.0, 0.0
    for ahead in range(HORIZON):
        advance, leave = true_hazards(stage, days + ahead, score)
        chance += at_risk * advance
        at_risk *= 1 - advance - leave
    return chance


@dataclass
class Market:
    """A history of contacts; `volatility` is by how much a score moves in a day."""

    contacts: int
    volatility: float = 0.1
    seed: int = 1

    def history(self) -> StageHistory:
        """Stays and scores until the end of the history, where those still in a stage are censored."""
        random = np.random.default_rng(self.seed)
        stays: list[tuple[int, int, float, float, bool]] = []
        scores: list[tuple[int, float, float]] = []
        for contact in range(self.contacts):
            self._live(contact, random, stays, scores)
        lead, stage, entered, left, advanced = zip(*stays, strict=True)
        scored, at, value = zip(*scores, strict=True)
        behaviour = np.column_stack([value, np.full((len(value), 2), np.nan)])
        return StageHistory(
            STAGES,
            np.full(len(STAGES), HORIZON),
            StageStays(np.array(lead), np.array(stage), moments(entered), moments(left), np.array(advanced)),
            BehaviourHistory.of(np.array(scored), moments(at), behaviour),
            START + HISTORY_DAYS * DAY,
        )

    def _live(self, contact: int, random: np.random.Generator, stays: list, scores: list) -> None:
        day, score, stage = random.uniform(0, HISTORY_DAYS), random.normal(), 0
        entered = day
        while day < HISTORY_DAYS and stage < len(STAGES) - 1:
            scores.append((contact, day, score))
            advance, leave = true_hazards(stage, int(day - entered), score)
            draw, moment = random.random(), day + random.random()
            ends = draw < advance + leave
            if ends and moment <= HISTORY_DAYS:
                advances = draw < advance
                stays.append((contact, stage, entered, moment, advances))
                if not advances:
                    return
                # The next day at risk begins with the new stage.
                stage, entered, day = stage + 1, moment, moment
                continue
            day, score = day + 1, score + self.volatility * random.normal()
        stays.append((contact, stage, entered, np.nan, False))


def moments(days: tuple[float, ...]) -> np.ndarray:
    """Days since the start as moments; NaN as NaT."""
    micros = np.array(days, dtype=np.float64) * 86_400e6
    since = np.where(np.isnan(micros), np.iinfo(np.int64).min, np.nan_to_num(micros)).astype("timedelta64[us]")
    return START + since
