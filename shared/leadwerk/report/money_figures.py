"""Money: cost of a win with and without scores, expected value, length of the sales cycle, return by channel. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leadwerk.experiment.effect import IntervalEstimate, ratio
from leadwerk.stats.arrays import Bools, Floats

LARGEST_GROUPS = 12
MINIMUM_CYCLES = 5
FEW = 5
"""Fewer wins are shown, and said to be few."""


@dataclass(frozen=True)
class LeadMoney:
    """n leads whose horizon is over. `cycle_days`: creation to win, NaN without; `was_hot` of the first score.

    `is_scored`: a model had scored the lead. `probability`: NaN where not. `customer`: company or person.
    """

    won: Bools
    amount: Floats
    calls: Floats
    cycle_days: Floats
    is_scored: Bools
    was_hot: Bools
    probability: Floats
    customer: npt.NDArray[np.object_]
    groups: Mapping[str, npt.NDArray[np.object_]]

    def __len__(self) -> int:
        return len(self.won)


@dataclass(frozen=True)
class CostOfWin:
    """Cost of a win when all leads are worked once, and when only HOT leads are; and what the latter would lose.

    `lost_wins`, `lost_amount`: shares of wins and revenue of leads that are not HOT.
    """

    leads: int
    everybody: IntervalEstimate
    hot_only: IntervalEstimate
    lost_wins: IntervalEstimate
    lost_amount: float


@dataclass(frozen=True)
class SalesCycle:
    """Quartiles of the days from creation to win."""

    wins: int
    first_quarter: float
    median: float
    third_quarter: float


@dataclass(frozen=True)
class GroupReturn:
    """A channel or source: cost and revenue of its leads. `return_on_cost`: (revenue − cost) / cost.

    None where no cost is stated, or nothing was spent.
    """

    kind: str
    value: str
    leads: int
    won: int
    revenue: float
    cost: float | None
    return_on_cost: float | None
    is_small: bool


@dataclass(frozen=True)
class MoneyFigures:
    """All figures; None where leads or wins are too few, or the policy states no cost.

    `lifetime_value`: mean revenue of a customer who bought, over all its leads in the period. `calls_per_win`: recorded
    calls of all these leads for each win.
    """

    leads: int
    won: int
    cost_of_win: CostOfWin | None
    sales_cycle: SalesCycle | None
    mean_contract: float | None
    lifetime_value: IntervalEstimate | None
    returns: tuple[GroupReturn, ...]
    calls_per_win: IntervalEstimate | None = None


def money_figures(leads: LeadMoney, cost_per_call: float | None) -> MoneyFigures:
    """All figures of these leads; `cost_per_call`: of working a lead once, None where it is not stated."""
    amounts = leads.amount[leads.won & (leads.amount > 0)]
    return MoneyFigures(
        leads=len(leads),
        won=int(leads.won.sum()),
        cost_of_win=None if cost_per_call is None else cost_of_win(leads, cost_per_call),
        sales_cycle=sales_cycle(leads.cycle_days),
        mean_contract=float(amounts.mean()) if len(amounts) else None,
        lifetime_value=lifetime_value(leads),
        returns=tuple(group_returns(leads, cost_per_call)),
        calls_per_win=ratio(leads.calls, leads.won) if leads.won.any() else None,
    )


def cost_of_win(leads: LeadMoney, cost_per_call: float) -> CostOfWin | None:
    """Compare working all leads with working HOT leads only, among leads that a model scored."""
    scored = leads.is_scored
    won, hot = leads.won[scored], leads.was_hot[scored]
    if won.sum() < FEW or not hot.any():
        return None
    work = np.full(len(won), cost_per_call)
    lost = ratio((won & ~hot).astype(np.float64), won)
    amount = leads.amount[scored] * won
    return CostOfWin(
        leads=len(won),
        everybody=ratio(work, won),
        hot_only=ratio(work * hot, won & hot),
        lost_wins=IntervalEstimate(lost.value, max(lost.low, 0.0), min(lost.high, 1.0)),
        lost_amount=float(amount[~hot].sum() / amount.sum()) if amount.sum() else 0.0,
    )


def sales_cycle(cycle_days: Floats) -> SalesCycle | None:
    """Quartiles of the winners' days.

    >>> sales_cycle(np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan])).median
    3.0
    """
    days = cycle_days[np.isfinite(cycle_days)]
    if len(days) < MINIMUM_CYCLES:
        return None
    first, median, third = (float(quartile) for quartile in np.quantile(days, (0.25, 0.5, 0.75)))
    return SalesCycle(len(days), first, median, third)


def lifetime_value(leads: LeadMoney) -> IntervalEstimate | None:
    """Mean revenue of a customer who bought, all its contracts together, with a 95 % interval."""
    bought = leads.won & (leads.amount > 0)
    if not bought.any():
        return None
    _, position = np.unique(leads.customer[bought].astype(str), return_inverse=True)
    totals = np.bincount(position, leads.amount[bought])
    mean = float(totals.mean())
    reach = float(1.96 * totals.std(ddof=1) / np.sqrt(len(totals))) if len(totals) > 1 else float("inf")
    return IntervalEstimate(mean, mean - reach, mean + reach)


def group_returns(leads: LeadMoney, cost_per_call: float | None) -> Sequence[GroupReturn]:
    """Return of each channel and source, the largest groups first."""
    rows: list[GroupReturn] = []
    for kind, values in leads.groups.items():
        names, counts = np.unique(values.astype(str), return_counts=True)
        largest = names[np.argsort(-counts, kind="stable")][:LARGEST_GROUPS]
        rows += [_group_return(leads, kind, str(name), values == name, cost_per_call) for name in largest]
    return rows


def _group_return(leads: LeadMoney, kind: str, value: str, inside: Bools, cost_per_call: float | None) -> GroupReturn:
    won, revenue = int(leads.won[inside].sum()), float((leads.amount * leads.won)[inside].sum())
    cost = None if cost_per_call is None else cost_per_call * float(leads.calls[inside].sum())
    return GroupReturn(
        kind, value, int(inside.sum()), won, revenue, cost, (revenue - cost) / cost if cost else None, won < FEW
    )


def expected_value(probability: Floats, mean_contract: float) -> Floats:
    """What each lead is worth on average: its probability times the mean contract, a way to rank across products.

    >>> expected_value(np.array([0.5, 0.1]), 4000.0).tolist()
    [2000.0, 400.0]
    """
    return probability * mean_contract
